using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>Sums along axes, in blocks that depend on the shape alone.</summary>
/// <remarks>
/// One axis is reduced after the other, the innermost in storage first; axes that are neighbors in storage count as
/// one. So each reduction is [outer, n, inner] → [outer, inner]. On the CPU at most 256 contiguous numbers, or 64 rows,
/// are added in single precision, and the sums of such blocks in double. On a GPU <see cref="ColumnReduction"/> cuts
/// long sums into slices that a second launch adds.
/// </remarks>
internal static class Reduction
{
    private const int GrainSize = 1 << 15;          // about as many floats as one call reads
    private const int BlockLength = 1 << 8;         // contiguous; TensorPrimitives adds in eight lanes or more
    private const int BlockRows = 1 << 6;
    private const int BlockColumns = 1 << 10;       // their sums stay in the L1 cache

    /// <summary>How many rows one thread of a GPU reduces alone.</summary>
    internal const int MaxSerialRows = 32;

    /// <summary>
    /// y = the sums of <paramref name="x"/> along the axes that are <paramref name="reduced"/>, which have extent 1 in
    /// y.
    /// </summary>
    public static void Run(Tensor x, bool[] reduced, Tensor y)
    {
        var axes = CoalesceAxes(x.Shape, reduced);
        var input = x;
        for (int last; (last = axes.FindLastIndex(axis => axis.Reduced)) >= 0;)
        {
            var (outer, n, inner) = (Product(axes[..last]), axes[last].Extent, Product(axes[(last + 1)..]));
            axes.RemoveAt(last);

            var output = axes.Exists(axis => axis.Reduced) ? new Tensor([outer, inner], x.Device) : y;
            if (!x.IsOnCpu) SumOnGpu(input, outer, n, inner, output);
            else if (inner == 1) SumContiguousAxis(input, outer, n, output);
            else SumRows(input, outer, n, inner, output);
            if (input != x) input.Release();
            input = output;
        }

        if (input == x) x.Device.Copy(x.Storage, y.Storage, y.Shape.Size);
    }

    /// <summary>The sums of a matrix's columns on a GPU.</summary>
    /// <param name="x">[rows, columns] in storage, whatever its shape.</param>
    /// <param name="y">[columns]</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void SumMatrixRows(Tensor x, int rows, int columns, Tensor y) => SumOnGpu(x, 1, rows, columns, y);

    /// <summary>Σ x, block by block.</summary>
    public static double SumBlocks(ReadOnlySpan<float> x)
    {
        var sum = 0.0;
        for (; x.Length > BlockLength; x = x[BlockLength..]) sum += TensorPrimitives.Sum(x[..BlockLength]);
        return sum + TensorPrimitives.Sum(x);
    }

    /// <summary>⟨x, y⟩, block by block.</summary>
    public static double DotBlocks(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var sum = 0.0;
        var i = 0;
        for (; x.Length - i > BlockLength; i += BlockLength)
            sum += TensorPrimitives.Dot(x.Slice(i, BlockLength), y.Slice(i, BlockLength));
        return sum + TensorPrimitives.Dot(x[i..], y[i..]);
    }

    /// <summary>[outer, n] → [outer]</summary>
    private static void SumContiguousAxis(Tensor x, int outer, int n, Tensor y)
    {
        if (n <= GrainSize)
        {
            y.Cpu.ForRanges(outer, GrainSize / Math.Max(1, n), (first, count) =>
            {
                for (var i = first; i < first + count; i++) y.Span[i] = (float)SumBlocks(x.Span.Slice(i * n, n));
            });
            return;
        }

        var slices = (n + GrainSize - 1) / GrainSize;
        var partial = new double[slices];
        for (var i = 0; i < outer; i++)
        {
            var start = i * n;
            y.Cpu.For(slices, slice =>
            {
                var first = slice * GrainSize;
                partial[slice] = SumBlocks(x.Span.Slice(start + first, Math.Min(GrainSize, n - first)));
            });
            y.Span[i] = (float)partial.Sum();
        }
    }

    /// <summary>[outer, n, inner] → [outer, inner]</summary>
    private static void SumRows(Tensor x, int outer, int n, int inner, Tensor y)
    {
        var rowBlocks = (Math.Max(1, n) + BlockRows - 1) / BlockRows;
        var columnBlocks = (inner + BlockColumns - 1) / BlockColumns;
        using var temporary = new TemporaryTensor(
            rowBlocks == 1 ? y : new Tensor([outer, rowBlocks, inner], x.Device), borrowed: y);
        var sums = temporary.Tensor;
        var grain = Math.Max(1, GrainSize / (Math.Clamp(n, 1, BlockRows) * Math.Clamp(inner, 1, BlockColumns)));
        y.Cpu.ForRanges(outer * rowBlocks * columnBlocks, grain, (first, count) =>
        {
            for (var i = first; i < first + count; i++)
            {
                var (target, columnBlock) = Math.DivRem(i, columnBlocks);
                var (o, rowBlock) = Math.DivRem(target, rowBlocks);
                var (column, row) = (columnBlock * BlockColumns, rowBlock * BlockRows);
                var sum = sums.Span.Slice(target * inner + column, Math.Min(BlockColumns, inner - column));
                if (n == 0) sum.Clear();
                else AddRows(x.Span[((o * n + row) * inner + column)..], Math.Min(BlockRows, n - row), inner, sum);
            }
        });

        if (sums != y) AddPartialSums(sums, outer, rowBlocks, inner, y);
    }

