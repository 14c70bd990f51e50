using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>A two-dimensional array of vectors in memory.</summary>
/// <param name="Start">Its first vector.</param>
/// <param name="RowStride">Floats from one row to the next.</param>
/// <param name="ColumnStride">Floats from one column to the next.</param>
internal readonly unsafe record struct StridedTile(nint Start, nint RowStride, nint ColumnStride)
{
    public StridedTile(float* start, nint rowStride, nint columnStride) : this((nint)start, rowStride, columnStride)
    {
    }

    /// <summary>to = T·from·Tᵀ, for one of the transforms of <typeparamref name="W"/>.</summary>
    /// <param name="from">[T.InputLength, T.InputLength] vectors.</param>
    /// <param name="to">[T.OutputLength, T.OutputLength] vectors.</param>
    /// <param name="between">Working memory for [T.OutputLength, T.InputLength] vectors.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transform<V, W, T>(StridedTile from, StridedTile to, float* between)
        where V : struct, IVector<V>
        where W : struct, IWinograd
        where T : struct, IWinogradTransform<W>
    {
        for (var x = 0; x < T.InputLength; x++)
            T.Apply<V>(
                (float*)from.Start + x * from.ColumnStride, from.RowStride,
                between + x * V.Width, T.InputLength * V.Width);
        for (var y = 0; y < T.OutputLength; y++)
            T.Apply<V>(
                between + y * T.InputLength * V.Width, V.Width,
                (float*)to.Start + y * to.RowStride, to.ColumnStride);
    }
}

/// <summary>One of the five transforms of a Winograd filter, as a type argument of the loop over a tile.</summary>
internal unsafe interface IWinogradTransform<W> where W : struct, IWinograd
{
    static abstract int InputLength { get; }

    static abstract int OutputLength { get; }

    static abstract void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, IVector<V>;
}

/// <inheritdoc cref="IWinograd.TransformInput"/>
internal readonly unsafe struct InputTransform<W> : IWinogradTransform<W> where W : struct, IWinograd
{
    public static int InputLength => W.Points;

    public static int OutputLength => W.Points;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, IVector<V> =>
        W.TransformInput<V>(from, step, to, stride);
}

/// <inheritdoc cref="IWinograd.TransformOutput"/>
internal readonly unsafe struct OutputTransform<W> : IWinogradTransform<W> where W : struct, IWinograd
{
    public static int InputLength => W.Points;

    public static int OutputLength => W.OutputTileSize;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, IVector<V> =>
        W.TransformOutput<V>(from, step, to, stride);
}

/// <inheritdoc cref="IWinograd.TransformOutputGradient"/>
internal readonly unsafe struct OutputGradientTransform<W> : IWinogradTransform<W> where W : struct, IWinograd
{
    public static int InputLength => W.OutputTileSize;

    public static int OutputLength => W.Points;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, IVector<V> =>
        W.TransformOutputGradient<V>(from, step, to, stride);
}

/// <inheritdoc cref="IWinograd.TransformFilter"/>
internal readonly unsafe struct FilterTransform<W> : IWinogradTransform<W> where W : struct, IWinograd
{
    public static int InputLength => W.Taps;

    public static int OutputLength => W.Points;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, IVector<V> =>
        W.TransformFilter<V>(from, step, to, stride);
}

/// <inheritdoc cref="IWinograd.TransformFilterGradient"/>
internal readonly unsafe struct FilterGradientTransform<W> : IWinogradTransform<W> where W : struct, IWinograd
{
    public static int InputLength => W.Points;

    public static int OutputLength => W.Taps;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, IVector<V> =>
        W.TransformFilterGradient<V>(from, step, to, stride);
}
