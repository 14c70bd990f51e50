using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>The maximum or the minimum: which of two numbers is kept. NaN is kept over any number.</summary>
internal interface IExtremum
{
    static abstract string Name { get; }

    /// <summary>What every number replaces, except itself.</summary>
    static abstract float Neutral { get; }

    /// <summary>Whether a number replaces another.</summary>
    static abstract bool Replaces(float candidate, float kept);

    static abstract float Of(ReadOnlySpan<float> x);

    static abstract void Combine(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y);
}

internal readonly struct MaxReduction : IExtremum
{
    public static string Name => "Max";

    public static float Neutral => float.NegativeInfinity;

    public static bool Replaces(float candidate, float kept) =>
        candidate > kept || (float.IsNaN(candidate) && !float.IsNaN(kept));

    public static float Of(ReadOnlySpan<float> x) => TensorPrimitives.Max(x);

    public static void Combine(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) =>
        TensorPrimitives.Max(a, b, y);
}

internal readonly struct MinReduction : IExtremum
{
    public static string Name => "Min";

    public static float Neutral => float.PositiveInfinity;

    public static bool Replaces(float candidate, float kept) =>
        candidate < kept || (float.IsNaN(candidate) && !float.IsNaN(kept));

    public static float Of(ReadOnlySpan<float> x) => TensorPrimitives.Min(x);

    public static void Combine(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) =>
        TensorPrimitives.Min(a, b, y);
}

/// <summary>[outer, n, inner] → [outer, inner], n ≥ 1.</summary>
internal static class ExtremumReduction<T> where T : struct, IExtremum
{
    private const int GrainSize = 1 << 15;          // about as many floats as one call reads
    private const int MinBlockRows = 1 << 6;
    private const int BlockColumns = 1 << 10;       // they stay in the L1 cache

    public static void Run(Tensor x, Tensor y)
    {
        if (x.IsOnCpu) RunOnCpu(x, y);
        else RunOnGpu(x, y);
    }

    /// <summary>Block by block of rows, then the extremes of the blocks.</summary>
    private static void RunOnCpu(Tensor x, Tensor y)
    {
        var (outer, n, inner) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        var rows = Math.Max(MinBlockRows, GrainSize / Math.Max(1, inner));
        if (n <= rows)
        {
            ReduceBlocks(x, n, y);
            return;
        }

        using var partial = new TemporaryTensor([outer, (n + rows - 1) / rows, inner], x.Device);
        ReduceBlocks(x, rows, partial);
        RunOnCpu(partial, y);
    }

    /// <summary>[outer, n, inner] → [outer, blocks of rows, inner]</summary>
    private static void ReduceBlocks(Tensor x, int blockRows, Tensor y)
    {
        var (outer, n, inner) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        var (blocks, columnBlocks) = ((n + blockRows - 1) / blockRows, (inner + BlockColumns - 1) / BlockColumns);
        var grain = Math.Max(1, GrainSize / (blockRows * Math.Clamp(inner, 1, BlockColumns)));
        y.Cpu.ForRanges(outer * blocks * columnBlocks, grain, (first, count) =>
        {
            for (var i = first; i < first + count; i++)
            {
                var (target, columnBlock) = Math.DivRem(i, columnBlocks);
                var (o, block) = Math.DivRem(target, blocks);
                var (column, row) = (columnBlock * BlockColumns, block * blockRows);
                ReduceRows(
                    x.Span[((o * n + row) * inner + column)..], Math.Min(blockRows, n - row), inner,
                    y.Span.Slice(target * inner + column, Math.Min(BlockColumns, inner - column)));
            }
        });
    }

    private static void ReduceRows(ReadOnlySpan<float> x, int rows, int stride, Span<float> y)
    {
        if (stride == 1)
        {
            y[0] = T.Of(x[..rows]);
            return;
        }

        x[..y.Length].CopyTo(y);
        for (var row = 1; row < rows; row++) T.Combine(y, x.Slice(row * stride, y.Length), y);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunOnGpu(Tensor x, Tensor y)
    {
        var (gpu, outer, n, inner) = (y.Gpu, x.Shape[0], x.Shape[1], x.Shape[2]);
        if (n <= Reduction.MaxSerialRows)
        {
            gpu.LaunchItems(outer * inner, new ExtremumSerialKernel<T>(x.View, n, inner, y.View));
            return;
        }

        var columns = new ColumnReduction(inner);
        var slices = columns.SliceCount(n);
        using var temporary = new TemporaryTensor(
            slices == 1 ? y : new Tensor([outer, slices, inner], x.Device), borrowed: y);
        var partial = temporary.Tensor;
        gpu.LaunchGroups(
            new(outer * slices * columns.GroupCount, 1, 1),
            new ExtremumRowsKernel<T>(x.View, n, columns, slices, partial.View));
        if (partial == y) return;

        gpu.LaunchGroups(
            new(outer * columns.GroupCount, 1, 1),
            new ExtremumRowsKernel<T>(partial.View, slices, columns, 1, y.View));
    }
}

/// <summary>[outer, n, inner] → [outer, inner], one thread per result.</summary>
internal readonly struct ExtremumSerialKernel<T>(ArrayView<float> x, int n, int inner, ArrayView<float> y) : IItemKernel
    where T : struct, IExtremum
{
    public void Run(int i)
    {
        var index = i / inner * n * inner + i % inner;
        var kept = x[index];
        for (var row = 1; row < n; row++)
        {
            index += inner;
            if (T.Replaces(x[index], kept)) kept = x[index];
        }

        y[i] = kept;
    }
}

/// <summary>
/// [outer, n, inner] → [outer, slices, inner], one group of threads per slice and some of its columns.
/// </summary>
internal readonly struct ExtremumRowsKernel<T>(
    ArrayView<float> x, int n, ColumnReduction columns, int slices, ArrayView<float> y) : IGroupKernel
    where T : struct, IExtremum
{
    public static int Threads => ColumnReduction.Threads;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(ColumnReduction.Threads);
        int target = columns.MatrixIndex, column = columns.Column, depth = (n + slices - 1) / slices;
        var first = target % slices * depth;
        var end = IntrinsicMath.Min(n, first + depth);

        var kept = T.Neutral;
        if (column < columns.Extent)
            for (var row = first + columns.ThreadInColumn; row < end; row += columns.ThreadsPerColumn)
            {
                var value = x[(target / slices * n + row) * columns.Extent + column];
                if (T.Replaces(value, kept)) kept = value;
            }

        var thread = Group.IdxX;
        shared[thread] = kept;
        Group.Barrier();
        for (var half = Group.DimX >> 1; half >= columns.Width; half >>= 1)
        {
            if (thread < half && T.Replaces(shared[thread + half], shared[thread]))
                shared[thread] = shared[thread + half];
            Group.Barrier();        // outside the branch: all threads must reach it
        }

        if (columns.ThreadInColumn == 0 && column < columns.Extent)
            y[target * columns.Extent + column] = shared[thread];
    }
}
