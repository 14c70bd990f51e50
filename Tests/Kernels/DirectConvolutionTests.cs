using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The direct kernels at every vector width, against sums in double from the definition.</summary>
[Category("Kernels")]
public sealed unsafe class DirectConvolutionTests
{
    /// <summary>A convolution's extents; no image is square, so that swapped axes are found.</summary>
    public sealed record Geometry(
        int Images, int Channels, int Height, int Width, int Outputs, (int H, int W) Kernel, (int H, int W) Stride,
        (int H, int W) Padding)
    {
        public int OutH => (Height + 2 * Padding.H - Kernel.H) / Stride.H + 1;

        public int OutW => (Width + 2 * Padding.W - Kernel.W) / Stride.W + 1;

        public int Depth => Kernel.H * Kernel.W * Channels;
    }

    private static readonly Geometry[] Geometries =
    [
        new(2, 17, 7, 9, 33, (3, 3), (1, 1), (1, 1)),
        new(1, 3, 11, 13, 10, (5, 5), (1, 1), (2, 2)),      // few channels: row segments, cut at both edges
        new(3, 3, 19, 17, 16, (11, 11), (4, 4), (2, 2)),
        new(2, 1, 6, 5, 6, (5, 3), (1, 2), (4, 2)),         // patches that are padding only
        new(2, 32, 5, 4, 40, (1, 1), (1, 1), (0, 0)),
        new(1, 20, 9, 8, 7, (2, 3), (3, 2), (0, 1)),        // a stride larger than the kernel on one axis
        new(1, 16, 1, 1, 1, (1, 1), (1, 1), (0, 0)),
        new(5, 18, 8, 8, 64, (3, 1), (2, 1), (1, 0)),
        new(1, 70, 5, 4, 10, (3, 3), (1, 1), (1, 1)),       // a sum of more than kc terms
        new(1, 1100, 2, 3, 36, (1, 1), (1, 1), (0, 0)),     // more channels
    ];

    private static readonly (string Name, DirectConvolution Kernels)[] Widths =
    [
        ("16 lanes", new DirectConvolution<F32x16>()), ("8 lanes", new DirectConvolution<F32x8>()),
        ("4 lanes", new DirectConvolution<F32x4>()), ("1 lane", new DirectConvolution<F32>()),
    ];

    private static IEnumerable<TestCaseData> Cases =>
        from width in Widths
        from geometry in Geometries
        select new TestCaseData(width.Name, geometry).SetArgDisplayNames(width.Name, geometry.ToString());

    [TestCaseSource(nameof(Cases))]
    public void A_convolution_equals_the_definition(string width, Geometry g)
    {
        var kernels = KernelsOf(width);
        var rng = new Rng(1);
        using var x = new CanaryBuffer(g.Images * g.Height * g.Width * g.Channels, rng);
        using var w = new CanaryBuffer(g.Outputs * g.Depth, rng);
        using var bias = new CanaryBuffer(g.Outputs, rng);
        using var y = new CanaryBuffer(g.Images * g.OutH * g.OutW * g.Outputs, rng);
        using var zeros = new CanaryBuffer(g.Kernel.W * g.Channels, null);
        using var packed = new CanaryBuffer(kernels.PackedSize(g.Depth, g.Outputs), rng);
        using var start = new CanaryBuffer(kernels.PackedSize(1, g.Outputs), rng);

        kernels.PackTransposed(Device.Cpu, w.Data, g.Depth, g.Outputs, packed.Data);
        kernels.Pack(bias.Data, 1, g.Outputs, start.Data);
        kernels.Convolve(
            Device.Cpu, CreatePatches(g, x.Data, zeros.Data), packed.Data, start.Data, relu: false,
            new StridedOutput(y.Data, g.Outputs, g.OutH, g.OutW, (1, 1), (0, 0)));

        for (var p = 0; p < g.Images * g.OutH * g.OutW; p++)
            for (var o = 0; o < g.Outputs; o++)
            {
                var expected = (double)bias.Data[o];
                for (var k = 0; k < g.Depth; k++)
                    expected += (double)w.Data[o * g.Depth + k] * InputAtTap(g, x.Data, p, k);
                var value = y.Data[p * g.Outputs + o];
                Assert.That(value, Is.EqualTo(expected).Within(Rounding(g.Depth)), $"position {p}, output {o}");
            }
    }

