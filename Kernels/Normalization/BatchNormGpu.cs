using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <remarks>On a GPU as on the CPU: sums over cells of rows, then over the cells; but all in single precision.</remarks>
internal sealed unsafe partial class BatchNormOp
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ForwardOnGpu(Tensor? bias, Tensor y)
    {
        if (training)
            ComputeBatchStatisticsOnGpu();
        else
            x.Gpu.LaunchItems(Channels, new RunningStatisticsKernel(runningMean!.View, runningVariance!.View, eps, mean.View, invStd.View));

        var affine = weight is not null;
        y.Gpu.LaunchItems(y.Shape.Size, new NormalizeKernel(
            x.View, Channels, mean.View, invStd.View, affine ? 1 : 0, (weight ?? invStd).View, (bias ?? mean).View, y.View));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BackwardOnGpu(Tensor dy, Tensor bySum, Tensor byProduct, Tensor? dx)
    {
        var columns = new ColumnReduction(Channels);
        var cells = columns.SliceCount(Rows);
        using TemporaryTensor sums = new([cells, Channels], x.Device), products = new([cells, Channels], x.Device);
        var (s, p) = (sums.Tensor.View, products.Tensor.View);
        x.Gpu.LaunchGroups(new(cells * columns.GroupCount, 1, 1), new BatchNormBackwardReduceKernel(
            dy.View, x.View, Rows, columns, cells, mean.View, s, p));
        x.Gpu.LaunchGroups(new(columns.GroupCount, 1, 1), new BatchNormBackwardCombineKernel(
            s, p, columns, cells, invStd.View, bySum.View, byProduct.View));
        if (dx is null) return;
        x.Gpu.LaunchItems(x.Shape.Size, new BatchNormGradientKernel(
            dy.View, x.View, Channels, mean.View, invStd.View, weight is null ? 0 : 1, (weight ?? invStd).View,
            training ? 1f / Rows : 0, bySum.View, byProduct.View, dx.View));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ComputeBatchStatisticsOnGpu()
    {
        var columns = new ColumnReduction(Channels);
        var cells = columns.SliceCount(Rows);
        Shape partial = [cells, Channels];
        using TemporaryTensor centers = new(partial, x.Device), sums = new(partial, x.Device), squares = new(partial, x.Device);
        var (c, s, q) = (centers.Tensor.View, sums.Tensor.View, squares.Tensor.View);
        x.Gpu.LaunchGroups(new(cells * columns.GroupCount, 1, 1), new BatchNormMomentsKernel(
            x.View, Rows, columns, cells, c, s, q));
        x.Gpu.LaunchGroups(new(columns.GroupCount, 1, 1), new BatchNormCombineMomentsKernel(
            c, s, q, Rows, columns, cells, eps, mean.View, invStd.View,
            runningMean is null ? 0 : 1, momentum, (runningMean ?? mean).View, (runningVariance ?? invStd).View));
    }
}

/// <summary>Mean and scale from the running statistics.</summary>
internal readonly struct RunningStatisticsKernel(
    ArrayView<float> runningMean, ArrayView<float> runningVariance, float eps, ArrayView<float> mean, ArrayView<float> invStd) : IItemKernel
{
    public void Run(int c)
    {
        mean[c] = runningMean[c];
        invStd[c] = 1 / MathF.Sqrt(runningVariance[c] + eps);
    }
}

/// <summary>y = (x − mean)·scale·weight + bias, the last two if it is affine.</summary>
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

/// <summary>dx = scale·weight·(dy − Σdy·share − x̂·Σdy·x̂·share), where the share is 1/n in training, else 0.</summary>
internal readonly struct BatchNormGradientKernel(
    ArrayView<float> dy, ArrayView<float> x, int channels, ArrayView<float> mean, ArrayView<float> invStd,
    int affine, ArrayView<float> weight, float invCount, ArrayView<float> sumDy, ArrayView<float> sumDyXhat, ArrayView<float> dx) : IItemKernel
{
    public void Run(int i)
    {
        var c = i % channels;
        float offset = 0, slope = 0;
        if (invCount > 0)          // times 0 would not do: what is not finite would spread over the channel
        {
            offset = sumDy[c] * invCount;
            slope = sumDyXhat[c] * invStd[c] * invCount;
        }

        var rest = dy[i] - (offset + slope * (x[i] - mean[c]));
        dx[i] = rest * (affine != 0 ? invStd[c] * weight[c] : invStd[c]);
    }
}
