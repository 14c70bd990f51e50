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
        /// Whether the number of windows is rounded up instead of down, as long as the last begins in the input or before
        /// it. What of it lies beyond the padding never counts.
        /// </param>
        /// <param name="countIncludePad">Whether the sum is divided by all places of the window or only by those in the input.</param>
        /// <returns>[n, c, ⌊(h + 2·padding − kernel) / stride⌋ + 1, the same of w], where x is [n, c, h, w].</returns>
        /// <exception cref="ShapeException">
        /// x has not rank 4, it has no channels or no pixels, or the window does not fit.
        /// </exception>
        /// <exception cref="ArgumentOutOfRangeException">Kernel, stride or padding is outside its range.</exception>
        /// <remarks>Nothing is kept for the gradient.</remarks>
        public Tensor AvgPool2d(
            (int Height, int Width) kernel, (int Height, int Width)? stride = null, (int Height, int Width) padding = default,
            bool ceilMode = false, bool countIncludePad = true) =>
            new AvgPool2dOp(new(nameof(AvgPool2d), kernel, stride, padding, ceilMode), countIncludePad).Apply(x);
    }
}

internal sealed class AvgPool2dOp(PoolOptions options, bool countIncludePad) : Op
{
    private AveragePooling pooling = null!;

    internal override string Name => "AvgPool2d";

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        var (rows, columns) = options.AxesFor(x[0].Shape, countIncludePad);
        pooling = new(x[0].Shape, rows, columns);
        return pooling.OutputShape;
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => pooling.Forward(x[0], y);

    protected internal override Tensor?[] Backward(Tensor dy) => [pooling.Backward(dy)];
}
