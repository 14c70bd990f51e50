using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Convolutions as networks have them, all passes, against the CPU's.</summary>
[Category("Gpu")]
public sealed class GpuConvolutionTests
{
    /// <summary>A convolution's extents.</summary>
    public sealed record Geometry(
        Shape Input, int Outputs, (int H, int W) Kernel, (int H, int W) Stride, (int H, int W) Padding);

    private static readonly Geometry[] Geometries =
    [
        new([3, 96, 14, 13], 160, (5, 5), (1, 1), (2, 2)),
        new([2, 3, 67, 63], 96, (11, 11), (4, 4), (2, 2)),
        new([2, 1, 45, 47], 96, (11, 11), (4, 4), (0, 0)),
        new([1, 10, 9, 9], 10, (3, 3), (1, 1), (1, 1)),
        new([1, 1, 28, 28], 6, (5, 5), (1, 1), (0, 0)),
        new([5, 12, 13, 11], 20, (3, 5), (2, 1), (1, 2)),
        new([4, 192, 8, 8], 192, (1, 1), (1, 1), (0, 0)),
        new([3, 8, 9, 7], 12, (1, 1), (2, 2), (0, 0)),
        new([33, 8, 16, 16], 8, (3, 3), (1, 1), (1, 1)),
        new([7, 16, 5, 5], 120, (5, 5), (1, 1), (0, 0)),
        new([2, 4, 6, 5], 4, (2, 2), (3, 3), (1, 1)),
    ];

    public static IEnumerable<TestCaseData> Cases => TestDevices.Each(Geometries, (_, device) => device != "emulated");

    public static IEnumerable<TestCaseData> SplitKCases =>
        TestDevices.Each(Geometries.Where(g => g.Input[0] > 4), (_, device) => device != "emulated");

    [TestCaseSource(nameof(Cases))]
    public void All_passes_are_the_CPUs(string name, Geometry g)
    {
        var (here, there) = (Passes(g, DeviceCatalog.Open(name)), Passes(g, Device.Cpu));
        var depth = g.Input[1] * g.Kernel.H * g.Kernel.W;
        var positions = here[0].Shape.Size / g.Outputs;
        AssertNear(here[0], there[0], depth, "y");
        AssertNear(here[1], there[1], g.Outputs * g.Kernel.H * g.Kernel.W, "dx");
        AssertNear(here[2], there[2], positions, "dw");
        AssertNear(here[3], there[3], positions, "db");
    }

    /// <summary>Results are deterministic: the slices of split-K are summed in a fixed order.</summary>
    [TestCaseSource(nameof(SplitKCases))]
    public void Twice_the_same_is_the_same_bits(string name, Geometry g)
    {
        var device = DeviceCatalog.Open(name);
        foreach (var (first, second) in Passes(g, device).Zip(Passes(g, device)))
            Assert.That(second.ToArray(), Is.EqualTo(first.ToArray()));
    }

    private static Tensor[] Passes(Geometry g, Device device)
    {
        var rng = new Rng(11);
        var x = Tensor.Uniform(g.Input, -1, 1, rng, device);
        var w = Tensor.Uniform([g.Outputs, g.Input[1], g.Kernel.H, g.Kernel.W], -1, 1, rng, device);
        var b = Tensor.Uniform([g.Outputs], -1, 1, rng, device);
        foreach (var leaf in (Tensor[])[x, w, b]) leaf.RequiresGrad = true;
        var y = new Conv2dOp(g.Stride, g.Padding, relu: false) { DirectOnly = true }.Apply(x, w, b).Keep();
        y.Backward(Tensor.Uniform(y.Shape, -1, 1, rng, device));
        return [y, x.Grad!, w.Grad!, b.Grad!];
    }

    /// <param name="terms">Products of numbers in ±1 that were summed up, in float and in two orders.</param>
    private static void AssertNear(Tensor actual, Tensor expected, int terms, string what)
    {
        Assert.That(actual.Shape, Is.EqualTo(expected.Shape));
        var (right, tolerance) = (expected.ToArray(), 2 * DirectConvolutionTests.Rounding(terms));
        foreach (var (i, value) in actual.ToArray().Index())
            if (!(Math.Abs((double)value - right[i]) <= tolerance))
                Assert.Fail($"{what}: element {i} is {value}, not {right[i]}");
    }
}
