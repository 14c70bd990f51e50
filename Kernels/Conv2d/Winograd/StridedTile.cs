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

    /// <summary>to = T·from·Tᵀ, for one of the transforms of <typeparamref name="TWinograd"/>.</summary>
    /// <param name="from">[T.InputLength, T.InputLength] vectors.</param>
    /// <param name="to">[T.OutputLength, T.OutputLength] vectors.</param>
    /// <param name="between">Working memory for [T.OutputLength, T.InputLength] vectors.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transform<V, TWinograd, T>(StridedTile from, StridedTile to, float* between)
        where V : struct, IVector<V>
        where TWinograd : struct, IWinograd
        where T : struct, IWinogradTransform<TWinograd>
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
internal unsafe interface IWinogradTransform<TWinograd> where TWinograd : struct, IWinograd
{
    static abstract int InputLength { get; }

    static abstract int OutputLength { get; }

    static abstract void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, IVector<V>;
}

/// <inheritdoc cref="IWinograd.TransformInput"/>
internal readonly unsafe struct InputTransform<TWinograd> : IWinogradTransform<TWinograd>
    where TWinograd : struct, IWinograd
{
    public static int InputLength => TWinograd.InputTileSize;

    public static int OutputLength => TWinograd.InputTileSize;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, IVector<V> =>
        TWinograd.TransformInput<V>(from, step, to, stride);
}

/// <inheritdoc cref="IWinograd.TransformOutput"/>
internal readonly unsafe struct OutputTransform<TWinograd> : IWinogradTransform<TWinograd>
    where TWinograd : struct, IWinograd
{
    public static int InputLength => TWinograd.InputTileSize;

    public static int OutputLength => TWinograd.OutputTileSize;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, IVector<V> =>
        TWinograd.TransformOutput<V>(from, step, to, stride);
}

/// <inheritdoc cref="IWinograd.TransformOutputGradient"/>
internal readonly unsafe struct OutputGradientTransform<TWinograd> : IWinogradTransform<TWinograd>
    where TWinograd : struct, IWinograd
{
    public static int InputLength => TWinograd.OutputTileSize;

    public static int OutputLength => TWinograd.InputTileSize;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, IVector<V> =>
        TWinograd.TransformOutputGradient<V>(from, step, to, stride);
}

/// <inheritdoc cref="IWinograd.TransformFilter"/>
internal readonly unsafe struct FilterTransform<TWinograd> : IWinogradTransform<TWinograd>
    where TWinograd : struct, IWinograd
{
    public static int InputLength => TWinograd.Taps;

    public static int OutputLength => TWinograd.InputTileSize;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, IVector<V> =>
        TWinograd.TransformFilter<V>(from, step, to, stride);
}

/// <inheritdoc cref="IWinograd.TransformFilterGradient"/>
internal readonly unsafe struct FilterGradientTransform<TWinograd> : IWinogradTransform<TWinograd>
    where TWinograd : struct, IWinograd
{
    public static int InputLength => TWinograd.InputTileSize;

    public static int OutputLength => TWinograd.Taps;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<V>(float* from, nint step, float* to, nint stride) where V : struct, IVector<V> =>
        TWinograd.TransformFilterGradient<V>(from, step, to, stride);
}
