using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What a plan cannot have is refused by name when it is made; wrong calls are, when it runs.</summary>
public sealed class CompileErrorTests
{
    private static Rng Rng => new(5);

    private static readonly (string Message, Func<Module> Layer)[] Refused =
    [
        ("body.act: Dropout cannot be repeated: it is random", () => Of(x => x.Dropout(0.5f, seed: 0))),
        ("body.act: BatchNorm cannot be repeated", () => Of(x => x.BatchNorm(null, null, training: true))),
        ("body.act: CrossEntropy cannot be repeated", () => Of(x => x.CrossEntropy([0, 1]))),
        ("body.act: Cube cannot be repeated", () => Of(x => new OpaqueOp().Apply(x))),
        ("body.act copies a tensor [2, 3] to the host", () => Of(x => x * x.ToArray()[0])),
        ("body.act copies a tensor [] to the host", () => Of(x => x.Sum().Item() > 0 ? x : -x)),
        ("body.act copies a tensor [2, 3] to the host", () => new Embedding(11, 4, Rng)),
        ("the ops that Sequential has applied to one input do not compute its output for another",
            () => Of(x => x * x.ArgMax(1, keepDims: true))),
        ("body.act: Multiply reads a tensor [2, 1] that no op has computed",
            () => Of(x => x * x.ArgMax(1, keepDims: true))),
        ("do not compute its output for another", () => new Counter()),
        ("body.act has a forward hook", () =>
        {
            var layer = new ReLU();
            layer.RegisterForwardHook((_, _) => { });
            return layer;
        }),
        ("is not implemented", () => new ModuleList()),
        ("body.act copies a tensor [3] to the host", () => new NormalizedOnTheHost()),
    ];

    [TestCaseSource(nameof(Refused))]
    public void What_cannot_be_repeated_is_refused((string Message, Func<Module> Layer) row)
    {
        var model = new Sequential(("body", new Sequential(("act", row.Layer()))));
        model.Train();
        Assert.That(
            () => model.Compile([2, 3]), Throws.TypeOf<NotSupportedException>().With.Message.Contains(row.Message));
        Assert.That(OpObserver.Current, Is.Null);
        Assert.That(GradMode.IsEnabled, Is.True);
        Assert.That(model.Descendants().Select(d => d.Module.Training), Is.All.True);
    }

    [Test]
    public void An_op_of_ones_own_says_that_it_is_pure() =>
        CompiledModelTests.AssertSameBits(Of(x => new CubeOp().Apply(x)), [2, 3]);

    [Test]
    public void A_shape_that_does_not_fit_names_the_layer() => Assert.That(
        () => new Sequential(("conv", new Conv2d(3, 4, 3, Rng))).Compile([1, 4, 6, 6]),
        Throws.TypeOf<ShapeException>().With.Message.StartsWith("conv: "));

    [Test]
    public void A_run_takes_the_compiled_shape()
    {
        using var compiled = new Linear(3, 2, Rng).Compile([4, 3]);
        Assert.That(
            () => compiled.Run(new float[11], new float[8]),
            Throws.ArgumentException.With.Message.StartsWith(
                "Run: Linear is compiled for an input [4, 3] of 12 numbers, got 11.")
                .And.Property("ParamName").EqualTo("input"));
        Assert.That(
            () => compiled.Run(new float[12], new float[9]),
            Throws.ArgumentException.With.Message.StartsWith(
                "Run: Linear is compiled for an output [4, 2] of 8 numbers, got 9."));
        Assert.That(
            () => compiled.Run(Tensor.Zeros([3, 4])),
            Throws.TypeOf<ShapeException>().With.Message.EqualTo(
                "Run: Linear is compiled for an input [4, 3], got [3, 4]."));
        Assert.That(
            () => compiled.Run(Tensor.Zeros([4, 3], new CpuDevice(1))),
            Throws.ArgumentException.With.Message.StartsWith(
                "Run: Linear is compiled for cpu, the input is on cpu (1 thread, a device of its own)."));
    }

    [Test]
    public void A_run_after_the_module_was_moved_is_an_error()
    {
        var model = new Linear(3, 2, Rng);
        using var compiled = model.Compile([4, 3]);
        model.To(new CpuDevice(1));
        Assert.That(compiled.IsCurrent, Is.False);
        Assert.That(
            () => compiled.Run(Tensor.Zeros([4, 3])),
            Throws.InvalidOperationException.With.Message.EqualTo(
                "Run: Linear was moved from cpu after it was compiled; compile it again."));
    }

    [Test]
    public void A_run_while_a_module_has_a_hook_is_an_error()
    {
        var model = new Sequential(new Linear(3, 2, Rng), new ReLU());
        using var compiled = model.Compile([4, 3]);
        using (model[1].RegisterForwardHook((_, _) => { }))
        {
            Assert.That(compiled.IsCurrent, Is.False);
            Assert.That(
                () => compiled.Run(Tensor.Zeros([4, 3])),
                Throws.InvalidOperationException.With.Message.EqualTo(
                    "Run: a ReLU of Sequential has a forward hook, which a run would not call."));
        }

        Assert.That(compiled.IsCurrent, Is.True);
        Assert.That(compiled.Run(Tensor.Zeros([4, 3])).Shape, Is.EqualTo(compiled.OutputShape));
    }

    [Test]
    public void A_run_after_Dispose_is_an_error()
    {
        var compiled = new Linear(3, 2, Rng).Compile([4, 3]);
        _ = compiled.Run(Tensor.Zeros([4, 3]));
        compiled.Dispose();
        compiled.Dispose();
        Assert.That(() => compiled.Run(Tensor.Zeros([4, 3])), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(
            () => compiled.Run(new float[12], new float[8]),
            Throws.TypeOf<ObjectDisposedException>().With.Message.Contains("CompiledModel"));
    }

    private static CompiledModelTests.Lambda Of(Func<Tensor, Tensor> function) => new(function);

    private class CubeOp : Op
    {
        protected internal override bool IsPure => true;

        protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

        protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
        {
            var from = ReadContents(x[0]);
            var to = WriteContents(y);
            for (var i = 0; i < to.Length; i++) to[i] = from[i] * from[i] * from[i];
        }

        protected internal override Tensor?[] Backward(Tensor dy) => throw new NotSupportedException();
    }

    private sealed class OpaqueOp : CubeOp
    {
        public override string Name => "Cube";

        protected internal override bool IsPure => false;
    }

    /// <summary>Computes something else at each call.</summary>
    private sealed class Counter : Module
    {
        private int calls;

        protected override Tensor Forward(Tensor x) => x * ++calls;
    }

    /// <summary>Divides by the sum of its weights, which no op computes.</summary>
    private sealed class NormalizedOnTheHost : Module
    {
        public Parameter Weight { get; } = new(Tensor.Ones([3]));

        protected override Tensor Forward(Tensor x) => x * Weight / Weight.ToArray().Sum();
    }
}
