using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A gradient check finds wrong gradients, and leaves everything as it was.</summary>
public sealed class GradientCheckTests
{
    private static Tensor Draw(Shape shape, ulong seed = 1, float low = -1, float high = 1) =>
        Tensor.Uniform(shape, low, high, new(seed));

    public static IEnumerable<TestCaseData> RightOps =>
    [
        Case("product", x => x[0].MatMul(x[1]).Silu(), [5, 7], [7, 3]),
        Case("loss", x => x[0].CrossEntropy(1, 0, 2), [3, 4]),
        Case("square", x => x[0] * x[0], [200]),
        Case("the same input twice", x => x[0] * x[0].Exp() + x[0], [3, 5]),
        Case("convolution", x => x[0].Conv2d(x[1], x[2], padding: 1), [2, 3, 5, 5], [4, 3, 3, 3], [4]),
        Case("mean", x => x[0].Mean(), [100]),
        Case("softmax", x => x[0].Softmax(), [4, 6]),
        Case("an input without a gradient", x => x[0].Sum(), [3], [4]),
        Case("no elements", x => x[0] + x[1], [0, 3], [3]),
        Case("a scalar", x => x[0].Exp(), [[]]),
    ];

    private static TestCaseData Case(string name, Func<Tensor[], Tensor> op, params Shape[] shapes) =>
        new TestCaseData(op, shapes).SetArgDisplayNames(name);

    [TestCaseSource(nameof(RightOps))]
    public void Right_gradients_pass(Func<Tensor[], Tensor> op, Shape[] shapes)
    {
        var report = GradientCheck.Of(op, [.. shapes.Select((shape, i) => Draw(shape, (ulong)i + 1))]);
        report.ThrowIfFailed();
        Assert.That(report.Rows.Select(row => row.Name), Is.EqualTo(shapes.Select((_, i) => $"input {i}")));
        Assert.That(report.Rows.Select(row => row.Shape), Is.EqualTo(shapes));
    }

    [Test]
    public void The_content_s_size_does_not_matter([Values(1e-3f, 1, 1000)] float size) =>
        GradientCheck.Of(x => x[0] * x[0] * x[1], Draw([50], 1, -size, size), Draw([50], 2, -1 / size, 1 / size))
            .ThrowIfFailed();

    [Test]
    public void Steps_that_leave_the_domain_are_not_taken(
        [Values(1e-3f, 1)] float size, [Values(0.02f, 0.1f)] float low) =>
        GradientCheck.Of(x => x[0].Log(), Draw([30], 1, low * size, 4 * size)).ThrowIfFailed();

    public static IEnumerable<TestCaseData> WrongGradients =>
    [
        Wrong("scaled by 1.01", dx => { foreach (ref var g in dx.AsSpan()) g *= 1.01f; }),
        Wrong("scaled by 0.99", dx => { foreach (ref var g in dx.AsSpan()) g *= 0.99f; }),
        Wrong("one element", dx => dx[17] *= 2),
        Wrong("a term added to one element", dx => dx[0] += 0.5f),
        Wrong("one NaN", dx => dx[^1] = float.NaN),
        Wrong("one infinity", dx => dx[3] = float.PositiveInfinity),
        Wrong("none", dx => dx.AsSpan().Clear()),
        Wrong("reversed", dx => dx.AsSpan().Reverse()),
        Wrong("negative", dx => { foreach (ref var g in dx.AsSpan()) g = -g; }),
        Wrong("shifted", dx => { foreach (ref var g in dx.AsSpan()) g += 0.02f; }),
    ];

    private static TestCaseData Wrong(string name, Action<float[]> spoil) =>
        new TestCaseData(spoil).SetArgDisplayNames(name);

    [TestCaseSource(nameof(WrongGradients))]
    public void A_wrong_gradient_fails_and_the_error_has_the_table(Action<float[]> spoil)
    {
        for (ulong seed = 1; seed <= 20; seed++)        // by no luck of one direction
        {
            var (a, b) = (Draw([6, 9], seed), Draw([6, 9], seed + 100));
            var report = GradientCheck.Of(x => new SpoiledSquare(spoil).Apply(x[0]) + x[1], a, b);
            Assert.That(report.Rows.Select(row => row.Passed), Is.EqualTo((bool[])[false, true]), $"{seed}\n{report}");
            Assert.That(
                () => report.ThrowIfFailed(),
                Throws.InvalidOperationException
                    .With.Message.Contains("input 0  [6, 9]").And.Message.Contains("INCORRECT")
                    .And.Message.Contains("input 1  [6, 9]").And.Message.Contains("difference"));
        }
    }

    [Test]
    public void A_transposed_gradient_fails() => Assert.That(
        GradientCheck.Of(x => new SpoiledSquare(Transpose).Apply(x[0]), Draw([6, 6])).Passed, Is.False);

    private static void Transpose(float[] dx)
    {
        var copy = (float[])dx.Clone();
        for (var i = 0; i < dx.Length; i++) dx[i] = copy[i % 6 * 6 + i / 6];
    }

    [Test]
    public void A_missing_term_fails() => Assert.That(
        GradientCheck.Of(x => new SpoiledSquare(_ => { }).Apply(x[0]) + new Constant().Apply(x[0]), Draw([40])).Passed,
        Is.False);

