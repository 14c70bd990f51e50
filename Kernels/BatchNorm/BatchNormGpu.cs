using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp;

/// <remarks>On a GPU as on the CPU: sums over cells of rows, then over the cells; but all in single precision.</remarks>
internal sealed unsafe partial class BatchNorm
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ForwardOnGpu(Tensor? bias, Tensor y)
    {
        if (training)
            MeasureOnGpu();
        else
            x.Gpu.Each(Channels, new RecallKernel(runningMean!.View, runningVariance!.View, eps, mean.View, scale.View));

        var affine = weight is not null;
        y.Gpu.Each(y.Shape.Size, new NormaliseKernel(
            x.View, Channels, mean.View, scale.View, affine ? 1 : 0, (weight ?? scale).View, (bias ?? mean).View, y.View));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BackwardOnGpu(Tensor dy, Tensor bySum, Tensor byProduct, Tensor? dx)
    {
        var columns = new ColumnGroups(Channels);
        var cells = columns.PiecesOf(Rows);
        using TemporaryTensor sums = new([cells, Channels], x.Device), products = new([cells, Channels], x.Device);
        var (s, p) = (sums.Tensor.View, products.Tensor.View);
        x.Gpu.Groups(new(cells * columns.Count, 1, 1), new CorrelationsKernel(
            dy.View, x.View, Rows, columns, cells, mean.View, s, p));
        x.Gpu.Groups(new(columns.Count, 1, 1), new CorrelationKernel(
            s, p, columns, cells, scale.View, bySum.View, byProduct.View));
        if (dx is null) return;
        x.Gpu.Each(x.Shape.Size, new BatchNormGradientKernel(
            dy.View, x.View, Channels, mean.View, scale.View, weight is null ? 0 : 1, (weight ?? scale).View,
            training ? 1f / Rows : 0, bySum.View, byProduct.View, dx.View));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void MeasureOnGpu()
    {
        var columns = new ColumnGroups(Channels);
        var cells = columns.PiecesOf(Rows);
        Shape partial = [cells, Channels];
        using TemporaryTensor centers = new(partial, x.Device), sums = new(partial, x.Device), squares = new(partial, x.Device);
        var (c, s, q) = (centers.Tensor.View, sums.Tensor.View, squares.Tensor.View);
        x.Gpu.Groups(new(cells * columns.Count, 1, 1), new MomentsKernel(
            x.View, Rows, columns, cells, c, s, q));
        x.Gpu.Groups(new(columns.Count, 1, 1), new StatisticsKernel(
            c, s, q, Rows, columns, cells, eps, mean.View, scale.View,
            runningMean is null ? 0 : 1, momentum, (runningMean ?? mean).View, (runningVariance ?? scale).View));
    }
}

/// <summary>Mean and scale from the running statistics.</summary>
internal readonly struct RecallKernel(
    ArrayView<float> runningMean, ArrayView<float> runningVariance, float eps, ArrayView<float> mean, ArrayView<float> scale) : IItemKernel
{
    public void Run(int c)
    {
        mean[c] = runningMean[c];
        scale[c] = 1 / MathF.Sqrt(runningVariance[c] + eps);
    }
}

/// <summary>y = (x − mean)·scale·weight + bias, the last two if it is affine.</summary>
internal readonly struct NormaliseKernel(
    ArrayView<float> x, int channels, ArrayView<float> mean, ArrayView<float> scale,
    int affine, ArrayView<float> weight, ArrayView<float> bias, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var c = i % channels;
        var deviation = x[i] - mean[c];
        y[i] = affine != 0 ? deviation * (scale[c] * weight[c]) + bias[c] : deviation * scale[c];
    }
}

/// <summary>dx = scale·weight·(dy − Σdy·share − x̂·Σdy·x̂·share), where the share is 1/n in training, else 0.</summary>
internal readonly struct BatchNormGradientKernel(
    ArrayView<float> dy, ArrayView<float> x, int channels, ArrayView<float> mean, ArrayView<float> scale,
    int affine, ArrayView<float> weight, float share, ArrayView<float> sum, ArrayView<float> product, ArrayView<float> dx) : IItemKernel
{
    public void Run(int i)
    {
        var c = i % channels;
        float offset = 0, slope = 0;
        if (share > 0)          // times 0 would not do: what is not finite would spread over the channel
        {
            offset = sum[c] * share;
            slope = product[c] * scale[c] * share;
        }

        var rest = dy[i] - (offset + slope * (x[i] - mean[c]));
        dx[i] = rest * (affine != 0 ? scale[c] * weight[c] : scale[c]);
    }
}
