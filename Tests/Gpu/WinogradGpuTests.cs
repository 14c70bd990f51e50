using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Winograd convolutions of every tile size and pass on GPUs, against sums in double.</summary>
/// <remarks>The bounds and the inputs are those of <see cref="WinogradConvolutionTests"/>.</remarks>
[Category("Gpu"), Category("Slow")]
public sealed class WinogradGpuTests
{
    private const double MaxError = 1e-5, MaxRatio = 10;

    /// <summary>A convolution of stride 1 and a kind of tiles.</summary>
    public sealed record Geometry(Shape Input, int Outputs, int Kernel, int Padding, int Tile)
    {
        internal PatchGeometry Patches => Problem.InputPatches;

        internal Conv2dProblem Problem => Conv2dProblem.Create(
            Input, [Outputs, Input[1], Kernel, Kernel], [Outputs], (1, 1), (Padding, Padding), (1, 1), 1);
    }

    private static readonly Geometry[] Geometries =
    [
        new([6, 16, 13, 10], 36, 3, 1, Tile: 4),        // channels beyond a group of 32; two blocks of 36 tiles
        new([3, 20, 7, 6], 8, 3, 0, Tile: 4),
        new([2, 16, 13, 10], 36, 3, 1, Tile: 5),
        new([3, 20, 7, 6], 8, 3, 2, Tile: 5),           // as the input gradient of a convolution without padding
        new([24, 8, 13, 9], 12, 5, 2, Tile: 4),
        new([28, 12, 14, 10], 8, 5, 0, Tile: 4),
    ];

    public static IEnumerable<TestCaseData> Cases => TestDevices.Each(Geometries);

    /// <summary>For the weight gradient: no more padding than half the kernel.</summary>
    public static IEnumerable<TestCaseData> WeightGradientCases =>
        TestDevices.Each(Geometries.Where(g => g.Padding <= g.Kernel / 2));

    [TestCaseSource(nameof(Cases))]
    public void A_convolution_is_as_exact_as_promised(string name, Geometry g)
    {
        var device = DeviceCatalog.Open(name);
        var (x, w, b, problem) = (Input(g, device), Weight(g, device), Bias(g, device), g.Problem);
        var y = new Tensor([problem.N, problem.K, problem.P, problem.Q], device);
        Of(g.Patches, g.Outputs, g.Tile).Convolve(x, w, b, relu: true, y);

        var expected = Sums(Taps(problem, (y, x, w) => (y, x, w)), x, w, y.Shape);
        var bias = b.ToArray();
        var pixels = problem.P * problem.Q;
        for (var i = 0; i < expected.Length; i++)
            expected[i] = Math.Max(expected[i] + bias[i / pixels % problem.K], 0);
        using var noGrad = GradMode.NoGrad();
        var direct = new Conv2dOp((1, 1), (g.Padding, g.Padding), relu: true) { DirectOnly = true }.Apply(
            Input(g, Device.Cpu), Weight(g, Device.Cpu), Bias(g, Device.Cpu));
        AssertExact(y, direct, expected);
    }

    [TestCaseSource(nameof(Cases))]
    public void An_input_gradient_is_as_exact_as_promised(string name, Geometry g)
    {
        var (device, problem) = (DeviceCatalog.Open(name), g.Problem);
        Shape yShape = [problem.N, problem.K, problem.P, problem.Q];
        var (dy, w) = (Tensor.Uniform(yShape, 0, 1, new(4), device), Weight(g, device));
        var dx = new Tensor(g.Input, device);
        Of(problem.GetSubconvolution(0).Patches, problem.C, g.Tile)
            .Convolve(dy, w, bias: null, relu: false, dx, isInputGradient: true);

        var expected = Sums(Taps(problem, (y, x, w) => (x, y, w)), dy, w, g.Input);
        AssertExact(dx, DirectGradients(g)[0], expected);
    }

    [TestCaseSource(nameof(WeightGradientCases))]
    public void A_weight_gradient_is_as_exact_as_promised(string name, Geometry g)
    {
        var (device, problem) = (DeviceCatalog.Open(name), g.Problem);
        Shape yShape = [problem.N, problem.K, problem.P, problem.Q];
        var (x, dy) = (Input(g, device), Tensor.Uniform(yShape, 0, 1, new(4), device));
        var dw = new Tensor([g.Outputs, g.Input[1], g.Kernel, g.Kernel], device);
        var db = new Tensor([g.Outputs], device);
        Of(g.Patches, g.Outputs, g.Tile).WeightGradient(dy, x, dw, db);

        var direct = DirectGradients(g);
        AssertExact(dw, direct[1], Sums(Taps(problem, (y, x, w) => (w, x, y)), x, dy, dw.Shape));
        var biases = new double[g.Outputs];
        foreach (var (i, value) in dy.ToArray().Index()) biases[i / (problem.P * problem.Q) % g.Outputs] += value;
        AssertExact(db, direct[2], biases);
    }

