using System.Runtime.Intrinsics;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Which algorithm is chosen for known layers, and that it is the one that runs.</summary>
[Category("Kernels")]
public sealed class Conv2dPlanTests
{
    private const string Direct = "direct", FewChannels = "few channels", Linear = "linear";
    private const string F4x3 = "Winograd F(4×4, 3×3)", F5x3 = "Winograd F(5×5, 3×3)", F4x5 = "Winograd F(4×4, 5×5)";

    // N, C, H = W, K, R = S, stride, padding: the algorithms of forward, input gradient and weight gradient.
    [TestCase(128, 96, 16, 192, 5, 1, 2, F4x5, F4x5, F4x5, TestName = "NiN, 5×5")]
    [TestCase(128, 192, 8, 192, 3, 1, 1, F4x3, F4x3, F4x3, TestName = "NiN, 3×3")]
    [TestCase(128, 192, 8, 192, 1, 1, 0, Linear, Linear, Linear, TestName = "NiN, 1×1")]
    [TestCase(128, 3, 32, 192, 5, 1, 2, Direct, Direct, Direct, TestName = "NiN, first")]
    [TestCase(128, 1, 28, 6, 5, 1, 0, FewChannels, FewChannels, FewChannels, TestName = "LeNet, first")]
    [TestCase(128, 1, 10, 6, 5, 1, 0, Direct, FewChannels, Direct, TestName = "LeNet, first, of small images")]
    [TestCase(16, 256, 13, 384, 3, 1, 1, F5x3, F5x3, F5x3, TestName = "AlexNet, 13×13")]
    [TestCase(16, 3, 224, 96, 11, 4, 2, Direct, Direct, Direct, TestName = "AlexNet, first")]
    [TestCase(16, 256, 6, 4096, 6, 1, 0, Linear, Linear, Linear, TestName = "The kernel covers the image")]
    [TestCase(1, 96, 8, 192, 5, 1, 2, Direct, Direct, Direct, TestName = "Four tiles")]
    [TestCase(128, 96, 16, 192, 5, 2, 2, Direct, Direct, Direct, TestName = "Stride 2")]
    [TestCase(8, 32, 24, 32, 5, 1, 4, F4x5, F4x5, Direct, TestName = "Padding above half the kernel")]
    public void Of_known_layers(
        int n, int c, int size, int k, int kernel, int stride, int padding, string forward, string inputGradient,
        string weightGradient)
    {
        if (!Vector256.IsHardwareAccelerated) Assert.Ignore("Narrow vectors have other plans.");
        var plan = Conv2dPlan.For([n, c, size, size], [k, c, kernel, kernel], (stride, stride), (padding, padding));

        Assert.That(
            (plan.Forward.Algorithm, plan.InputGradient.Algorithm, plan.WeightGradient.Algorithm),
            Is.EqualTo((forward, inputGradient, weightGradient)));
        var outputs = (size + 2 * padding - kernel) / stride + 1;
        var gflop = 2e-9 * n * outputs * outputs * k * c * kernel * kernel;
        Assert.That(plan.Forward.Gflop, Is.EqualTo(gflop).Within(1e-6).Percent);
        foreach (var pass in (PassPlan[])[plan.Forward, plan.InputGradient, plan.WeightGradient])
            Assert.That(pass.Reason, Is.Not.Empty);
    }

    // C, H = W, K, R = S, padding, of a single image: the algorithm while a graph is recorded, and without
    [TestCase(96, 16, 192, 5, 2, Direct, F4x5, TestName = "Inference: NiN, 5×5")]
    [TestCase(192, 8, 192, 3, 1, Direct, F4x3, TestName = "Inference: NiN, 3×3")]
    [TestCase(256, 13, 384, 3, 1, Direct, F4x3, TestName = "Inference: AlexNet, 13×13")]
    [TestCase(64, 4, 64, 3, 1, Direct, Direct, TestName = "Inference: a single tile")]
    [TestCase(96, 27, 256, 5, 2, F4x5, F4x5, TestName = "Inference: AlexNet, 27×27")]
    public void Of_a_single_image(
        int c, int size, int k, int kernel, int padding, string recorded, string inference)
    {
        if (!Vector256.IsHardwareAccelerated) Assert.Ignore("Narrow vectors have other plans.");
        var plan = Conv2dPlan.For([1, c, size, size], [k, c, kernel, kernel], (1, 1), (padding, padding));
        Assert.That((plan.Forward.Algorithm, plan.Inference.Algorithm), Is.EqualTo((recorded, inference)));
        Assert.That(plan.Inference.Gflop, Is.EqualTo(plan.Forward.Gflop));
    }

    /// <summary>
    /// Other algorithms round differently: by no more than the bound that Winograd's kernels are held to.
    /// </summary>
    [TestCase(96, 16, 192, 5, 2)]
    [TestCase(192, 8, 192, 3, 1)]
    [TestCase(256, 13, 384, 3, 1)]
    [TestCase(192, 13, 64, 3, 1)]
    [TestCase(16, 5, 120, 5, 0)]        // a matrix times a vector
    public void Inference_differs_from_a_recorded_pass_by_rounding(int c, int size, int k, int kernel, int padding)
    {
        var x = Tensor.Uniform([1, c, size, size], 0, 1, new(1));
        var weight = Tensor.Uniform([k, c, kernel, kernel], -1, 1, new(2));
        var bias = Tensor.Uniform([k], -1, 1, new(3));
        var recorded = x.Conv2d(weight, bias, padding: padding).ToArray();
        for (var i = 0; i < 3; i++)
        {
            using var noGrad = GradMode.NoGrad();
            var inference = x.Conv2d(weight, bias, padding: padding).ToArray();
            double Norm(Func<int, double> value) => Math.Sqrt(recorded.Select((_, j) => Math.Pow(value(j), 2)).Sum());
            Assert.That(Norm(j => inference[j] - recorded[j]) / Norm(j => recorded[j]), Is.LessThan(1e-5));
        }
    }

