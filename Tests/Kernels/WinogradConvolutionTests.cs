using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Winograd convolutions of every tile size, pass and vector width, against sums in double.</summary>
/// <remarks>
/// The bounds are the project's own: a relative L2 error of 1e-5 at most, and at most ten times that of the direct
/// kernels on the same numbers. Inputs are positive, as after a ReLU.
/// </remarks>
[Category("Kernels")]
public sealed unsafe class WinogradConvolutionTests
{
    private const double MaxError = 1e-5, MaxRatio = 10;

    /// <summary>
    /// A convolution of stride 1 with a square kernel, whose images are no whole number of tiles, with enough tiles for
    /// Winograd to be chosen.
    /// </summary>
    public sealed record Geometry(int Images, int Channels, int Height, int Width, int Outputs, int Kernel, int Padding)
    {
        public int OutH => Height + 2 * Padding - Kernel + 1;

        public int OutW => Width + 2 * Padding - Kernel + 1;

        public int Positions => Images * OutH * OutW;

        public int Depth => Kernel * Kernel * Channels;
    }

    private static readonly Geometry[] Geometries =
    [
        new(4, 48, 13, 10, 32, 5, 2),
        new(6, 16, 9, 18, 64, 5, 0),        // no padding: every patch lies inside
        new(8, 32, 9, 7, 16, 5, 4),         // as the input gradient of a convolution without padding
        new(4, 48, 13, 10, 32, 3, 1),
        new(6, 16, 8, 17, 80, 3, 0),
        new(16, 32, 13, 13, 32, 3, 1),      // AlexNet's
        new(40, 32, 6, 6, 32, 3, 1),        // tiles that cross the edge on both axes
    ];

    /// <summary>Single images, as in inference: few groups of tiles, or a part of one.</summary>
    private static readonly Geometry[] FewTiles =
    [
        new(1, 48, 8, 8, 80, 3, 1), new(1, 96, 13, 13, 64, 3, 1), new(1, 48, 16, 16, 96, 5, 2),
        new(1, 16, 5, 9, 16, 3, 1),
    ];

    private static IEnumerable<TestCaseData> Cases =>
        from width in (int[])[16, 8, 4, 1]
        from geometry in Geometries.Concat(FewTiles)
        from tile in TilesFor(geometry)
        select new TestCaseData(width, tile, geometry)
            .SetArgDisplayNames($"{width} lanes", $"tiles of {tile}", geometry.ToString());

    /// <summary>For the weight gradient: many tiles of 5×5 kernels, and no more padding than half the kernel.</summary>
    private static IEnumerable<TestCaseData> CasesWithManyTiles =>
        from width in (int[])[16, 8, 4, 1]
        from geometry in Geometries
        where geometry.Padding <= geometry.Kernel / 2
        from tile in TilesFor(geometry)
        let many = geometry with { Images = (geometry.Kernel == 5 ? 5 : 1) * geometry.Images }
        select new TestCaseData(width, tile, many)
            .SetArgDisplayNames($"{width} lanes", $"tiles of {tile}", many.ToString());

    private static int[] TilesFor(Geometry geometry) => geometry.Kernel == 3 ? [4, 5] : [4];

    [TestCaseSource(nameof(Cases))]
    public void A_convolution_is_as_exact_as_promised(int width, int tile, Geometry g)
    {
        var (direct, winograd) = KernelsOf(width, g.Kernel, tile);
        var rng = new Rng(1);
        using var x = Positive(g.Images * g.Height * g.Width * g.Channels, rng);
        using var w = new CanaryBuffer(g.Outputs * g.Depth, rng);
        using var bias = new CanaryBuffer(g.Outputs, rng);
        using var zeros = new CanaryBuffer(g.Kernel * g.Channels, null);
        using var packed = new CanaryBuffer(direct.PackedSize(g.Depth, g.Outputs), rng);
        using var start = new CanaryBuffer(direct.PackedSize(1, g.Outputs), rng);
        using var y = new CanaryBuffer(g.Positions * g.Outputs, rng);
        using var simple = new CanaryBuffer(g.Positions * g.Outputs, rng);
        direct.PackTransposed(Device.Cpu, w.Data, g.Depth, g.Outputs, packed.Data);
        direct.Pack(bias.Data, 1, g.Outputs, start.Data);
        var patches = CreatePatches(g, x.Data, zeros.Data);

        using var filters = new CanaryBuffer(winograd.FilterSize(g.Channels, g.Outputs), rng);
        winograd.TransformFilters(Device.Cpu, packed.Data, g.Channels, g.Outputs, filters.Data);
        winograd.Convolve(
            Device.Cpu, patches, filters.Data, areTransformed: true, start.Data, relu: true, y.Data, g.Outputs);
        direct.Convolve(
            Device.Cpu, patches, packed.Data, start.Data, relu: true,
            new StridedOutput(simple.Data, g.Outputs, g.OutH, g.OutW, (1, 1), (0, 0)));

        var expected = new double[g.Positions * g.Outputs];
        for (var p = 0; p < g.Positions; p++)
            for (var o = 0; o < g.Outputs; o++)
            {
                var sum = (double)bias.Data[o];
                for (var k = 0; k < g.Depth; k++) sum += (double)w.Data[o * g.Depth + k] * InputAtTap(g, x.Data, p, k);
                expected[p * g.Outputs + o] = Math.Max(sum, 0);
            }

        AssertExact(y.Data, simple.Data, expected);
    }

