using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>
/// Σ(x − center) or Σ(x − center)² of blocks [outer, n, inner] → [outer, inner], and the gradient of the latter.
/// </summary>
/// <remarks>As in <see cref="Reduction"/>, blocks are added in single precision, and their sums in double.</remarks>
internal static class Deviations
{
    private const int GrainSize = 1 << 15;          // about as many floats as one call reads
    private const int BlockLength = 1 << 8;
    private const int BlockRows = 1 << 6;

    /// <param name="center">[outer, inner]</param>
    public static void Sum<TTerm>(Tensor x, Tensor center, Tensor y) where TTerm : struct, IDeviationTerm
    {
        var (outer, n, inner) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        if (!x.IsOnCpu)
        {
            SumOnGpu<TTerm>(x, center, y);
            return;
        }

        var blockRows = inner == 1 ? GrainSize : BlockRows;
        var blocks = Math.Max(1, (n + blockRows - 1) / blockRows);
        using var partial = new TemporaryTensor([outer, blocks, inner], x.Device);
        if (inner == 1) SumContiguous<TTerm>(x, center, partial);
        else SumRows<TTerm>(x, center, partial);
        Reduction.Run(partial, [false, true, false], y);
    }

    /// <summary>dx = (x − mean − residual)·factor</summary>
    /// <param name="residual">What rounding has taken from the mean; [outer, inner], as the others.</param>
    public static void Gradient(Tensor x, Tensor mean, Tensor residual, Tensor factor, Tensor dx)
    {
        var (outer, n, inner) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        if (!x.IsOnCpu) GradientOnGpu(x, mean, residual, factor, dx);
        else if (inner == 1)
            ForEachBlock(x, outer, n, GrainSize, (o, _, start, length) =>
            {
                var to = dx.Span.Slice(start, length);
                TensorPrimitives.Subtract(x.Span.Slice(start, length), mean.Span[o], to);
                TensorPrimitives.Subtract(to, residual.Span[o], to);
                TensorPrimitives.Multiply(to, factor.Span[o], to);
            });
        else
            ForEachBlock(x, outer, n, Math.Max(1, GrainSize / Math.Max(1, inner)), (o, _, row, rows) =>
            {
                ReadOnlySpan<float> means = mean.Span.Slice(o * inner, inner);
                ReadOnlySpan<float> residuals = residual.Span.Slice(o * inner, inner);
                ReadOnlySpan<float> factors = factor.Span.Slice(o * inner, inner);
                for (var i = row; i < row + rows; i++)
                {
                    var to = dx.Span.Slice(i * inner, inner);
                    TensorPrimitives.Subtract(x.Span.Slice(i * inner, inner), means, to);
                    TensorPrimitives.Subtract(to, residuals, to);
                    TensorPrimitives.Multiply(to, factors, to);
                }
            });
    }

    /// <summary>
    /// Calls (outer index, number of the block among those of one outer index, first of the outer·n rows, number of
    /// rows).
    /// </summary>
    private static void ForEachBlock(
        Tensor x, int outer, int n, int blockRows, Action<int, int, int, int> body)
    {
        var blocks = Math.Max(1, (n + blockRows - 1) / blockRows);
        var grain = Math.Max(1, GrainSize / Math.Max(1, Math.Min(n, blockRows) * x.Shape[2]));
        x.Cpu.ForRanges(outer * blocks, grain, (first, count) =>
        {
            for (var i = first; i < first + count; i++)
            {
                var (o, block) = Math.DivRem(i, blocks);
                var row = block * blockRows;
                body(o, i, o * n + row, Math.Min(blockRows, n - row));
            }
        });
    }

    private static void SumContiguous<TTerm>(Tensor x, Tensor center, Tensor partial)
        where TTerm : struct, IDeviationTerm =>
        ForEachBlock(x, x.Shape[0], x.Shape[1], GrainSize, (o, target, start, length) =>
        {
            Span<float> deviations = stackalloc float[BlockLength];
            var sum = 0.0;
            for (var end = start + length; start < end; start += BlockLength)
            {
                var part = deviations[..Math.Min(BlockLength, end - start)];
                TensorPrimitives.Subtract(x.Span.Slice(start, part.Length), center.Span[o], part);
                sum += TTerm.Sum(part);
            }

            partial.Span[target] = (float)sum;
        });

