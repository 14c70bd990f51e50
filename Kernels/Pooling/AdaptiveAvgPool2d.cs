using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Average pooling to a given size.</summary>
public static class AdaptiveAvgPool2dExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// Means over windows that yield the given size: output row i covers the input rows from ⌊i·H/height⌋ up to,
        /// but not including, ⌈(i+1)·H/height⌉; columns likewise. Where height does not divide H, windows overlap by a
        /// row.
        /// </summary>
        /// <param name="height">The result's rows, at least 1.</param>
        /// <param name="width">The result's columns, at least 1.</param>
        /// <returns>[N, C, height, width], where x is [N, C, H, W].</returns>
        /// <exception cref="ShapeException">x is not of rank 4, or has no rows or no columns.</exception>
        /// <exception cref="ArgumentOutOfRangeException">An extent is less than 1.</exception>
        /// <remarks>Nothing is saved for the gradient.</remarks>
        public Tensor AdaptiveAvgPool2d(int height, int width)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
            ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
            return new AdaptiveAvgPool2dOp(height, width).Apply(x);
        }
    }
}

internal sealed class AdaptiveAvgPool2dOp(int height, int width) : Op
{
    private PoolGeometry geometry;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        var shape = x[0].Shape;
        if (shape.Rank != 4 || shape[2] == 0 || shape[3] == 0)
            throw new ShapeException($"AdaptiveAvgPool2d: expected N×C×H×W with at least one pixel, got {shape}.");
        geometry = new(shape, PoolAxis.Adaptive(shape[2], height), PoolAxis.Adaptive(shape[3], width));
        return geometry.OutputShape;
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) =>
        AveragePooling.Forward(geometry, x[0], y);

    /// <summary>ONNX has it only where all windows are of one size; otherwise it is two products.</summary>
    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x)
    {
        var (_, _, h, w) = geometry.InputShape;
        if ((h, w) == (height, width)) return x[0];
        if ((height, width) == (1, 1)) return graph.Add("GlobalAveragePool", x);
        if (h % height == 0 && w % width == 0)
        {
            int[] window = [h / height, w / width];
            return graph.Add("AveragePool", x, ("kernel_shape", window), ("strides", window));
        }

        var rows = OnnxValue.Constant([height, h], PoolAxis.Adaptive(h, height).AveragingMatrix(h));
        var columns = OnnxValue.Constant([width, w], PoolAxis.Adaptive(w, width).AveragingMatrix(w));
        var transposed = graph.Add("Transpose", [columns], ("perm", (int[])[1, 0]));
        return graph.Add("MatMul", [graph.Add("MatMul", [rows, x[0]]), transposed]);
    }

    protected internal override Tensor?[] Backward(Tensor dy) => [AveragePooling.Backward(geometry, dy)];
}
