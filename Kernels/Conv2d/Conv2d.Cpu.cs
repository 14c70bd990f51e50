namespace PyNetSharp;

/// <summary>The three passes on the processor, each a walk of <see cref="Windows"/> through a micro-kernel.</summary>
internal sealed unsafe partial class Convolution
{
    private static readonly ConvolutionKernels Kernels = ConvolutionKernels.Best;

    /// <summary>
    /// So many positions' gradients are summed in single precision, in pieces and blocks; the sums of more in double.
    /// </summary>
    private const int MostPositions = 1 << 18;

    private void Convolve(Tensor x, Tensor weight, Tensor? bias, Tensor y)
    {
        var (images, height, width, channels, outputs, kh, kw) = Extents();
        using var zeros = Zeros(x.Device, kw * channels);
        using var packed = Temporary(x.Device, Kernels.PackedSize(kh * kw * channels, outputs));
        using var start = Temporary(x.Device, Kernels.PackedSize(1, outputs));

        var cpu = x.Processor;
        Kernels.PackRows(cpu, weight.Pointer, kh * kw * channels, outputs, packed.Pointer);
        if (bias is null) start.Span.Clear();
        else Kernels.PackColumns(bias.Pointer, 1, outputs, start.Pointer);

        Slide(
            cpu,
            new Windows
            {
                Source = x.Pointer, Zeros = zeros.Pointer,
                Images = images, Height = height, Width = width, Channels = channels,
                Grid = (y.Shape[2], y.Shape[3]), Kernel = (kh, kw), Step = stride, Origin = (-padding.H, -padding.W),
            },
            packed.Pointer, start.Pointer, relu,
            new Target(y.Pointer, outputs, y.Shape[2], y.Shape[3], (1, 1), (0, 0)));
    }

    /// <summary>A convolution of dy with the flipped kernel, its input and output channels exchanged.</summary>
    /// <remarks>
    /// With a stride, the input pixels fall into stride.H·stride.W classes by their position modulo the stride, and each
    /// class meets taps of its own: so many small convolutions of stride 1, without a wasted multiplication.
    /// </remarks>
    private void GradientByInput(Tensor dy, Tensor dx)
    {
        var (images, height, width, channels, outputs, kh, kw) = Extents();
        using var zeros = Zeros(x.Device, ((kw - 1) / stride.W + 1) * outputs);
        using var packed = Temporary(x.Device, Kernels.PackedSize(kh * kw * outputs, channels));
        using var start = Temporary(x.Device, Kernels.PackedSize(1, channels));
        start.Span.Clear();

        for (var top = 0; top < Math.Min(stride.H, height); top++)
            for (var left = 0; left < Math.Min(stride.W, width); left++)
            {
                var (rows, columns) = (Phase.Of(top, kh, stride.H, padding.H), Phase.Of(left, kw, stride.W, padding.W));
                Kernels.PackFlipped(
                    x.Processor, weight.Pointer, outputs, channels, (kh, kw), rows, columns, packed.Pointer);
                Slide(
                    x.Processor,
                    new Windows
                    {
                        Source = dy.Pointer, Zeros = zeros.Pointer, Images = images, Height = dy.Shape[2], Width = dy.Shape[3],
                        Channels = outputs, Grid = ((height - top - 1) / stride.H + 1, (width - left - 1) / stride.W + 1),
                        Kernel = (rows.Taps, columns.Taps), Step = (1, 1), Origin = (rows.Origin, columns.Origin),
                    },
                    packed.Pointer, start.Pointer, relu: false,
                    new Target(dx.Pointer, channels, height, width, stride, (top, left)));
            }
    }

