using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>
/// Layer normalization on a GPU: a warp or a group of warps per row, and <see cref="CompensatedSum"/>.
/// </summary>
internal sealed class LayerNormGpu(Tensor x, int rows, int n, Tensor mean, Tensor invStd, Tensor? weight) : ILayerNorm
{
    private const int MaxShortRow = 256;        // a warp is enough for it

    public void Forward(Tensor? bias, float eps, Tensor y)
    {
        if (n <= MaxShortRow) Run<WarpPerRow>();
        else Run<WarpsPerRow>();

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Run<TThreads>() where TThreads : struct, IThreadsPerRow => x.Gpu.LaunchGroups(
            new(rows, 1, 1), new LayerNormKernel<TThreads>(
                x.View, n, eps, weight is null ? 0 : 1, (weight ?? mean).View, (bias ?? mean).View,
                mean.View, invStd.View, y.View));
    }

    public void BackwardInput(Tensor dy, Tensor dx)
    {
        if (n <= MaxShortRow) Run<WarpPerRow>();
        else Run<WarpsPerRow>();

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Run<TThreads>() where TThreads : struct, IThreadsPerRow => x.Gpu.LaunchGroups(
            new(rows, 1, 1), new LayerNormGradientKernel<TThreads>(
                dy.View, x.View, n, mean.View, invStd.View, weight is null ? 0 : 1, (weight ?? mean).View, dx.View));
    }

    public void BackwardWeight(Tensor dy, Tensor dw, Tensor db)
    {
        var columns = new ColumnReduction(n);
        var blocks = Math.Max(1, columns.SliceCount(rows));
        using TemporaryTensor sums = new([blocks, n], x.Device), products = new([blocks, n], x.Device);
        x.Gpu.LaunchGroups(new(blocks * columns.GroupCount, 1, 1), new LayerNormWeightGradientKernel(
            dy.View, x.View, rows, columns, blocks, mean.View, invStd.View,
            sums.Tensor.View, products.Tensor.View));
        Reduction.Run(sums, [true, false], db);
        Reduction.Run(products, [true, false], dw);
    }
}

/// <summary>How many threads share a row.</summary>
internal interface IThreadsPerRow
{
    static abstract int Count { get; }
}

internal readonly struct WarpPerRow : IThreadsPerRow
{
    public static int Count => 32;
}

internal readonly struct WarpsPerRow : IThreadsPerRow
{
    public static int Count => 128;
}

/// <summary>Mean and invStd of a row, and y = (x − mean)·invStd·weight + bias.</summary>
internal readonly struct LayerNormKernel<TThreads>(
    ArrayView<float> x, int n, float eps, int affine, ArrayView<float> weight, ArrayView<float> bias,
    ArrayView<float> mean, ArrayView<float> invStd, ArrayView<float> y) : IGroupKernel
    where TThreads : struct, IThreadsPerRow
{
    public static int Threads => TThreads.Count;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(Threads);
        int start = Grid.IdxX * n, end = start + n, first = start + Group.IdxX;
        var total = new CompensatedSum();
        var i = first;
        while (i < end)
        {
            var sum = 0f;
            for (var stop = CompensatedSum.BlockEnd(i, Threads, end); i < stop; i += Threads) sum += x[i];
            total.Add(sum);
        }

        var center = GroupReduction.Sum(shared, total.Total) / n;
        var squares = new CompensatedSum();
        i = first;
        while (i < end)
        {
            var sum = 0f;
            for (var stop = CompensatedSum.BlockEnd(i, Threads, end); i < stop; i += Threads)
            {
                var deviation = x[i] - center;
                sum += deviation * deviation;
            }

            squares.Add(sum);
        }

        var s = 1 / MathF.Sqrt(GroupReduction.Sum(shared, squares.Total) / n + eps);
        for (i = first; i < end; i += Threads)
        {
            var normalized = (x[i] - center) * s;
            y[i] = affine != 0 ? normalized * weight[i - start] + bias[i - start] : normalized;
        }

        if (Group.IdxX > 0) return;
        mean[Grid.IdxX] = center;
        invStd[Grid.IdxX] = s;
    }
}

/// <summary>dx = invStd·(g − Σg/n − x̂·Σg·x̂/n) for g = weight·dy, of one row; dx may be dy.</summary>
internal readonly struct LayerNormGradientKernel<TThreads>(
    ArrayView<float> dy, ArrayView<float> x, int n, ArrayView<float> mean, ArrayView<float> invStd,
    int affine, ArrayView<float> weight, ArrayView<float> dx) : IGroupKernel
    where TThreads : struct, IThreadsPerRow
{
    public static int Threads => TThreads.Count;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(Threads);
        int start = Grid.IdxX * n, end = start + n, first = start + Group.IdxX;
        float center = mean[Grid.IdxX], s = invStd[Grid.IdxX];
        CompensatedSum gradients = new(), correlations = new();
        var i = first;
        while (i < end)
        {
            float sum = 0, product = 0;
            for (var stop = CompensatedSum.BlockEnd(i, Threads, end); i < stop; i += Threads)
            {
                var g = affine != 0 ? dy[i] * weight[i - start] : dy[i];
                sum += g;
                product += g * ((x[i] - center) * s);
            }

            gradients.Add(sum);
            correlations.Add(product);
        }

        var offset = GroupReduction.Sum(shared, gradients.Total) / n;
        var slope = GroupReduction.Sum(shared, correlations.Total) / n;
        for (i = first; i < end; i += Threads)
        {
            var g = affine != 0 ? dy[i] * weight[i - start] : dy[i];
            dx[i] = s * (g - offset - slope * ((x[i] - center) * s));
        }
    }
}

/// <summary>The sums of dy and of dy·x̂ over each block of rows, of each column.</summary>
internal readonly struct LayerNormWeightGradientKernel(
    ArrayView<float> dy, ArrayView<float> x, int rows, ColumnReduction columns, int blocks, ArrayView<float> mean,
    ArrayView<float> invStd, ArrayView<float> sums, ArrayView<float> products) : IGroupKernel
{
    public static int Threads => ColumnReduction.Threads;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(ColumnReduction.Threads);
        int block = columns.MatrixIndex, column = columns.Column, depth = (rows + blocks - 1) / blocks;
        int first = block * depth, end = column < columns.Extent ? IntrinsicMath.Min(rows, first + depth) : 0;

        CompensatedSum gradients = new(), correlations = new();
        int row = first + columns.ThreadInColumn, step = columns.ThreadsPerColumn;
        while (row < end)
        {
            float partial = 0, partialProducts = 0;
            for (var stop = CompensatedSum.BlockEnd(row, step, end); row < stop; row += step)
            {
                var index = row * columns.Extent + column;
                partial += dy[index];
                partialProducts += dy[index] * ((x[index] - mean[row]) * invStd[row]);
            }

            gradients.Add(partial);
            correlations.Add(partialProducts);
        }

        var sum = columns.Sum(shared, gradients.Total);
        var product = columns.Sum(shared, correlations.Total);
        if (columns.ThreadInColumn > 0 || column >= columns.Extent) return;
        sums[block * columns.Extent + column] = sum;
        products[block * columns.Extent + column] = product;
    }
}
