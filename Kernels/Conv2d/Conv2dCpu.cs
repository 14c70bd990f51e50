using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp;

/// <summary>The three passes on the processor, each a walk of <see cref="PatchGrid"/> through a micro-kernel.</summary>
internal sealed unsafe partial class Conv2dOp
{
    private static readonly DirectConvolution DirectKernels = DirectConvolution.Widest;

    /// <summary>
    /// So many positions' gradients are summed in single precision, in pieces and blocks; the sums of more in double.
    /// </summary>
    private const int MaxPositionsInFloat = 1 << 18;

    private void Forward(Tensor x, Tensor weight, Tensor? bias, Tensor y)
    {
        var (images, height, width, channels, outputs, kh, kw) = ProblemSize();
        using var zeros = NewZeroBuffer(x.Device, kw * channels);
        using var packed = NewWorkspace(x.Device, DirectKernels.PackedSize(kh * kw * channels, outputs));
        using var start = NewWorkspace(x.Device, DirectKernels.PackedSize(1, outputs));

        var cpu = x.Cpu;
        DirectKernels.PackRows(cpu, weight.Pointer, kh * kw * channels, outputs, packed.Pointer);
        if (bias is null) start.Span.Clear();
        else DirectKernels.PackColumns(bias.Pointer, 1, outputs, start.Pointer);

        Dispatch(
            cpu,
            new PatchGrid
            {
                Pixels = x.Pointer, ZeroBuffer = zeros.Pointer,
                Images = images, Height = height, Width = width, Channels = channels,
                OutputSize = (y.Shape[2], y.Shape[3]), KernelSize = (kh, kw), Stride = stride, Origin = (-padding.H, -padding.W),
            },
            packed.Pointer, start.Pointer, relu,
            new StridedOutput(y.Pointer, outputs, y.Shape[2], y.Shape[3], (1, 1), (0, 0)));
    }

    /// <summary>A convolution of dy with the flipped kernel, its input and output channels exchanged.</summary>
    /// <remarks>
    /// With a stride, the input pixels fall into stride.H·stride.W classes by their position modulo the stride, and each
    /// class meets taps of its own: so many small convolutions of stride 1, without a wasted multiplication.
    /// </remarks>
    private void InputGradient(Tensor dy, Tensor dx)
    {
        var (images, height, width, channels, outputs, kh, kw) = ProblemSize();
        using var zeros = NewZeroBuffer(x.Device, ((kw - 1) / stride.W + 1) * outputs);
        using var packed = NewWorkspace(x.Device, DirectKernels.PackedSize(kh * kw * outputs, channels));
        using var start = NewWorkspace(x.Device, DirectKernels.PackedSize(1, channels));
        start.Span.Clear();

        for (var top = 0; top < Math.Min(stride.H, height); top++)
            for (var left = 0; left < Math.Min(stride.W, width); left++)
            {
                var (rows, columns) = (SubconvolutionAxis.For(top, kh, stride.H, padding.H), SubconvolutionAxis.For(left, kw, stride.W, padding.W));
                DirectKernels.PackSubconvolution(
                    x.Cpu, weight.Pointer, outputs, channels, (kh, kw), rows, columns, packed.Pointer);
                Dispatch(
                    x.Cpu,
                    new PatchGrid
                    {
                        Pixels = dy.Pointer, ZeroBuffer = zeros.Pointer, Images = images, Height = dy.Shape[2], Width = dy.Shape[3],
                        Channels = outputs, OutputSize = ((height - top - 1) / stride.H + 1, (width - left - 1) / stride.W + 1),
                        KernelSize = (rows.Taps, columns.Taps), Stride = (1, 1), Origin = (rows.Origin, columns.Origin),
                    },
                    packed.Pointer, start.Pointer, relu: false,
                    new StridedOutput(dx.Pointer, channels, height, width, stride, (top, left)));
            }
    }