    private void GradientByWeight(Tensor dy, Tensor dw, Tensor db)
    {
        var (images, height, width, channels, outputs, kh, kw) = Extents();
        using var zeros = Zeros(x.Device, kw * channels);
        var windows = new Windows
        {
            Source = x.Pointer, Zeros = zeros.Pointer,
            Images = images, Height = height, Width = width, Channels = channels,
            Grid = (dy.Shape[2], dy.Shape[3]), Kernel = (kh, kw), Step = stride, Origin = (-padding.H, -padding.W),
        };
        if (windows.Positions <= MostPositions)
        {
            GradientByWeight(windows, dy.Pointer, outputs, dw.Pointer, db.Pointer);
            return;
        }

        var weights = dw.Shape.Size;
        var gradient = dy.Pointer;
        using var totals = new LongSums(x.Processor, checked(weights + outputs));
        totals.Clear();
        foreach (var part in windows.Cut(MostPositions))
        {
            GradientByWeight(part, gradient, outputs, dw.Pointer, db.Pointer);
            totals.Add(dw.Pointer, 0, weights);
            totals.Add(db.Pointer, weights, outputs);
            gradient += (nint)part.Positions * outputs;
        }

        totals.Store(dw.Pointer, 0, weights);
        totals.Store(db.Pointer, weights, outputs);
    }

    private void GradientByWeight(Windows windows, float* dy, int outputs, float* dw, float* db)
    {
        if (!Direct && WinogradKernels.ForGradient(windows, outputs) is { } winograd)
        {
            winograd.GradientByWeight(x.Processor, windows, dy, outputs, dw, db);
            return;
        }

        if (!Direct && PlanarKernels.For(windows, outputs) is { } planar)
        {
            using var totals = Temporary(x.Device, planar.GradientSize(windows, outputs));
            planar.GradientByWeight(x.Processor, windows, dy, outputs, totals.Pointer, dw, db);
            return;
        }

        using var sums = Temporary(x.Device, Kernels.GradientSize(windows, outputs));
        Kernels.GradientByWeight(x.Processor, windows, dy, outputs, sums.Pointer, dw, db);
    }

    /// <summary>The extents that the kernels see: of a linear map where the kernel is as large as its image.</summary>
    /// <remarks>
    /// Such an image and its kernel hold their numbers in one order, so these are channels of a single pixel under a 1×1
    /// kernel. As a convolution, the gradient by input would slide over padding nearly everywhere.
    /// </remarks>
    private (int Images, int Height, int Width, int Channels, int Outputs, int KernelH, int KernelW) Extents()
    {
        var (outputs, channels, kh, kw) = weight.Shape;
        var (images, _, height, width) = x.Shape;
        return padding == (0, 0) && (kh, kw) == (height, width)
            ? (images, 1, 1, kh * kw * channels, outputs, 1, 1)
            : (images, height, width, channels, outputs, kh, kw);
    }

    private void Slide(CpuDevice cpu, Windows windows, float* packed, float* start, bool relu, Target target)
    {
        if (!Direct && target.Step == (1, 1) && WinogradKernels.For(windows, target.Channels) is { } winograd)
            winograd.Slide(cpu, windows, packed, start, relu, (float*)target.Pixels, target.Channels);
        else if (!Direct && target.Step == (1, 1) && PlanarKernels.For(windows, target.Channels) is { } planar)
            planar.Slide(cpu, windows, packed, start, relu, (float*)target.Pixels, target.Channels);
        else
            Kernels.Slide(cpu, windows, packed, start, relu, target);
    }

    private static Temporary Temporary(Device device, int count) => new(device, count);

    private static Temporary Zeros(Device device, int count)
    {
        var zeros = new Temporary(device, count);
        zeros.Span.Clear();
        return zeros;
    }
}

/// <summary>The taps that reach the input pixels of one class modulo the stride, along one axis.</summary>
/// <param name="First">The smallest such tap.</param>
/// <param name="Step">The distance between two of them: the stride.</param>
/// <param name="Taps">Their number.</param>
/// <param name="Origin">The output pixel under the last tap for the first input pixel of the class.</param>
internal readonly record struct Phase(int First, int Step, int Taps, int Origin)
{
    /// <param name="pixel">The first input pixel of the class.</param>
    /// <param name="kernel">All taps of the axis.</param>
    /// <param name="stride">Of the convolution.</param>
    /// <param name="padding">Of the convolution.</param>
    public static Phase Of(int pixel, int kernel, int stride, int padding)
    {
        // Output o meets input i at tap i + padding − o·stride: the tap is congruent to i + padding, and the larger the tap
        // the smaller the output.
        var first = (pixel + padding) % stride;
        var taps = first < kernel ? (kernel - first - 1) / stride + 1 : 0;
        return new(first, stride, taps, (pixel + padding - first) / stride - taps + 1);
    }
}