    [Test]
    public void Contents_gradients_and_flags_are_restored([Values] bool fails)
    {
        var (a, b, gradient) = (Draw([3, 4]), Draw([3, 4], 2), Draw([3, 4], 3));
        (b.RequiresGrad, b.Grad) = (true, gradient);
        var (before, beforeGradient, calls) = (new[] { a.ToArray(), b.ToArray() }, gradient.ToArray(), 0);
        if (fails) Assert.Throws<FormatException>(() => GradientCheck.Of(Function, a, b));
        else GradientCheck.Of(Function, a, b).ThrowIfFailed();

        Assert.That(new[] { a.ToArray(), b.ToArray() }, Is.EqualTo(before));
        Assert.That((a.RequiresGrad, a.Grad), Is.EqualTo((false, (Tensor?)null)));
        Assert.That(b.RequiresGrad, Is.True);
        Assert.That(b.Grad, Is.SameAs(gradient));
        Assert.That(gradient.ToArray(), Is.EqualTo(beforeGradient));

        Tensor Function(Tensor[] x) => fails && ++calls == 7 ? throw new FormatException() : x[0] * x[1];
    }

    [Test]
    public void A_network_of_convolution_batch_norm_ReLU_and_linear_passes_and_is_restored([Values] bool training)
    {
        var rng = new Rng(3);
        var net = new Sequential(
            ("conv", new Conv2d(2, 4, 3, rng, padding: 1)), ("norm", new BatchNorm2d(4)), ("relu", new ReLU()),
            ("pool", new MaxPool2d(2)), ("flatten", new Flatten()), ("fc", new Linear(4 * 3 * 3, 5, rng)));
        if (!training) net.Eval();
        var before = net.State().ToDictionary(state => state.Name, state => state.Tensor.ToArray());
        var report = GradientCheck.Of(net, Draw([3, 2, 6, 6]), x => net.Forward(x).CrossEntropy(1, 4, 0));
        report.ThrowIfFailed();
        Assert.That(
            report.Rows.Select(row => row.Name),
            Is.EqualTo((string[])
            [
                "input", "conv.weight", "conv.bias", "norm.weight", "norm.bias", "fc.weight", "fc.bias",
            ]));
        foreach (var (name, tensor) in net.State()) Assert.That(tensor.ToArray(), Is.EqualTo(before[name]), name);
    }

    [Test]
    public void Frozen_parameters_are_left_alone()
    {
        var net = new Sequential(("a", new Linear(3, 4, new(1))), ("b", new Linear(4, 2, new(2))));
        net["a"].Freeze();
        var report = GradientCheck.Of(net, Draw([2, 3]));
        report.ThrowIfFailed();
        Assert.That(report.Rows.Select(row => row.Name), Is.EqualTo((string[])["input", "b.weight", "b.bias"]));
        Assert.That(net["a"].Parameters().Select(parameter => parameter.RequiresGrad), Is.All.False);
        Assert.That(net["a"].Parameters().Select(parameter => parameter.Grad), Is.All.Null);
    }

    [Test]
    public void Dropout_in_training_mode_is_refused_by_name()
    {
        var net = new Sequential(("fc", new Linear(30, 40, new(1))), ("drop", new Dropout(new(2), 0.3f)));
        Assert.That(
            () => GradientCheck.Of(net, Draw([4, 30])),
            Throws.InvalidOperationException.With.Message.Contains("'drop', Dropout(p=0.3, inplace=False)")
                .And.Message.Contains("Eval()"));
        Assert.That(net.Descendants().Select(d => d.Module.HasForwardHooks), Is.All.False);
        GradientCheck.Of(net.Eval(), Draw([4, 30])).ThrowIfFailed();

        ulong key = 5;
        Assert.That(
            () => GradientCheck.Of(x => x[0].Dropout(0.5f, key++), Draw([100])),
            Throws.InvalidOperationException.With.Message.Contains("the function gives different results"));
    }

    [Test]
    public void What_cannot_be_checked_is_refused()
    {
        var leaf = Draw([3]);
        leaf.RequiresGrad = true;
        var result = leaf * 2;
        Assert.That(
            () => GradientCheck.Of(x => x[0] * x[1], leaf, result),
            Throws.ArgumentException.With.Message.Contains("input 1 [3] is the result of an op"));
        Assert.That(
            () => GradientCheck.Of(new Linear(3, 2, new(1)), result.Reshape(1, 3)),
            Throws.ArgumentException.With.Message.Contains("input [1, 3] is the result of an op"));
        Assert.That(() => GradientCheck.Of(x => x[0]), Throws.ArgumentException.With.Message.Contains("no inputs"));
        Assert.That(() => GradientCheck.Of(x => x[0], null!, Draw([1])), Throws.ArgumentNullException);
        Assert.That(
            () => GradientCheck.Of(_ => Draw([2]) + 1, leaf),
            Throws.InvalidOperationException.With.Message.Contains("[2] is in no graph"));
        Assert.That(
            () => GradientCheck.Of(
                x =>
                {
                    using var paused = GradMode.NoGrad();
                    return x[0] + 1;
                },
                leaf),
            Throws.InvalidOperationException.With.Message.Contains("NoGrad"));
        Assert.That((leaf.RequiresGrad, leaf.Grad), Is.EqualTo((true, (Tensor?)null)));
    }

    /// <summary>x², with a gradient that is changed at last.</summary>
    private sealed class SpoiledSquare(Action<float[]> spoil) : Op
    {
        private Tensor x = null!;

        protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

        protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
        {
            this.x = Save(x[0]);
            var from = ReadContents(this.x);
            var to = WriteContents(y);
            for (var i = 0; i < to.Length; i++) to[i] = from[i] * from[i];
        }

        protected internal override Tensor?[] Backward(Tensor dy)
        {
            var gradient = dy.ToArray().Zip(x.ToArray(), (g, v) => 2 * g * v).ToArray();
            spoil(gradient);
            return [Tensor.From(x.Shape, gradient)];
        }
    }

    /// <summary>x, as if it were a constant.</summary>
    private sealed class Constant : Op
    {
        protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

        protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) =>
            ReadContents(x[0]).CopyTo(WriteContents(y));

        protected internal override Tensor?[] Backward(Tensor dy) => [null];
    }
}
