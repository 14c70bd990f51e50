using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <remarks>On a GPU long sums are cut into pieces, whose sums a second launch adds up: <see cref="ColumnReduction"/>.</remarks>
internal static partial class Reduction
{
    private const int MaxSerialRows = 32;     // that one thread sums alone

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
        var pieces = columns.SliceCount(n);
        using var temporary = new TemporaryTensor(
            pieces == 1 ? y : new Tensor([outer, pieces, inner], x.Device), borrowed: y);
        var to = temporary.Tensor;
        gpu.LaunchGroups(new(outer * pieces * columns.GroupCount, 1, 1), new SumRowsKernel(x.View, n, columns, pieces, to.View));
        if (to == y) return;

        gpu.LaunchGroups(new(outer * columns.GroupCount, 1, 1), new SumRowsKernel(to.View, pieces, columns, 1, y.View));
    }
}

/// <summary>[outer, n, inner] → [outer, inner], a thread for each result.</summary>
internal readonly struct SumSerialKernel(ArrayView<float> x, int n, int inner, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var at = i / inner * n * inner + i % inner;
        var sum = 0f;
        for (var row = 0; row < n; row++, at += inner) sum += x[at];
        y[i] = sum;
    }
}

/// <summary>[outer, n, inner] → [outer, pieces, inner], a group for some columns of each piece.</summary>
internal readonly struct SumRowsKernel(ArrayView<float> x, int n, ColumnReduction columns, int slices, ArrayView<float> y) : IGroupKernel
{
    public static int Threads => ColumnReduction.Threads;

    public void Run()
    {
        var lanes = SharedMemory.Allocate<float>(ColumnReduction.Threads);
        int target = columns.MatrixIndex, column = columns.Column, depth = (n + slices - 1) / slices;
        var first = target % slices * depth;
        var end = IntrinsicMath.Min(n, first + depth);

        var total = new CompensatedSum();
        if (column < columns.Extent)
        {
            int row = first + columns.ThreadInColumn, step = columns.ThreadsPerColumn, stride = step * columns.Extent;
            while (row < end)
            {
                // Four sums, because each load must be waited for before the next addition to the same one.
                float a = 0, b = 0, c = 0, d = 0;
                var stop = CompensatedSum.BlockEnd(row, 4 * step, end);
                var at = (target / slices * n + row) * columns.Extent + column;
                for (; row + 3 * step < stop; row += 4 * step, at += 4 * stride)
                {
                    a += x[at];
                    b += x[at + stride];
                    c += x[at + 2 * stride];
                    d += x[at + 3 * stride];
                }

                for (; row < stop; row += step, at += stride) a += x[at];
                total.Add(a + b + (c + d));
            }
        }

        var sum = columns.Sum(lanes, total.Total);
        if (columns.ThreadInColumn == 0 && column < columns.Extent) y[target * columns.Extent + column] = sum;
    }
}
