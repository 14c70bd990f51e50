using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Global average pooling.</summary>
public static class GlobalAvgPool2dExtensions
{
    extension(Tensor x)
    {
        /// <summary>The mean of each channel over all pixels.</summary>
        /// <returns>[N, C], where x is [N, C, H, W].</returns>
        /// <exception cref="ShapeException">x is not of rank 4, or has no pixels.</exception>
        /// <seealso href="https://arxiv.org/abs/1312.4400">Lin, Chen and Yan, 2014, §3.2</seealso>
        public Tensor GlobalAvgPool2d() => new GlobalAvgPool2dOp().Apply(x);
    }
}

internal sealed class GlobalAvgPool2dOp : Op
{
    private PoolGeometry geometry;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        var shape = x[0].Shape;
        if (shape.Rank != 4 || shape[2] == 0 || shape[3] == 0)
            throw new ShapeException($"GlobalAvgPool2d: expected N×C×H×W with at least one pixel, got {shape}.");
        geometry = new(shape, PoolAxis.Adaptive(shape[2], 1), PoolAxis.Adaptive(shape[3], 1));
        return [shape[0], shape[1]];        // stored as [N, C, 1, 1] is
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) =>
        AveragePooling.Forward(geometry, x[0], y);

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        graph.Add("Flatten", [graph.Add("GlobalAveragePool", x)]);

    protected internal override Tensor?[] Backward(Tensor dy) => [AveragePooling.Backward(geometry, dy)];
}
