using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <summary>A two-dimensional array of vectors in memory.</summary>
/// <param name="Start">Its first vector.</param>
/// <param name="Row">Floats from one row to the next.</param>
/// <param name="Column">Floats from one column to the next.</param>
internal readonly unsafe record struct Plane(nint Start, nint Row, nint Column)
{
    public Plane(float* start, nint row, nint column) : this((nint)start, row, column)
    {
    }

    /// <summary>to = T·from·Tᵀ, for one of the transforms of <typeparamref name="W"/>.</summary>
    /// <param name="from">[T.From, T.From] vectors.</param>
    /// <param name="to">[T.To, T.To] vectors.</param>
    /// <param name="between">Working memory for [T.To, T.From] vectors.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transform<V, W, T>(Plane from, Plane to, float* between)
        where V : struct, ILanes<V>
        where W : struct, IWinograd
        where T : struct, ITransform<W>
    {
        for (var x = 0; x < T.From; x++)
            T.Apply<V>((float*)from.Start + x * from.Column, from.Row, between + x * V.Width, T.From * V.Width);
        for (var y = 0; y < T.To; y++)
            T.Apply<V>(between + y * T.From * V.Width, V.Width, (float*)to.Start + y * to.Row, to.Column);
    }
}

/// <summary>One of the five transforms of a Winograd filter, so that all share one walk over a plane.</summary>
internal unsafe interface ITransform<W> where W : struct, IWinograd
{
    static abstract int From { get; }

    static abstract int To { get; }

    static abstract void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, ILanes<V>;
}

/// <inheritdoc cref="IWinograd.Input"/>
internal readonly unsafe struct Input<W> : ITransform<W> where W : struct, IWinograd
{
    public static int From => W.Points;

    public static int To => W.Points;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, ILanes<V> =>
        W.Input<V>(from, step, to, stride);
}

/// <inheritdoc cref="IWinograd.Output"/>
internal readonly unsafe struct Output<W> : ITransform<W> where W : struct, IWinograd
{
    public static int From => W.Points;

    public static int To => W.Outputs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, ILanes<V> =>
        W.Output<V>(from, step, to, stride);
}

/// <inheritdoc cref="IWinograd.OutputGradient"/>
internal readonly unsafe struct OutputGradient<W> : ITransform<W> where W : struct, IWinograd
{
    public static int From => W.Outputs;

    public static int To => W.Points;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, ILanes<V> =>
        W.OutputGradient<V>(from, step, to, stride);
}

/// <inheritdoc cref="IWinograd.Filter"/>
internal readonly unsafe struct Filter<W> : ITransform<W> where W : struct, IWinograd
{
    public static int From => W.Taps;

    public static int To => W.Points;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, ILanes<V> =>
        W.Filter<V>(from, step, to, stride);
}

/// <inheritdoc cref="IWinograd.FilterGradient"/>
internal readonly unsafe struct FilterGradient<W> : ITransform<W> where W : struct, IWinograd
{
    public static int From => W.Points;

    public static int To => W.Taps;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, ILanes<V> =>
        W.FilterGradient<V>(from, step, to, stride);
}
