using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Batch normalization computed by the layer before it.</summary>
public sealed class FoldedBatchNormTests
{
    private static Rng Rng => new(5);

    private static readonly (string Name, Func<Module> Layer, Shape Shape)[] Products =
    [
        ("Conv2d", () => new Conv2d(5, 8, 3, Rng), [2, 5, 9, 8]),
        ("Conv2d without bias", () => new Conv2d(5, 8, 3, Rng, padding: 1, bias: false), [2, 5, 9, 8]),
        ("Conv2d 1×1", () => new Conv2d(40, 40, 1, Rng), [2, 40, 5, 5]),
        ("Conv2d, 64 channels", () => new Conv2d(64, 64, 3, Rng, padding: 1), [1, 64, 12, 12]),
        ("Conv2d, groups, stride", () => new Conv2d(6, 9, 3, Rng, stride: 2, groups: 3), [2, 6, 9, 8]),
        ("Conv2d, depthwise, dilation", () => new Conv2d(8, 8, 3, Rng, dilation: 2, groups: 8), [2, 8, 9, 8]),
        ("Linear", () => new Linear(50, 20, Rng), [7, 50]),
        ("Linear without bias", () => new Linear(50, 20, Rng, bias: false), [7, 50]),
    ];

    [TestCaseSource(nameof(Products))]
    public void The_result_is_within_the_bound_of_both_sums((string Name, Func<Module> Layer, Shape Shape) row)
    {
        var product = row.Layer();
        var norm = WithStatistics<BatchNormLayer>(product is Linear linear ? new BatchNorm1d(linear.Weight.Shape[0])
            : new BatchNorm2d(((Conv2d)product).Weight.Shape[0]));
        var model = new Sequential(product, norm);
        using var compiled = model.Compile(row.Shape);
        Assert.That(compiled.StepCount, Is.EqualTo(1), $"{compiled}");
        model.Eval();

        var x = Tensor.Normal(row.Shape, 0, 1, new(8));
        var bound = BoundOf(product, norm, x);
        using var noGrad = GradMode.NoGrad();
        var (plain, folded) = (model.Forward(x).Keep().ToArray(), compiled.Run(x).ToArray());
        for (var i = 0; i < plain.Length; i++)
            Assert.That(folded[i], Is.EqualTo(plain[i]).Within(bound[i]), $"element {i}");
        using var relu = new Sequential(product, norm, new ReLU()).Compile(row.Shape);
        Assert.That(relu.StepCount, Is.EqualTo(1));
        Assert.That(relu.Run(x).ToArray(), Is.EqualTo(folded.Select(y => Math.Max(y, 0))));
    }

    /// <summary>
    /// A sum of n products is off by at most n·u·Σ|w·x|, u = 2⁻²⁴; the scaled weights add a rounding to each, and the
    /// rest of the formula a few to the whole. Both ways have that, so the difference has twice as much.
    /// </summary>
    private static float[] BoundOf(Module product, BatchNormLayer norm, Tensor x)
    {
        var (weight, bias) = product is Linear linear ? (linear.Weight, linear.Bias)
            : (((Conv2d)product).Weight, ((Conv2d)product).Bias);
        var terms = weight.Shape.Size / weight.Shape[0];
        var absolute = product switch
        {
            Linear => x.Abs().Linear(weight.Abs()),
            Conv2d conv => x.Abs().Conv2d(
                weight.Abs(), null, conv.Stride, conv.Padding, conv.Dilation, conv.Groups),
            _ => throw new ArgumentException("unknown"),
        };
        Shape perChannel = x.Rank == 4 ? [weight.Shape[0], 1, 1] : [weight.Shape[0]];
        var scale = (norm.Weight / (norm.RunningVar + norm.Eps).Sqrt()).Abs();
        var offset = (bias ?? Tensor.Zeros([weight.Shape[0]])).Abs() + norm.RunningMean.Abs();
        var size = (absolute + offset.Reshape(perChannel)) * scale.Reshape(perChannel)
            + norm.Bias.Abs().Reshape(perChannel);
        return [.. size.ToArray().Select(s => 2 * (terms + 8) / 16_777_216f * s)];
    }

    [Test]
    public void Changed_weights_are_folded_anew()
    {
        var conv = new Conv2d(3, 4, 3, Rng);
        var norm = WithStatistics(new BatchNorm2d(4));
        var model = new Sequential(conv, norm, new ReLU());
        using var compiled = model.Compile([2, 3, 6, 6]);
        var x = Tensor.Uniform([2, 3, 6, 6], 0, 1, Rng);
        Tensor[] all = [conv.Weight, conv.Bias!, norm.Weight, norm.Bias, norm.RunningMean, norm.RunningVar];
        foreach (var tensor in all)
        {
            var before = compiled.Run(x).ToArray();
            tensor.CopyFrom([.. tensor.ToArray().Select(value => 1.5f * value)]);
            using var fresh = model.Compile([2, 3, 6, 6]);
            var after = compiled.Run(x).ToArray();
            Assert.That(after, Is.EqualTo(fresh.Run(x).ToArray()));
            Assert.That(after, Is.Not.EqualTo(before));
        }
    }