    private void WeightGradient(Tensor dy, Tensor dw, Tensor db)
    {
        var (images, height, width, channels, outputs, kh, kw) = ProblemSize();
        using var zeros = NewZeroBuffer(x.Device, kw * channels);
        var windows = new PatchGrid
        {
            Pixels = x.Pointer, ZeroBuffer = zeros.Pointer,
            Images = images, Height = height, Width = width, Channels = channels,
            OutputSize = (dy.Shape[2], dy.Shape[3]), KernelSize = (kh, kw), Stride = stride, Origin = (-padding.H, -padding.W),
        };
        if (windows.Positions <= MaxPositionsInFloat)
        {
            WeightGradient(windows, dy.Pointer, outputs, dw.Pointer, db.Pointer);
            return;
        }

        var weights = dw.Shape.Size;
        var gradient = dy.Pointer;
        using var totals = new DoubleAccumulators(x.Cpu, checked(weights + outputs));
        totals.Clear();
        foreach (var part in windows.Split(MaxPositionsInFloat))
        {
            WeightGradient(part, gradient, outputs, dw.Pointer, db.Pointer);
            totals.Add(dw.Pointer, 0, weights);
            totals.Add(db.Pointer, weights, outputs);
            gradient += (nint)part.Positions * outputs;
        }

        totals.Store(dw.Pointer, 0, weights);
        totals.Store(db.Pointer, weights, outputs);
    }

    private void WeightGradient(PatchGrid windows, float* dy, int outputs, float* dw, float* db)
    {
        if (!ForceDirect && WinogradConvolution.ForWeightGradient(windows, outputs) is { } winograd)
        {
            winograd.WeightGradient(x.Cpu, windows, dy, outputs, dw, db);
            return;
        }

        if (!ForceDirect && FewChannelsConvolution.For(windows, outputs) is { } planar)
        {
            using var totals = NewWorkspace(x.Device, planar.WeightGradientWorkspaceSize(windows, outputs));
            planar.WeightGradient(x.Cpu, windows, dy, outputs, totals.Pointer, dw, db);
            return;
        }

        using var sums = NewWorkspace(x.Device, DirectKernels.WeightGradientWorkspaceSize(windows, outputs));
        DirectKernels.WeightGradient(x.Cpu, windows, dy, outputs, sums.Pointer, dw, db);
    }

    /// <summary>The extents that the kernels see: of a linear map where the kernel is as large as its image.</summary>
    /// <remarks>
    /// Such an image and its kernel hold their numbers in one order, so these are channels of a single pixel under a 1×1
    /// kernel. As a convolution, the gradient by input would slide over padding nearly everywhere.
    /// </remarks>
    private (int Images, int Height, int Width, int Channels, int Outputs, int KernelH, int KernelW) ProblemSize()
    {
        var (outputs, channels, kh, kw) = weight.Shape;
        var (images, _, height, width) = x.Shape;
        return padding == (0, 0) && (kh, kw) == (height, width)
            ? (images, 1, 1, kh * kw * channels, outputs, 1, 1)
            : (images, height, width, channels, outputs, kh, kw);
    }

    private void Dispatch(CpuDevice cpu, PatchGrid windows, float* packed, float* start, bool relu, StridedOutput target)
    {
        if (!ForceDirect && target.Stride == (1, 1) && WinogradConvolution.For(windows, target.Channels) is { } winograd)
            winograd.Convolve(cpu, windows, packed, start, relu, (float*)target.Pixels, target.Channels);
        else if (!ForceDirect && target.Stride == (1, 1) && FewChannelsConvolution.For(windows, target.Channels) is { } planar)
            planar.Convolve(cpu, windows, packed, start, relu, (float*)target.Pixels, target.Channels);
        else
            DirectKernels.Convolve(cpu, windows, packed, start, relu, target);
    }

    private static Workspace NewWorkspace(Device device, int count) => new(device, count);

    private static Workspace NewZeroBuffer(Device device, int count)
    {
        var zeros = new Workspace(device, count);
        zeros.Span.Clear();
        return zeros;
    }
}

/// <summary>The taps that reach the input pixels of one class modulo the stride, along one axis.</summary>
/// <param name="FirstTap">The smallest such tap.</param>
/// <param name="TapStride">The distance between two of them: the stride.</param>
/// <param name="Taps">Their number.</param>
/// <param name="Origin">The output pixel under the last tap for the first input pixel of the class.</param>
internal readonly record struct SubconvolutionAxis(int FirstTap, int TapStride, int Taps, int Origin)
{
    /// <param name="pixel">The first input pixel of the class.</param>
    /// <param name="kernel">All taps of the axis.</param>
    /// <param name="stride">Of the convolution.</param>
    /// <param name="padding">Of the convolution.</param>
    public static SubconvolutionAxis For(int pixel, int kernel, int stride, int padding)
    {
        // Output o meets input i at tap i + padding − o·stride: the tap is congruent to i + padding, and the larger the tap
        // the smaller the output.
        var first = (pixel + padding) % stride;
        var taps = first < kernel ? (kernel - first - 1) / stride + 1 : 0;
        return new(first, stride, taps, (pixel + padding - first) / stride - taps + 1);
    }
}