    private static void SumRows<TTerm>(Tensor x, Tensor center, Tensor partial)
        where TTerm : struct, IDeviationTerm
    {
        var inner = x.Shape[2];
        ForEachBlock(x, x.Shape[0], x.Shape[1], BlockRows, (o, target, row, rows) =>
        {
            Span<float> buffer = stackalloc float[BlockLength];
            for (var column = 0; column < inner; column += BlockLength)
            {
                var deviations = buffer[..Math.Min(BlockLength, inner - column)];
                var centers = center.Span.Slice(o * inner + column, deviations.Length);
                var sum = partial.Span.Slice(target * inner + column, deviations.Length);
                sum.Clear();
                for (var i = row; i < row + rows; i++)
                {
                    TensorPrimitives.Subtract(x.Span.Slice(i * inner + column, deviations.Length), centers, deviations);
                    TTerm.Add(deviations, sum);
                }
            }
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SumOnGpu<TTerm>(Tensor x, Tensor center, Tensor y) where TTerm : struct, IDeviationTerm
    {
        var (gpu, outer, n, inner) = (y.Gpu, x.Shape[0], x.Shape[1], x.Shape[2]);
        if (n <= Reduction.MaxSerialRows)
        {
            gpu.LaunchItems(outer * inner, new DeviationSumSerialKernel<TTerm>(x.View, center.View, n, inner, y.View));
            return;
        }

        var columns = new ColumnReduction(inner);
        var slices = columns.SliceCount(n);
        using var partial = new TemporaryTensor([outer, slices, inner], x.Device);
        gpu.LaunchGroups(
            new(outer * slices * columns.GroupCount, 1, 1),
            new DeviationSumKernel<TTerm>(x.View, center.View, n, columns, slices, partial.Tensor.View));
        Reduction.Run(partial, [false, true, false], y);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void GradientOnGpu(Tensor x, Tensor mean, Tensor residual, Tensor factor, Tensor dx) =>
        dx.Gpu.LaunchItems(dx.Shape.Size, new DeviationGradientKernel(
            x.View, mean.View, residual.View, factor.View, x.Shape[1], x.Shape[2], dx.View));
}

/// <summary>What is summed of each deviation d = x − center.</summary>
internal interface IDeviationTerm
{
    static abstract float Of(float d);

    /// <summary>Adds the terms of a row to its columns' sums.</summary>
    static abstract void Add(ReadOnlySpan<float> d, Span<float> sums);

    static abstract float Sum(ReadOnlySpan<float> d);
}

internal readonly struct Deviation : IDeviationTerm
{
    public static float Of(float d) => d;

    public static void Add(ReadOnlySpan<float> d, Span<float> sums) => TensorPrimitives.Add(sums, d, sums);

    public static float Sum(ReadOnlySpan<float> d) => TensorPrimitives.Sum(d);
}

internal readonly struct SquaredDeviation : IDeviationTerm
{
    public static float Of(float d) => d * d;

    public static void Add(ReadOnlySpan<float> d, Span<float> sums) =>
        TensorPrimitives.MultiplyAdd(d, d, sums, sums);

    public static float Sum(ReadOnlySpan<float> d) => TensorPrimitives.SumOfSquares(d);
}

/// <summary>[outer, n, inner] → [outer, inner], one thread per sum.</summary>
internal readonly struct DeviationSumSerialKernel<TTerm>(
    ArrayView<float> x, ArrayView<float> center, int n, int inner, ArrayView<float> y) : IItemKernel
    where TTerm : struct, IDeviationTerm
{
    public void Run(int i)
    {
        var index = i / inner * n * inner + i % inner;
        var sum = 0f;
        for (var row = 0; row < n; row++, index += inner) sum += TTerm.Of(x[index] - center[i]);
        y[i] = sum;
    }
}

/// <summary>
/// [outer, n, inner] → [outer, slices, inner], one group of threads per slice and some of its columns.
/// </summary>
internal readonly struct DeviationSumKernel<TTerm>(
    ArrayView<float> x, ArrayView<float> center, int n, ColumnReduction columns, int slices, ArrayView<float> y)
    : IGroupKernel where TTerm : struct, IDeviationTerm
{
    public static int Threads => ColumnReduction.Threads;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(ColumnReduction.Threads);
        int target = columns.MatrixIndex, column = columns.Column, depth = (n + slices - 1) / slices;
        var first = target % slices * depth;
        var end = IntrinsicMath.Min(n, first + depth);

        var total = new CompensatedSum();
        if (column < columns.Extent)
        {
            int row = first + columns.ThreadInColumn, step = columns.ThreadsPerColumn, stride = step * columns.Extent;
            var middle = center[target / slices * columns.Extent + column];
            while (row < end)
            {
                // Two sums, because an addition waits for the one before to the same sum.
                float a = 0, b = 0;
                var stop = CompensatedSum.BlockEnd(row, 2 * step, end);
                var index = (target / slices * n + row) * columns.Extent + column;
                for (; row + step < stop; row += 2 * step, index += 2 * stride)
                {
                    a += TTerm.Of(x[index] - middle);
                    b += TTerm.Of(x[index + stride] - middle);
                }

                for (; row < stop; row += step, index += stride) a += TTerm.Of(x[index] - middle);
                total.Add(a + b);
            }
        }

        var sum = columns.Sum(shared, total.Total);
        if (columns.ThreadInColumn == 0 && column < columns.Extent) y[target * columns.Extent + column] = sum;
    }
}

/// <summary>dx = (x − mean − residual)·factor, in [outer, n, inner].</summary>
internal readonly struct DeviationGradientKernel(
    ArrayView<float> x, ArrayView<float> mean, ArrayView<float> residual, ArrayView<float> factor, int n, int inner,
    ArrayView<float> dx) : IItemKernel
{
    public void Run(int i)
    {
        var target = i / (n * inner) * inner + i % inner;
        dx[i] = (x[i] - mean[target] - residual[target]) * factor[target];
    }
}