    [TestCaseSource(nameof(Cases))]
    public void The_weight_gradient_equals_the_definition(string width, Geometry g)
    {
        var kernels = KernelsOf(width);
        var rng = new Rng(2);
        var positions = g.Images * g.OutH * g.OutW;
        using var x = new CanaryBuffer(g.Images * g.Height * g.Width * g.Channels, rng);
        using var dy = new CanaryBuffer(positions * g.Outputs, rng);
        using var dw = new CanaryBuffer(g.Outputs * g.Depth, rng);
        using var db = new CanaryBuffer(g.Outputs, rng);
        using var zeros = new CanaryBuffer(g.Kernel.W * g.Channels, null);
        var patches = CreatePatches(g, x.Data, zeros.Data);
        using var sums = new CanaryBuffer(kernels.WeightGradientWorkspaceSize(patches, g.Outputs), rng);

        kernels.WeightGradient(Device.Cpu, patches, dy.Data, g.Outputs, g.Outputs, sums.Data, dw.Data, db.Data);

        for (var o = 0; o < g.Outputs; o++)
        {
            var expectedBias = 0.0;
            for (var p = 0; p < positions; p++) expectedBias += dy.Data[p * g.Outputs + o];
            Assert.That(db.Data[o], Is.EqualTo(expectedBias).Within(Rounding(positions)), $"db[{o}]");

            for (var k = 0; k < g.Depth; k++)
            {
                var expected = 0.0;
                for (var p = 0; p < positions; p++)
                    expected += (double)dy.Data[p * g.Outputs + o] * InputAtTap(g, x.Data, p, k);
                var value = dw.Data[o * g.Depth + k];
                Assert.That(value, Is.EqualTo(expected).Within(Rounding(positions)), $"dw[{o}, {k}]");
            }
        }
    }

    /// <summary>With few positions, where the threads divide the output channels as well.</summary>
    [Test]
    public void The_weight_gradient_does_not_depend_on_the_threads()
    {
        Assert.That(Gradient(1), Is.EqualTo(Gradient(2)));
        Assert.That(Gradient(1), Is.EqualTo(Gradient(3)));

        static float[] Gradient(int threads)
        {
            var (device, rng) = (new CpuDevice(threads), new Rng(3));
            var x = Tensor.Uniform([1, 32, 20, 20], 0, 1, rng, device);
            var w = new Parameter(Tensor.Uniform([200, 32, 1, 1], -1, 1, rng, device));
            var y = x.Conv2d(w);
            y.Backward(Tensor.Uniform(y.Shape, -1, 1, rng, device));
            return w.Grad!.ToArray();
        }
    }

    private static DirectConvolution KernelsOf(string width) => Widths.Single(w => w.Name == width).Kernels;

    internal static Patches CreatePatches(Geometry g, float* x, float* zeros) => new(
        x, zeros,
        new(
            g.Images, g.Height, g.Width, g.Channels, g.OutH, g.OutW, g.Kernel.H, g.Kernel.W, g.Stride,
            (-g.Padding.H, -g.Padding.W)));

    /// <summary>The input under tap and channel k (kernel row, kernel column, channel) of patch p.</summary>
    internal static float InputAtTap(Geometry g, float* x, int p, int k)
    {
        var (image, rest) = Math.DivRem(p, g.OutH * g.OutW);
        var (row, column) = Math.DivRem(rest, g.OutW);
        var (tap, channel) = Math.DivRem(k, g.Channels);
        var (kh, kw) = Math.DivRem(tap, g.Kernel.W);
        var (h, w) = (row * g.Stride.H - g.Padding.H + kh, column * g.Stride.W - g.Padding.W + kw);
        return h < 0 || w < 0 || h >= g.Height || w >= g.Width
            ? 0
            : x[((image * g.Height + h) * g.Width + w) * g.Channels + channel];
    }

    /// <summary>The rounding of a sum of n products of numbers in ±1: at most n roundings of sums below n.</summary>
    internal static double Rounding(int n) => 1e-6 + n * Math.Sqrt(n) * Math.Pow(2, -24);
}