    [TestCaseSource(nameof(CasesWithManyTiles))]
    public void The_weight_gradient_is_as_exact_as_promised(int width, int tile, Geometry g)
    {
        var (direct, winograd) = KernelsOf(width, g.Kernel, tile);
        var rng = new Rng(2);
        using var x = Positive(g.Images * g.Height * g.Width * g.Channels, rng);
        using var dy = new CanaryBuffer(g.Positions * g.Outputs, rng);
        using var zeros = new CanaryBuffer(g.Kernel * g.Channels, null);
        using var dw = new CanaryBuffer(g.Outputs * g.Depth, rng);
        using var db = new CanaryBuffer(g.Outputs, rng);
        using var simple = new CanaryBuffer(g.Outputs * g.Depth, rng);
        using var simpleBias = new CanaryBuffer(g.Outputs, rng);
        var patches = CreatePatches(g, x.Data, zeros.Data);
        using var sums = new CanaryBuffer(direct.WeightGradientWorkspaceSize(patches, g.Outputs), rng);

        winograd.WeightGradient(Device.Cpu, patches, dy.Data, g.Outputs, dw.Data, db.Data);
        direct.WeightGradient(
            Device.Cpu, patches, dy.Data, g.Outputs, g.Outputs, sums.Data, simple.Data, simpleBias.Data);

        var (weights, biases) = (new double[g.Outputs * g.Depth], new double[g.Outputs]);
        for (var p = 0; p < g.Positions; p++)
            for (var k = 0; k < g.Depth; k++)
            {
                var input = (double)InputAtTap(g, x.Data, p, k);
                for (var o = 0; o < g.Outputs; o++) weights[o * g.Depth + k] += dy.Data[p * g.Outputs + o] * input;
            }

        for (var i = 0; i < g.Positions * g.Outputs; i++) biases[i % g.Outputs] += dy.Data[i];
        AssertExact(dw.Data, simple.Data, weights);
        AssertExact(db.Data, simpleBias.Data, biases);
    }

    /// <summary>The op's three passes on 1 and on 3 threads, at a size for which Winograd is chosen.</summary>
    [TestCase(3)]
    [TestCase(5)]
    public void Results_do_not_depend_on_the_threads(int kernel)
    {
        Assert.That(Results(1), Is.EqualTo(Results(3)));

        float[][] Results(int threads)
        {
            var (device, rng) = (new CpuDevice(threads), new Rng(3));
            var x = new Parameter(Tensor.Uniform([4, 32, 16, 16], 0, 1, rng, device));
            var w = new Parameter(Tensor.Uniform([48, 32, kernel, kernel], -1, 1, rng, device));
            var b = new Parameter(Tensor.Uniform([48], -1, 1, rng, device));
            var y = x.Conv2d(w, b, padding: kernel / 2);
            var dy = Tensor.Uniform(y.Shape, -1, 1, rng, device);
            var result = y.ToArray();
            y.Backward(dy);
            return [result, x.Grad!.ToArray(), w.Grad!.ToArray(), b.Grad!.ToArray()];
        }
    }

    private static void AssertExact(float* actual, float* direct, double[] expected)
    {
        var (error, floor) = (Error(actual, expected), Error(direct, expected));
        Assert.That(error, Is.LessThanOrEqualTo(MaxError));
        Assert.That(error, Is.LessThanOrEqualTo(MaxRatio * floor), "times the direct kernel's error");
    }

    /// <summary>‖actual − expected‖ / ‖expected‖</summary>
    private static double Error(float* actual, double[] expected)
    {
        double difference = 0, norm = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            norm += expected[i] * expected[i];
        }

        return Math.Sqrt(difference / norm);
    }

    private static (DirectConvolution Direct, WinogradConvolution Winograd) KernelsOf(
        int width, int kernel, int tile) => width switch
    {
        16 => (new DirectConvolution<F32x16>(), WinogradOf<F32x16>(kernel, tile)),
        8 => (new DirectConvolution<F32x8>(), WinogradOf<F32x8>(kernel, tile)),
        4 => (new DirectConvolution<F32x4>(), WinogradOf<F32x4>(kernel, tile)),
        _ => (new DirectConvolution<F32>(), WinogradOf<F32>(kernel, tile)),
    };

    private static WinogradConvolution WinogradOf<V>(int kernel, int tile)
        where V : struct, IVector<V> => (kernel, tile) switch
    {
        (5, 4) => new WinogradConvolution<V, F4x5>(),
        (3, 5) => new WinogradConvolution<V, F5x3>(),
        _ => new WinogradConvolution<V, F4x3>(),
    };

    private static CanaryBuffer Positive(int count, Rng rng)
    {
        var x = new CanaryBuffer(count, rng);
        for (var i = 0; i < count; i++) x.Data[i] = Math.Max(x.Data[i], 0);
        return x;
    }

    private static Patches CreatePatches(Geometry g, float* x, float* zeros) => new(
        x, zeros,
        new(
            g.Images, g.Height, g.Width, g.Channels, g.OutH, g.OutW, g.Kernel, g.Kernel, (1, 1),
            (-g.Padding, -g.Padding)));

    /// <summary>The input under tap and channel k (kernel row, kernel column, channel) of patch p.</summary>
    private static float InputAtTap(Geometry g, float* x, int p, int k)
    {
        var (image, rest) = Math.DivRem(p, g.OutH * g.OutW);
        var (row, column) = Math.DivRem(rest, g.OutW);
        var (tap, channel) = Math.DivRem(k, g.Channels);
        var (h, w) = (row - g.Padding + tap / g.Kernel, column - g.Padding + tap % g.Kernel);
        return h < 0 || w < 0 || h >= g.Height || w >= g.Width
            ? 0
            : x[((image * g.Height + h) * g.Width + w) * g.Channels + channel];
    }
}
