using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Average pooling.</summary>
public static class AvgPool2dExtensions
{
    extension(Tensor x)
    {
        /// <summary>The mean of each window; padding counts as zeros, or not at all.</summary>
        /// <param name="kernel">The window's height and width, at least 1.</param>
        /// <param name="stride">Down and across, at least 1; the kernel's extents if left out.</param>
        /// <param name="padding">Above and below, left and right; at most half the kernel.</param>
        /// <param name="ceilMode">
        /// Whether the number of windows is rounded up instead of down, as long as the last begins in the input or
        /// before it. The part of it beyond the padding never counts.
        /// </param>
        /// <param name="countIncludePad">
        /// Whether the sum is divided by the window's whole size, or only by the part inside the input.
        /// </param>
        /// <returns>[N, C, ⌊(H + 2·padding − kernel) / stride⌋ + 1, the same of W], where x is [N, C, H, W].</returns>
        /// <exception cref="ShapeException">
        /// x is not of rank 4, it has no channels or no pixels, or the window does not fit.
        /// </exception>
        /// <exception cref="ArgumentOutOfRangeException">Kernel, stride or padding is outside its range.</exception>
        /// <remarks>Nothing is saved for the gradient.</remarks>
        public Tensor AvgPool2d(
            (int Height, int Width) kernel, (int Height, int Width)? stride = null,
            (int Height, int Width) padding = default, bool ceilMode = false, bool countIncludePad = true) =>
            new AvgPool2dOp(new(nameof(AvgPool2d), kernel, stride, padding, ceilMode), countIncludePad).Apply(x);
    }
}

internal sealed class AvgPool2dOp(PoolOptions options, bool countIncludePad) : Op
{
    private PoolGeometry geometry;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        geometry = options.GeometryFor(x[0].Shape, countIncludePad);
        return geometry.OutputShape;
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) =>
        AveragePooling.Forward(geometry, x[0], y);

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        options.ToOnnx(graph, x[0], geometry, countIncludePad);

    protected internal override Tensor?[] Backward(Tensor dy) => [AveragePooling.Backward(geometry, dy)];
}