    [Test]
    public void The_layers_of_networks_are_computed_so()
    {
        var gpu = (GpuDevice)DeviceCatalog.Open("emulated");
        Assert.That(
            WinogradGpu.ForConvolution(Layer(128, 96, 192, 16, 5), 192, gpu), Is.InstanceOf<WinogradGpu<F4x5Gpu>>());
        Assert.That(
            WinogradGpu.ForConvolution(Layer(256, 384, 256, 13, 3), 256, gpu), Is.InstanceOf<WinogradGpu<F5x3Gpu>>());
        Assert.That(WinogradGpu.ForConvolution(Layer(1, 4, 4, 3, 3), 4, gpu), Is.Null, "too little to pay");
        Assert.That(WinogradGpu.ForConvolution(Layer(128, 3, 192, 32, 5), 192, gpu), Is.Null, "three channels");

        static PatchGeometry Layer(int images, int channels, int outputs, int size, int kernel) => Conv2dProblem.Create(
            [images, channels, size, size], [outputs, channels, kernel, kernel], null, (1, 1),
            (kernel / 2, kernel / 2), (1, 1), 1).InputPatches;
    }

    /// <summary>In blocks of the fewest tiles: 64.</summary>
    private static WinogradGpu Of(PatchGeometry patches, int outputs, int tile) => (patches.R, tile) switch
    {
        (5, _) => new WinogradGpu<F4x5Gpu>(patches, outputs) { BlockSize = 1 },
        (_, 5) => new WinogradGpu<F5x3Gpu>(patches, outputs) { BlockSize = 1 },
        _ => new WinogradGpu<F4x3Gpu>(patches, outputs) { BlockSize = 1 },
    };

    private static Tensor Input(Geometry g, Device device) => Tensor.Uniform(g.Input, 0, 1, new(1), device);

    private static Tensor Weight(Geometry g, Device device) =>
        Tensor.Uniform([g.Outputs, g.Input[1], g.Kernel, g.Kernel], -1, 1, new(2), device);

    private static Tensor Bias(Geometry g, Device device) => Tensor.Uniform([g.Outputs], -1, 1, new(3), device);

    /// <summary>The gradients of x, w and b by the CPU's direct kernels.</summary>
    private static Tensor[] DirectGradients(Geometry g)
    {
        Tensor[] leaves = [Input(g, Device.Cpu), Weight(g, Device.Cpu), Bias(g, Device.Cpu)];
        foreach (var leaf in leaves) leaf.RequiresGrad = true;
        var y = new Conv2dOp((1, 1), (g.Padding, g.Padding), relu: false) { DirectOnly = true }.Apply(leaves);
        y.Backward(Tensor.Uniform(y.Shape, 0, 1, new(4)));
        return [.. leaves.Select(leaf => leaf.Grad!)];
    }

    /// <summary>Which element of the result each multiplication adds to, and which two it multiplies.</summary>
    private static IEnumerable<(int Result, int First, int Second)> Taps(
        Conv2dProblem p, Func<int, int, int, (int, int, int)> roles)
    {
        for (var n = 0; n < p.N; n++)
            for (var k = 0; k < p.K; k++)
                for (var row = 0; row < p.P; row++)
                    for (var column = 0; column < p.Q; column++)
                        for (var tap = 0; tap < p.R * p.S; tap++)
                        {
                            var (h, w) = (row - p.Padding.H + tap / p.S, column - p.Padding.W + tap % p.S);
                            if ((uint)h >= p.H || (uint)w >= p.W) continue;
                            var y = ((n * p.K + k) * p.P + row) * p.Q + column;
                            for (var c = 0; c < p.C; c++)
                                yield return roles(
                                    y, ((n * p.C + c) * p.H + h) * p.W + w, (k * p.C + c) * p.R * p.S + tap);
                        }
    }

    private static double[] Sums(
        IEnumerable<(int Result, int First, int Second)> taps, Tensor first, Tensor second, Shape shape)
    {
        var (a, b, sums) = (first.ToArray(), second.ToArray(), new double[shape.Size]);
        foreach (var (result, i, j) in taps) sums[result] += (double)a[i] * b[j];
        return sums;
    }

    private static void AssertExact(Tensor actual, Tensor direct, double[] expected)
    {
        var (error, floor) = (Error(actual, expected), Error(direct, expected));
        Assert.That(error, Is.LessThanOrEqualTo(MaxError));
        Assert.That(error, Is.LessThanOrEqualTo(MaxRatio * floor), "times the direct kernels' error");
    }

    /// <summary>‖actual − expected‖ / ‖expected‖</summary>
    private static double Error(Tensor actual, double[] expected)
    {
        double difference = 0, norm = 0;
        foreach (var (i, value) in actual.ToArray().Index())
        {
            difference += (value - expected[i]) * (value - expected[i]);
            norm += expected[i] * expected[i];
        }

        return Math.Sqrt(difference / norm);
    }
}
