using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>The gradient of <see cref="ExtremumOp{T}"/>, element by element of a block [outer, n, inner].</summary>
internal static class ExtremumGradient
{
    private const int GrainSize = 1 << 15;

    /// <summary>mask = 1 where x = y, 0 elsewhere.</summary>
    /// <param name="y">[outer, inner]</param>
    public static void Mask(Tensor x, Tensor y, Tensor mask)
    {
        if (mask.IsOnCpu)
            ForEachRow(mask, (start, n, target, step) =>
            {
                ReadOnlySpan<float> from = x.Span.Slice(start, n), extremes = y.Span[target..];
                var to = mask.Span.Slice(start, n);
                for (var i = 0; i < to.Length; i++) to[i] = from[i] == extremes[i * step] ? 1 : 0;
            });
        else MaskOnGpu(x, y, mask);
    }

    /// <summary>
    /// dx = dy / count where the mask is not 0, 0 elsewhere; NaN where the count is 0, because y is NaN there.
    /// </summary>
    /// <param name="mask">Becomes dx.</param>
    public static void Share(Tensor dy, Tensor counts, Tensor mask)
    {
        if (mask.IsOnCpu)
            ForEachRow(mask, (start, n, target, step) =>
            {
                ReadOnlySpan<float> gradients = dy.Span[target..], count = counts.Span[target..];
                var to = mask.Span.Slice(start, n);
                for (var i = 0; i < to.Length; i++)
                    to[i] = to[i] != 0 ? gradients[i * step] / count[i * step] : count[i * step] == 0 ? float.NaN : 0;
            });
        else ShareOnGpu(dy, counts, mask);
    }

    /// <summary>
    /// Calls (start, length, first of the results, step along the results) for contiguous parts of the block.
    /// </summary>
    private static void ForEachRow(Tensor block, Action<int, int, int, int> row)
    {
        var (outer, n, inner) = (block.Shape[0], block.Shape[1], block.Shape[2]);
        if (inner != 1)
            block.Cpu.ForRanges(outer * n, Math.Max(1, GrainSize / Math.Max(1, inner)), (first, count) =>
            {
                for (var i = first; i < first + count; i++) row(i * inner, inner, i / n * inner, 1);
            });
        else
            block.Cpu.ForRanges(outer * n, GrainSize, (first, count) =>
            {
                for (var end = first + count; first < end;)
                {
                    var length = Math.Min(n - first % n, end - first);
                    row(first, length, first / n, 0);
                    first += length;
                }
            });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MaskOnGpu(Tensor x, Tensor y, Tensor mask) => mask.Gpu.LaunchItems(
        mask.Shape.Size, new ExtremumMaskKernel(x.View, y.View, mask.Shape[1], mask.Shape[2], mask.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ShareOnGpu(Tensor dy, Tensor counts, Tensor mask) => mask.Gpu.LaunchItems(
        mask.Shape.Size,
        new ExtremumShareKernel(dy.View, counts.View, mask.Shape[1], mask.Shape[2], mask.View));
}

/// <summary>mask = 1 where x = y, 0 elsewhere; in [outer, n, inner].</summary>
/// <remarks>1f, not 1: for PTX, ILGPU 1.5.3 turns the condition into a whole number and takes its bits.</remarks>
internal readonly struct ExtremumMaskKernel(
    ArrayView<float> x, ArrayView<float> y, int n, int inner, ArrayView<float> mask) : IItemKernel
{
    public void Run(int i) => mask[i] = x[i] == y[i / (n * inner) * inner + i % inner] ? 1f : 0f;
}

/// <summary>dx = dy / count where the mask, which it overwrites, is not 0; NaN where the count is 0.</summary>
internal readonly struct ExtremumShareKernel(
    ArrayView<float> dy, ArrayView<float> counts, int n, int inner, ArrayView<float> dx) : IItemKernel
{
    public void Run(int i)
    {
        var target = i / (n * inner) * inner + i % inner;
        var other = counts[target] == 0 ? float.NaN : 0;
        dx[i] = dx[i] != 0 ? dy[target] / counts[target] : other;
    }
}
