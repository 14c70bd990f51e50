using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>
/// The micro-kernels of <see cref="FewChannelsConvolution"/>, with all sums in registers as in
/// <see cref="MicroKernels"/>.
/// </summary>
internal static unsafe class FewChannelsMicroKernel
{
    /// <summary>
    /// sums[r][p] = packedBias[r] + Σ over t of weights[t][r] · pixels[offsets[t] + p], for two vectors of p.
    /// </summary>
    /// <param name="weights">[taps, nr], of which the first ones are used.</param>
    /// <param name="rows">At most mr.</param>
    /// <param name="sums">The rows, and up to mr of arbitrary content, <paramref name="stride"/> floats apart.</param>
    public static void Convolve<V>(
        float* pixels, nint* offsets, nint taps, float* weights, float* packedBias, bool relu, int rows, float* sums,
        nint stride)
        where V : struct, IVector<V>
    {
        if (rows <= 4) Convolve<V, Rows4>(pixels, offsets, taps, weights, packedBias, relu, sums, stride);
        else if (rows <= 6) Convolve<V, Rows6>(pixels, offsets, taps, weights, packedBias, relu, sums, stride);
        else Convolve<V, Rows8>(pixels, offsets, taps, weights, packedBias, relu, sums, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Convolve<V, TRows>(
        float* pixels, nint* offsets, nint taps, float* weights, float* packedBias, bool relu, float* sums, nint stride)
        where V : struct, IVector<V>
        where TRows : struct, IConstant
    {
        V c00 = V.Create(packedBias[0]), c10 = V.Create(packedBias[1]);
        V c20 = V.Create(packedBias[2]), c30 = V.Create(packedBias[3]);
        V c40 = default, c50 = default, c60 = default, c70 = default;
        if (TRows.Value > 4) c40 = V.Create(packedBias[4]);
        if (TRows.Value > 5) c50 = V.Create(packedBias[5]);
        if (TRows.Value > 6) c60 = V.Create(packedBias[6]);
        if (TRows.Value > 7) c70 = V.Create(packedBias[7]);
        V c01 = c00, c11 = c10, c21 = c20, c31 = c30, c41 = c40, c51 = c50, c61 = c60, c71 = c70;

        for (nint t = 0; t < taps; t++, weights += 2 * V.Width)
        {
            var from = pixels + offsets[t];
            var left = V.Load(from);
            var right = V.Load(from + V.Width);
            MultiplyAddPair(V.Create(weights[0]), left, right, ref c00, ref c01);
            MultiplyAddPair(V.Create(weights[1]), left, right, ref c10, ref c11);
            MultiplyAddPair(V.Create(weights[2]), left, right, ref c20, ref c21);
            MultiplyAddPair(V.Create(weights[3]), left, right, ref c30, ref c31);
            if (TRows.Value > 4) MultiplyAddPair(V.Create(weights[4]), left, right, ref c40, ref c41);
            if (TRows.Value > 5) MultiplyAddPair(V.Create(weights[5]), left, right, ref c50, ref c51);
            if (TRows.Value > 6) MultiplyAddPair(V.Create(weights[6]), left, right, ref c60, ref c61);
            if (TRows.Value > 7) MultiplyAddPair(V.Create(weights[7]), left, right, ref c70, ref c71);
        }

        StoreEpilogue(sums, c00, c01, relu);
        StoreEpilogue(sums + stride, c10, c11, relu);
        StoreEpilogue(sums + 2 * stride, c20, c21, relu);
        StoreEpilogue(sums + 3 * stride, c30, c31, relu);
        if (TRows.Value > 4) StoreEpilogue(sums + 4 * stride, c40, c41, relu);
        if (TRows.Value > 5) StoreEpilogue(sums + 5 * stride, c50, c51, relu);
        if (TRows.Value > 6) StoreEpilogue(sums + 6 * stride, c60, c61, relu);
        if (TRows.Value > 7) StoreEpilogue(sums + 7 * stride, c70, c71, relu);
    }

    /// <summary>sums[r] += (Σ over p of dy[r][p] · left[p], the same with right), lane by lane.</summary>
    /// <param name="dy">The rows, <paramref name="stride"/> floats apart.</param>
    /// <param name="rows">At most mr.</param>
    /// <param name="count">Floats of a row; whole vectors.</param>
    /// <param name="sums">[mr, nr]</param>
    public static void Correlate<V>(
        float* dy, nint stride, int rows, float* left, float* right, nint count, float* sums)
        where V : struct, IVector<V>
    {
        if (rows <= 4) Correlate<V, Rows4>(dy, stride, left, right, count, sums);
        else if (rows <= 6) Correlate<V, Rows6>(dy, stride, left, right, count, sums);
        else Correlate<V, Rows8>(dy, stride, left, right, count, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Correlate<V, TRows>(float* dy, nint stride, float* left, float* right, nint count, float* sums)
        where V : struct, IVector<V>
        where TRows : struct, IConstant
    {
        V c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
        V c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
        V c60 = default, c61 = default, c70 = default, c71 = default;
        float* dy1 = dy + stride, dy2 = dy1 + stride, dy3 = dy2 + stride, dy4 = dy3 + stride;
        float* dy5 = dy4 + stride, dy6 = dy5 + stride, dy7 = dy6 + stride;

        for (nint p = 0; p < count; p += V.Width)
        {
            var (l, r) = (V.Load(left + p), V.Load(right + p));
            MultiplyAddPair(V.Load(dy + p), l, r, ref c00, ref c01);
            MultiplyAddPair(V.Load(dy1 + p), l, r, ref c10, ref c11);
            MultiplyAddPair(V.Load(dy2 + p), l, r, ref c20, ref c21);
            MultiplyAddPair(V.Load(dy3 + p), l, r, ref c30, ref c31);
            if (TRows.Value > 4) MultiplyAddPair(V.Load(dy4 + p), l, r, ref c40, ref c41);
            if (TRows.Value > 5) MultiplyAddPair(V.Load(dy5 + p), l, r, ref c50, ref c51);
            if (TRows.Value > 6) MultiplyAddPair(V.Load(dy6 + p), l, r, ref c60, ref c61);
            if (TRows.Value > 7) MultiplyAddPair(V.Load(dy7 + p), l, r, ref c70, ref c71);
        }

        AddToMemory(sums, c00, c01);
        AddToMemory(sums + 1 * 2 * V.Width, c10, c11);
        AddToMemory(sums + 2 * 2 * V.Width, c20, c21);
        AddToMemory(sums + 3 * 2 * V.Width, c30, c31);
        if (TRows.Value > 4) AddToMemory(sums + 4 * 2 * V.Width, c40, c41);
        if (TRows.Value > 5) AddToMemory(sums + 5 * 2 * V.Width, c50, c51);
        if (TRows.Value > 6) AddToMemory(sums + 6 * 2 * V.Width, c60, c61);
        if (TRows.Value > 7) AddToMemory(sums + 7 * 2 * V.Width, c70, c71);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAddPair<V>(V factor, V left, V right, ref V sumLeft, ref V sumRight)
        where V : struct, IVector<V>
    {
        sumLeft = V.MultiplyAddEstimate(factor, left, sumLeft);
        sumRight = V.MultiplyAddEstimate(factor, right, sumRight);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreEpilogue<V>(float* sums, V left, V right, bool relu) where V : struct, IVector<V>
    {
        if (relu) (left, right) = (V.Relu(left), V.Relu(right));
        left.Store(sums);
        right.Store(sums + V.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddToMemory<V>(float* sums, V left, V right) where V : struct, IVector<V>
    {
        (left + V.Load(sums)).Store(sums);
        (right + V.Load(sums + V.Width)).Store(sums + V.Width);
    }

    private readonly struct Rows4 : IConstant { public static int Value => 4; }

    private readonly struct Rows6 : IConstant { public static int Value => 6; }

    private readonly struct Rows8 : IConstant { public static int Value => 8; }
}
