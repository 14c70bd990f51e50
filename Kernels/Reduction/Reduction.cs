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
    private const int BlockLength = 1 << 8;         // contiguous; TensorPrimitives adds in eight lanes or more

    /// <summary>How many rows one thread of a GPU reduces alone.</summary>
    internal const int MaxSerialRows = 32;

    /// <summary>
    /// y = the sums of <paramref name="x"/> along the axes that are <paramref name="reduced"/>, which have extent 1 in
    /// y.
    /// </summary>
    public static void Run(Tensor x, bool[] reduced, Tensor y) => Run(x, PassesOf(x.Shape, reduced), y);

    /// <summary>The same, with the result of <see cref="PassesOf"/> for these axes.</summary>
    public static void Run(Tensor x, ReadOnlySpan<ReductionPass> passes, Tensor y)
    {
        if (passes.IsEmpty) x.Device.Copy(x.Storage, y.Storage, y.Shape.Size);
        else if (x.IsOnCpu) ReductionCpu.Run(x, passes, y);
        else RunOnGpu(x, passes, y);
    }

    /// <summary>Which axis of what shape is summed, one after the other.</summary>
    public static ReductionPass[] PassesOf(Shape shape, bool[] reduced)
    {
        var (axes, passes) = (CoalesceAxes(shape, reduced), new List<ReductionPass>());
        for (int last; (last = axes.FindLastIndex(axis => axis.Reduced)) >= 0; axes.RemoveAt(last))
            passes.Add(new(Product(axes[..last]), axes[last].Extent, Product(axes[(last + 1)..])));
        return [.. passes];
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

    private static void RunOnGpu(Tensor x, ReadOnlySpan<ReductionPass> passes, Tensor y)
    {
        var input = x;
        for (var i = 0; i < passes.Length; i++)
        {
            var (outer, n, inner) = passes[i];
            var output = i + 1 < passes.Length ? new Tensor([outer, inner], x.Device) : y;
            SumOnGpu(input, outer, n, inner, output);
            if (input != x) input.Release();
            input = output;
        }
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

/// <summary>[Outer, N, Inner] → [Outer, Inner]</summary>
internal readonly record struct ReductionPass(int Outer, int N, int Inner);

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
