using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Max pooling.</summary>
public static class MaxPool2dExtensions
{
    extension(Tensor x)
    {
        /// <summary>The greatest number in each window; padding counts as −∞. A NaN in a window is its maximum.</summary>
        /// <param name="kernel">The window's height and width, at least 1.</param>
        /// <param name="stride">Down and across, at least 1; the kernel's extents if left out.</param>
        /// <param name="padding">Above and below, left and right; at most half the kernel.</param>
        /// <param name="ceilMode">
        /// Whether the number of windows is rounded up instead of down, as long as the last begins in the input or before it.
        /// </param>
        /// <returns>[n, c, ⌊(h + 2·padding − kernel) / stride⌋ + 1, the same of w], where x is [n, c, h, w].</returns>
        /// <exception cref="ShapeException">
        /// x has not rank 4, it has no channels or no pixels, or the window does not fit.
        /// </exception>
        /// <exception cref="ArgumentOutOfRangeException">Kernel, stride or padding is outside its range.</exception>
        /// <remarks>
        /// The gradient goes to the first of equal maxima, rows before columns. What is kept for it is one byte per
        /// output, the winner's place in its window (four bytes where windows hold more than 256 inputs).
        /// </remarks>
        public Tensor MaxPool2d(
            (int Height, int Width) kernel, (int Height, int Width)? stride = null, (int Height, int Width) padding = default,
            bool ceilMode = false) =>
            new MaxPool2dOp(new(nameof(MaxPool2d), kernel, stride, padding, ceilMode)).Apply(x);
    }
}

internal sealed partial class MaxPool2dOp(PoolOptions options) : Op
{
    private Shape shape = null!;
    private PoolAxis rows = null!, columns = null!;
    private Tensor? argmax;         // per output the winner's number in its window, in bytes or uints, packed into floats

    private bool ArgmaxFitsInByte => (long)rows.MaxWindowLength * columns.MaxWindowLength <= 256;

    internal override string Name => "MaxPool2d";

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        shape = x[0].Shape;
        (rows, columns) = options.AxesFor(shape);
        return [shape[0], shape[1], rows.Outputs, columns.Outputs];
    }

    protected override unsafe void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        if (IsRecorded) argmax = Save(new Tensor([ArgmaxFitsInByte ? (y.Shape.Size + 3) / 4 : y.Shape.Size], y.Device));
        if (!y.IsOnCpu)
        {
            ForwardOnGpu(x[0], y);
            return;
        }

        var place = argmax is null ? null : argmax.Pointer;
        if (ArgmaxFitsInByte) MaxOverWindows(x[0], y, (byte*)place);
        else MaxOverWindows(x[0], y, (uint*)place);
    }

    protected internal override unsafe Tensor?[] Backward(Tensor dy)
    {
        var dx = new Tensor(shape, dy.Device);
        if (!dy.IsOnCpu) BackwardOnGpu(dy, dx);
        else if (ArgmaxFitsInByte) GatherGradient(dy, (byte*)argmax!.Pointer, dx);
        else GatherGradient(dy, (uint*)argmax!.Pointer, dx);
        return [dx];
    }
}
