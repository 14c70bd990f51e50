using System.Runtime.CompilerServices;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Max pooling.</summary>
public static class MaxPool2dExtensions
{
    extension(Tensor x)
    {
        /// <summary>The maximum of each window; padding counts as −∞. A NaN in a window is its maximum.</summary>
        /// <param name="kernel">The window's height and width, at least 1.</param>
        /// <param name="stride">Down and across, at least 1; the kernel's extents if left out.</param>
        /// <param name="padding">Above and below, left and right; at most half the kernel.</param>
        /// <param name="dilation">
        /// Inputs from one that a window covers to the next, down and across; at least 1, which is the default.
        /// </param>
        /// <param name="ceilMode">
        /// Whether the number of windows is rounded up instead of down, as long as the last begins in the input or
        /// before it.
        /// </param>
        /// <returns>
        /// [N, C, ⌊(H + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1, the same of W], where x is [N, C, H, W].
        /// </returns>
        /// <exception cref="ShapeException">
        /// x is not of rank 4, it has no channels or no pixels, the window does not fit, or one would cover padding
        /// alone.
        /// </exception>
        /// <exception cref="ArgumentOutOfRangeException">
        /// Kernel, stride, padding or dilation is outside its range.
        /// </exception>
        /// <remarks>
        /// The gradient goes to the first of equal maxima, rows before columns. Saved for it is one byte per output,
        /// the maximum's index in its window (four bytes where windows hold more than 256 inputs).
        /// </remarks>
        public Tensor MaxPool2d(
            (int Height, int Width) kernel, (int Height, int Width)? stride = null,
            (int Height, int Width) padding = default, (int Height, int Width)? dilation = null,
            bool ceilMode = false) =>
            new MaxPool2dOp(new(nameof(MaxPool2d), kernel, stride, padding, ceilMode, dilation)).Apply(x);
    }
}

/// <summary>Max pooling on one kind of device.</summary>
/// <remarks>
/// argmax holds each maximum's index in its window, in bytes or ints (<see cref="PoolGeometry.IndexFitsInByte"/>).
/// </remarks>
internal interface IMaxPool2d
{
    /// <summary>The maxima, and where they were found unless <paramref name="argmax"/> is null.</summary>
    void Forward(PoolGeometry geometry, Tensor x, Tensor y, Tensor? argmax);

    /// <summary>Each input's gradient: the sum of dy over the windows of which it is the maximum.</summary>
    void Backward(PoolGeometry geometry, Tensor dy, Tensor argmax, Tensor dx);
}

internal sealed class MaxPool2dOp(PoolOptions options) : Op
{
    private PoolGeometry geometry;
    private Tensor? argmax;         // bytes or ints, stored as floats

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        geometry = options.GeometryFor(x[0].Shape);
        return geometry.OutputShape;
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        if (IsRecorded)
            argmax = Save(new Tensor([geometry.IndexFitsInByte ? (y.Shape.Size + 3) / 4 : y.Shape.Size], y.Device));
        On(y).Forward(geometry, x[0], y, argmax);
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        options.ToOnnx(graph, x[0], geometry);

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = new Tensor(geometry.InputShape, dy.Device);
        On(dy).Backward(geometry, dy, argmax!, dx);
        return [dx];
    }

    private static IMaxPool2d On(Tensor tensor) => tensor.IsOnCpu ? MaxPool2dCpu.Instance : Gpu();

    /// <summary>A method of its own, so that a process that uses only CPUs does not load ILGPU.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static MaxPool2dGpu Gpu() => MaxPool2dGpu.Instance;
}