    [Test]
    public void A_training_step_is_seen()
    {
        var model = new Sequential(new Linear(6, 8, Rng), new BatchNorm1d(8), new ReLU(), new Linear(8, 3, Rng));
        using var compiled = model.Compile([5, 6]);
        var x = Tensor.Uniform([5, 6], 0, 1, Rng);
        var before = compiled.Run(x).ToArray();
        var sgd = new Sgd(model.Parameters(), 0.5f);
        model.Forward(x).CrossEntropy([0, 1, 2, 0, 1]).Backward();
        sgd.Step();
        var after = compiled.Run(x).ToArray();
        using var noGrad = GradMode.NoGrad();
        Assert.That(after, Is.EqualTo(model.Eval().Forward(x).ToArray()).Within(1e-5f));
        Assert.That(after, Is.Not.EqualTo(before).Within(1e-3f));
    }

    [Test]
    public void What_something_else_reads_is_not_folded()
    {
        var conv = new Conv2d(3, 3, 3, Rng, padding: 1);
        var norm = WithStatistics(new BatchNorm2d(3));
        foreach (var (function, steps) in (ReadOnlySpan<(Func<Tensor, Tensor>, int)>)
        [
            (x => norm.Forward(conv.Forward(x).Relu()), 2),
            (x => conv.Forward(x) is var y ? y + norm.Forward(y) : x, 3),
            (x => norm.Forward(norm.Forward(x)), 2),
            (x => x.Conv2d(conv.Weight * 2).BatchNorm(norm.RunningMean, norm.RunningVar), 3),
            (x => conv.Forward(x).BatchNorm(norm.RunningMean, norm.RunningVar), 1),
        ])
        {
            var model = new CompiledModelTests.Chain(function, conv, norm);
            using var compiled = model.Compile([1, 3, 5, 5]);
            Assert.That(compiled.StepCount, Is.EqualTo(steps), $"{compiled}");
            if (steps > 1) CompiledModelTests.AssertSameBits(model, [1, 3, 5, 5]);
        }
    }

    [Test]
    public void A_residual_network_agrees()
    {
        var model = new Sequential(
            new Conv2d(3, 8, 3, Rng, padding: 1, bias: false), WithStatistics(new BatchNorm2d(8)), new ReLU(),
            new Residual(
                new Sequential(
                    new Conv2d(8, 8, 3, Rng, padding: 1, bias: false), WithStatistics(new BatchNorm2d(8)), new ReLU(),
                    new Conv2d(8, 8, 3, Rng, padding: 1, bias: false), WithStatistics(new BatchNorm2d(8))),
                relu: true),
            new GlobalAvgPool2d(), new Linear(8, 5, Rng));
        using var compiled = model.Compile([2, 3, 12, 12]);
        Assert.That(compiled.StepCount, Is.EqualTo(7), $"{compiled}");
        var x = Tensor.Uniform([2, 3, 12, 12], 0, 1, Rng);
        using var noGrad = GradMode.NoGrad();
        var expected = model.Eval().Forward(x).ToArray();
        Assert.That(OnnxSession.Difference(compiled.Run(x).ToArray(), expected), Is.LessThan(1e-5));
    }

    [Test]
    public void A_network_of_the_catalog_agrees()
    {
        var model = CompiledModelTests.CreateNarrow("fcnet");
        using var compiled = model.Compile([3, 1, 28, 28]);
        Assert.That(compiled.StepCount, Is.EqualTo(4), $"{compiled}");
        var x = Tensor.Uniform([3, 1, 28, 28], 0, 1, Rng);
        using var noGrad = GradMode.NoGrad();
        var expected = model.Eval().Forward(x).ToArray();
        Assert.That(OnnxSession.Difference(compiled.Run(x).ToArray(), expected), Is.LessThan(1e-5));
    }

    [Test]
    public void Folded_weights_are_counted_and_freed()
    {
        var device = new CpuDevice(1);
        var model = new Sequential(new Linear(64, 32, Rng), new BatchNorm1d(32)).To(device);
        CompiledMemoryTests.WarmUp(model, [1, 64], device);
        var before = device.Memory.Allocated;
        var compiled = model.Compile([1, 64]);
        Assert.That(compiled.Memory, Is.EqualTo((64 * 32 + 32) * sizeof(float)));
        compiled.Run(new float[64], new float[32]);
        Assert.That(compiled.Memory, Is.EqualTo((64 * 32 + 32 + 64 + 32) * sizeof(float)));
        compiled.Dispose();
        CompiledMemoryTests.CollectGarbage();
        Assert.That(device.Memory.Allocated, Is.EqualTo(before));
        GC.KeepAlive(model);
    }

    private static T WithStatistics<T>(T norm) where T : BatchNormLayer
    {
        var rng = new Rng(11);
        foreach (var (name, tensor) in norm.State())
            tensor.CopyFrom(Tensor.Uniform(tensor.Shape, name == "running_var" ? 0.2f : -1, 2, rng).ToArray());
        return norm;
    }
}