    private static void AddRows(ReadOnlySpan<float> x, int rows, int stride, Span<float> sum)
    {
        x[..sum.Length].CopyTo(sum);
        for (var row = 1; row < rows; row++) TensorPrimitives.Add(sum, x.Slice(row * stride, sum.Length), sum);
    }

    /// <summary>[outer, n, inner] → [outer, inner], each in double.</summary>
    private static void AddPartialSums(Tensor partial, int outer, int n, int inner, Tensor y)
    {
        var columnBlocks = (inner + BlockColumns - 1) / BlockColumns;
        y.Cpu.For(outer * columnBlocks, i =>
        {
            var (o, columnBlock) = Math.DivRem(i, columnBlocks);
            var column = columnBlock * BlockColumns;
            var output = y.Span.Slice(o * inner + column, Math.Min(BlockColumns, inner - column));
            Span<double> sums = stackalloc double[output.Length];
            sums.Clear();
            for (var row = 0; row < n; row++)
            {
                var addends = partial.Span.Slice((o * n + row) * inner + column, output.Length);
                for (var j = 0; j < addends.Length; j++) sums[j] += addends[j];
            }

            for (var j = 0; j < output.Length; j++) output[j] = (float)sums[j];
        });
    }

    /// <summary>[outer, n, inner] → [outer, inner]</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SumOnGpu(Tensor x, int outer, int n, int inner, Tensor y)
    {
        var gpu = y.Gpu;
        if (n <= MaxSerialRows)
        {
            gpu.LaunchItems(outer * inner, new SumSerialKernel(x.View, n, inner, y.View));
            return;
        }

        var columns = new ColumnReduction(inner);
        var slices = columns.SliceCount(n);
        using var temporary = new TemporaryTensor(
            slices == 1 ? y : new Tensor([outer, slices, inner], x.Device), borrowed: y);
        var sums = temporary.Tensor;
        gpu.LaunchGroups(
            new(outer * slices * columns.GroupCount, 1, 1), new SumRowsKernel(x.View, n, columns, slices, sums.View));
        if (sums == y) return;

        gpu.LaunchGroups(
            new(outer * columns.GroupCount, 1, 1), new SumRowsKernel(sums.View, slices, columns, 1, y.View));
    }

    /// <summary>
    /// The axes in storage order, without those of extent 1; neighbors that are both reduced or both kept are one.
    /// </summary>
    private static List<(int Extent, bool Reduced)> CoalesceAxes(Shape shape, bool[] reduced)
    {
        List<(int Extent, bool Reduced)> axes = [];
        foreach (var axis in Layout.StorageOrder(shape.Rank))
        {
            if (shape[axis] == 1) continue;
            if (axes.Count > 0 && axes[^1].Reduced == reduced[axis])
                axes[^1] = (axes[^1].Extent * shape[axis], reduced[axis]);
            else
                axes.Add((shape[axis], reduced[axis]));
        }

        return axes;
    }

    private static int Product(List<(int Extent, bool)> axes) =>
        axes.Aggregate(1, (product, axis) => product * axis.Extent);
}

/// <summary>[outer, n, inner] → [outer, inner], one thread per sum.</summary>
internal readonly struct SumSerialKernel(ArrayView<float> x, int n, int inner, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var index = i / inner * n * inner + i % inner;
        var sum = 0f;
        for (var row = 0; row < n; row++, index += inner) sum += x[index];
        y[i] = sum;
    }
}

/// <summary>
/// [outer, n, inner] → [outer, slices, inner], one group of threads per slice and some of its columns.
/// </summary>
internal readonly struct SumRowsKernel(
    ArrayView<float> x, int n, ColumnReduction columns, int slices, ArrayView<float> y) : IGroupKernel
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
            while (row < end)
            {
                // Four sums, because an addition waits for the one before to the same sum.
                float a = 0, b = 0, c = 0, d = 0;
                var stop = CompensatedSum.BlockEnd(row, 4 * step, end);
                var index = (target / slices * n + row) * columns.Extent + column;
                for (; row + 3 * step < stop; row += 4 * step, index += 4 * stride)
                {
                    a += x[index];
                    b += x[index + stride];
                    c += x[index + 2 * stride];
                    d += x[index + 3 * stride];
                }

                for (; row < stop; row += step, index += stride) a += x[index];
                total.Add(a + b + (c + d));
            }
        }

        var sum = columns.Sum(shared, total.Total);
        if (columns.ThreadInColumn == 0 && column < columns.Extent) y[target * columns.Extent + column] = sum;
    }
}
