using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>Batch normalization on a GPU.</summary>
/// <remarks>
/// As on the CPU, sums are taken over blocks of rows, and then over the blocks; but all in single precision, with
/// <see cref="CompensatedSum"/>.
/// </remarks>
internal sealed class BatchNormGpu(Tensor x, Tensor mean, Tensor invStd, Tensor? weight) : IBatchNorm
{
    private readonly int channels = x.Shape[1], rows = BatchNormOp.RowCount(x);

    public void ComputeBatchStatistics(Tensor? runningMean, Tensor? runningVariance, float momentum, float eps)
    {
        var columns = new ColumnReduction(channels);
        var blocks = columns.SliceCount(rows);
        Shape partial = [blocks, channels];
        using TemporaryTensor centers = new(partial, x.Device), sums = new(partial, x.Device);
        using TemporaryTensor squares = new(partial, x.Device);
        var (c, s, q) = (centers.Tensor.View, sums.Tensor.View, squares.Tensor.View);
        x.Gpu.LaunchGroups(
            new(blocks * columns.GroupCount, 1, 1), new BatchNormMomentsKernel(x.View, rows, columns, blocks, c, s, q));
        x.Gpu.LaunchGroups(new(columns.GroupCount, 1, 1), new BatchNormCombineMomentsKernel(
            c, s, q, rows, columns, blocks, eps, mean.View, invStd.View,
            runningMean is null ? 0 : 1, momentum, (runningMean ?? mean).View, (runningVariance ?? invStd).View));
    }

    public void LoadRunningStatistics(Tensor runningMean, Tensor runningVariance, float eps) =>
        x.Gpu.LaunchItems(
            channels, new RunningStatisticsKernel(runningMean.View, runningVariance.View, eps, mean.View, invStd.View));

    public void Normalize(Tensor? bias, Tensor y)
    {
        var affine = weight is not null;
        y.Gpu.LaunchItems(y.Shape.Size, new NormalizeKernel(
            x.View, channels, mean.View, invStd.View,
            affine ? 1 : 0, (weight ?? invStd).View, (bias ?? mean).View, y.View));
    }

    public void BackwardReduce(Tensor dy, Tensor sumDy, Tensor sumDyXhat)
    {
        var columns = new ColumnReduction(channels);
        var blocks = columns.SliceCount(rows);
        Shape partial = [blocks, channels];
        using TemporaryTensor sums = new(partial, x.Device), products = new(partial, x.Device);
        var (s, p) = (sums.Tensor.View, products.Tensor.View);
        x.Gpu.LaunchGroups(new(blocks * columns.GroupCount, 1, 1), new BatchNormBackwardReduceKernel(
            dy.View, x.View, rows, columns, blocks, mean.View, s, p));
        x.Gpu.LaunchGroups(new(columns.GroupCount, 1, 1), new BatchNormBackwardCombineKernel(
            s, p, columns, blocks, invStd.View, sumDy.View, sumDyXhat.View));
    }

    public void BackwardElementwise(Tensor dy, Tensor sumDy, Tensor sumDyXhat, bool training, Tensor dx) =>
        x.Gpu.LaunchItems(x.Shape.Size, new BatchNormGradientKernel(
            dy.View, x.View, channels, mean.View, invStd.View, weight is null ? 0 : 1, (weight ?? invStd).View,
            training ? 1f / rows : 0, sumDy.View, sumDyXhat.View, dx.View));
}

/// <summary>Mean and invStd from the running statistics.</summary>
internal readonly struct RunningStatisticsKernel(
    ArrayView<float> runningMean, ArrayView<float> runningVariance, float eps,
    ArrayView<float> mean, ArrayView<float> invStd) : IItemKernel
{
    public void Run(int c)
    {
        mean[c] = runningMean[c];
        invStd[c] = 1 / MathF.Sqrt(runningVariance[c] + eps);
    }
}

/// <summary>y = (x − mean)·invStd·weight + bias; without the last two unless <paramref name="affine"/> is 1.</summary>
internal readonly struct NormalizeKernel(
    ArrayView<float> x, int channels, ArrayView<float> mean, ArrayView<float> invStd,
    int affine, ArrayView<float> weight, ArrayView<float> bias, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var c = i % channels;
        var deviation = x[i] - mean[c];
        y[i] = affine != 0 ? deviation * (invStd[c] * weight[c]) + bias[c] : deviation * invStd[c];
    }
}

/// <summary>dx = invStd·weight·(dy − (sumDy + x̂·sumDyXhat)·invCount)</summary>
/// <param name="invCount">1 / rows in training, otherwise 0.</param>
internal readonly struct BatchNormGradientKernel(
    ArrayView<float> dy, ArrayView<float> x, int channels, ArrayView<float> mean, ArrayView<float> invStd,
    int affine, ArrayView<float> weight, float invCount, ArrayView<float> sumDy, ArrayView<float> sumDyXhat,
    ArrayView<float> dx) : IItemKernel
{
    public void Run(int i)
    {
        var c = i % channels;
        float offset = 0, slope = 0;
        if (invCount > 0)       // a product with 0 would be NaN where a sum is not finite
        {
            offset = sumDy[c] * invCount;
            slope = sumDyXhat[c] * invStd[c] * invCount;
        }

        var centered = dy[i] - (offset + slope * (x[i] - mean[c]));
        dx[i] = centered * (affine != 0 ? invStd[c] * weight[c] : invStd[c]);
    }
}
