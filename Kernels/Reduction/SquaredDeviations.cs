using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>Σ(x − mean)² of blocks [outer, n, inner] → [outer, inner], and the gradient.</summary>
/// <remarks>As in <see cref="Reduction"/>, blocks are added in single precision, and their sums in double.</remarks>
internal static class SquaredDeviations
{
    private const int GrainSize = 1 << 15;          // about as many floats as one call reads
    private const int BlockLength = 1 << 8;
    private const int BlockRows = 1 << 6;

    /// <param name="mean">[outer, inner]</param>
    public static void Sum(Tensor x, Tensor mean, Tensor y)
    {
        var (outer, n, inner) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        if (!x.IsOnCpu)
        {
            SumOnGpu(x, mean, y);
            return;
        }

        var blockRows = inner == 1 ? GrainSize : BlockRows;
        var blocks = Math.Max(1, (n + blockRows - 1) / blockRows);
        using var partial = new TemporaryTensor([outer, blocks, inner], x.Device);
        if (inner == 1) SumContiguous(x, mean, partial);
        else SumRows(x, mean, partial);
        Reduction.Run(partial, [false, true, false], y);
    }

    /// <summary>dx = (x − mean)·factor</summary>
    /// <param name="factor">[outer, inner], as <paramref name="mean"/></param>
    public static void Gradient(Tensor x, Tensor mean, Tensor factor, Tensor dx)
    {
        var (outer, n, inner) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        if (!x.IsOnCpu) GradientOnGpu(x, mean, factor, dx);
        else if (inner == 1)
            ForEachBlock(x, outer, n, GrainSize, (o, _, start, length) =>
            {
                var to = dx.Span.Slice(start, length);
                TensorPrimitives.Subtract(x.Span.Slice(start, length), mean.Span[o], to);
                TensorPrimitives.Multiply(to, factor.Span[o], to);
            });
        else
            ForEachBlock(x, outer, n, Math.Max(1, GrainSize / Math.Max(1, inner)), (o, _, row, rows) =>
            {
                ReadOnlySpan<float> means = mean.Span.Slice(o * inner, inner);
                ReadOnlySpan<float> factors = factor.Span.Slice(o * inner, inner);
                for (var i = row; i < row + rows; i++)
                {
                    var to = dx.Span.Slice(i * inner, inner);
                    TensorPrimitives.Subtract(x.Span.Slice(i * inner, inner), means, to);
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

    private static void SumContiguous(Tensor x, Tensor mean, Tensor partial) =>
        ForEachBlock(x, x.Shape[0], x.Shape[1], GrainSize, (o, target, start, length) =>
        {
            Span<float> deviations = stackalloc float[BlockLength];
            var sum = 0.0;
            for (var end = start + length; start < end; start += BlockLength)
            {
                var part = deviations[..Math.Min(BlockLength, end - start)];
                TensorPrimitives.Subtract(x.Span.Slice(start, part.Length), mean.Span[o], part);
                sum += TensorPrimitives.SumOfSquares(part);
            }

            partial.Span[target] = (float)sum;
        });

    private static void SumRows(Tensor x, Tensor mean, Tensor partial)
    {
        var inner = x.Shape[2];
        ForEachBlock(x, x.Shape[0], x.Shape[1], BlockRows, (o, target, row, rows) =>
        {
            Span<float> buffer = stackalloc float[BlockLength];
            for (var column = 0; column < inner; column += BlockLength)
            {
                var deviations = buffer[..Math.Min(BlockLength, inner - column)];
                var means = mean.Span.Slice(o * inner + column, deviations.Length);
                var sum = partial.Span.Slice(target * inner + column, deviations.Length);
                sum.Clear();
                for (var i = row; i < row + rows; i++)
                {
                    TensorPrimitives.Subtract(x.Span.Slice(i * inner + column, deviations.Length), means, deviations);
                    TensorPrimitives.MultiplyAdd(deviations, deviations, sum, sum);
                }
            }
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SumOnGpu(Tensor x, Tensor mean, Tensor y)
    {
        var (gpu, outer, n, inner) = (y.Gpu, x.Shape[0], x.Shape[1], x.Shape[2]);
        if (n <= Reduction.MaxSerialRows)
        {
            gpu.LaunchItems(outer * inner, new SquaredDeviationsSerialKernel(x.View, mean.View, n, inner, y.View));
            return;
        }

        var columns = new ColumnReduction(inner);
        var slices = columns.SliceCount(n);
        using var partial = new TemporaryTensor([outer, slices, inner], x.Device);
        gpu.LaunchGroups(
            new(outer * slices * columns.GroupCount, 1, 1),
            new SquaredDeviationsKernel(x.View, mean.View, n, columns, slices, partial.Tensor.View));
        Reduction.Run(partial, [false, true, false], y);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void GradientOnGpu(Tensor x, Tensor mean, Tensor factor, Tensor dx) => dx.Gpu.LaunchItems(
        dx.Shape.Size,
        new DeviationGradientKernel(x.View, mean.View, factor.View, x.Shape[1], x.Shape[2], dx.View));
}

/// <summary>[outer, n, inner] → [outer, inner], one thread per sum.</summary>
internal readonly struct SquaredDeviationsSerialKernel(
    ArrayView<float> x, ArrayView<float> mean, int n, int inner, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var index = i / inner * n * inner + i % inner;
        var sum = 0f;
        for (var row = 0; row < n; row++, index += inner) sum += (x[index] - mean[i]) * (x[index] - mean[i]);
        y[i] = sum;
    }
}

/// <summary>
/// [outer, n, inner] → [outer, slices, inner], one group of threads per slice and some of its columns.
/// </summary>
internal readonly struct SquaredDeviationsKernel(
    ArrayView<float> x, ArrayView<float> mean, int n, ColumnReduction columns, int slices, ArrayView<float> y)
    : IGroupKernel
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
            var average = mean[target / slices * columns.Extent + column];
            while (row < end)
            {
                // Two sums, because an addition waits for the one before to the same sum.
                float a = 0, b = 0;
                var stop = CompensatedSum.BlockEnd(row, 2 * step, end);
                var index = (target / slices * n + row) * columns.Extent + column;
                for (; row + step < stop; row += 2 * step, index += 2 * stride)
                {
                    float p = x[index] - average, q = x[index + stride] - average;
                    a += p * p;
                    b += q * q;
                }

                for (; row < stop; row += step, index += stride)
                    a += (x[index] - average) * (x[index] - average);
                total.Add(a + b);
            }
        }

        var sum = columns.Sum(shared, total.Total);
        if (columns.ThreadInColumn == 0 && column < columns.Extent) y[target * columns.Extent + column] = sum;
    }
}

/// <summary>dx = (x − mean)·factor, in [outer, n, inner].</summary>
internal readonly struct DeviationGradientKernel(
    ArrayView<float> x, ArrayView<float> mean, ArrayView<float> factor, int n, int inner, ArrayView<float> dx)
    : IItemKernel
{
    public void Run(int i)
    {
        var target = i / (n * inner) * inner + i % inner;
        dx[i] = (x[i] - mean[target]) * factor[target];
    }
}