    // C, K, groups, dilation
    [TestCase(96, 96, 96, 1, "depthwise", "depthwise", "depthwise", TestName = "MobileNet, depthwise")]
    [TestCase(96, 192, 96, 2, "depthwise", "depthwise", "depthwise", TestName = "Depthwise, two outputs per channel")]
    [TestCase(128, 128, 32, 1, "grouped", "grouped", "grouped", TestName = "ResNeXt, four channels per group")]
    [TestCase(96, 256, 2, 1, Direct, Direct, Direct, TestName = "AlexNet of two GPUs")]
    [TestCase(128, 8, 2, 1, "grouped", Direct, "grouped", TestName = "Groups of many channels to few")]
    [TestCase(192, 192, 1, 2, Direct, Direct, Direct, TestName = "Dilated")]
    public void Of_groups_and_dilation(
        int c, int k, int groups, int dilation, string forward, string inputGradient, string weightGradient)
    {
        if (!Vector256.IsHardwareAccelerated) Assert.Ignore("Narrow vectors have other plans.");
        var plan = Conv2dPlan.For(
            [32, c, 14, 14], [k, c / groups, 3, 3], (1, 1), (dilation, dilation), (dilation, dilation), groups);
        Assert.That(
            (plan.Forward.Algorithm, plan.InputGradient.Algorithm, plan.WeightGradient.Algorithm),
            Is.EqualTo((forward, inputGradient, weightGradient)));
        Assert.That(plan.Forward.Gflop, Is.EqualTo(2e-9 * 32 * 14 * 14 * k * (c / groups) * 9).Within(1e-6).Percent);
        if (groups > 1) Assert.That(plan.Forward.Reason, Does.Contain("group").Or.Contain("each channel by itself"));
        else Assert.That(plan.Forward.Reason, Is.EqualTo("dilation above 1"));
    }

    [Test]
    public void Of_a_linear_layer()
    {
        var plan = Conv2dPlan.ForLinear(rows: 64, inputs: 300, outputs: 200);
        var forward = new PassPlan(Linear, 2e-9 * 64 * 300 * 200, "matrix product, M×N×K = 64×200×300");
        Assert.That(plan.Forward, Is.EqualTo(forward));
        Assert.That(plan.InputGradient.Reason, Does.EndWith("64×300×200"));
        Assert.That(plan.WeightGradient.Reason, Does.EndWith("200×300×64"));
    }

    [Test]
    public void Parts_of_a_large_weight_gradient_are_named()
    {
        var plan = Conv2dPlan.For([5, 1, 300, 300], [40, 1, 3, 3], (1, 1), (1, 1));
        Assert.That(plan.WeightGradient.Reason, Does.EndWith("parts added in double"));
    }

    [Test]
    public void Shapes_that_do_not_fit_are_refused() =>
        Assert.Throws<ShapeException>(() => Conv2dPlan.For([1, 3, 8, 8], [4, 2, 3, 3], (1, 1), (0, 0)));

    /// <summary>Winograd rounds otherwise than the direct kernels, which linear passes run through as well.</summary>
    [TestCase(8, 32, 14, 48, 3, 1, 1)]
    [TestCase(20, 32, 14, 48, 5, 1, 2)]
    [TestCase(4, 32, 14, 48, 5, 1, 4)]
    [TestCase(4, 32, 14, 48, 1, 1, 0)]
    [TestCase(4, 32, 6, 48, 6, 1, 0)]
    [TestCase(4, 32, 14, 48, 3, 2, 1)]
    [TestCase(2, 32, 14, 48, 3, 1, 1)]
    [TestCase(8, 20, 14, 48, 3, 1, 1)]
    public void The_plan_is_what_runs(int n, int c, int size, int k, int kernel, int stride, int padding)
    {
        var plan = Conv2dPlan.For([n, c, size, size], [k, c, kernel, kernel], (stride, stride), (padding, padding));
        var (chosen, direct) = (Passes(directOnly: false), Passes(directOnly: true));
        var algorithms = new[] { plan.Forward.Algorithm, plan.InputGradient.Algorithm, plan.WeightGradient.Algorithm };
        for (var i = 0; i < 3; i++)
        {
            var sameBits = chosen[i].AsSpan().SequenceEqual(direct[i]);
            Assert.That(sameBits, Is.EqualTo(algorithms[i] is Direct or Linear), $"pass {i}: {algorithms[i]}");
        }

        float[][] Passes(bool directOnly)
        {
            var rng = new Rng(4);
            var x = new Parameter(Tensor.Uniform([n, c, size, size], 0, 1, rng));
            var w = new Parameter(Tensor.Uniform([k, c, kernel, kernel], -1, 1, rng));
            var op = new Conv2dOp((stride, stride), (padding, padding), relu: false) { DirectOnly = directOnly };
            var y = op.Apply(x, w);
            var (result, dy) = (y.ToArray(), Tensor.Uniform(y.Shape, -1, 1, rng));
            y.Backward(dy);
            return [result, x.Grad!.ToArray(), w.Grad!.ToArray()];
        }
    }
}
