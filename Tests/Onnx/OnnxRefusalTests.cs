using NUnit.Framework;
using PyNetSharp.Onnx;

namespace PyNetSharp.Tests;

/// <summary>What a file cannot have is refused by path and op; ops of one's own can be exported.</summary>
public sealed class OnnxRefusalTests
{
    private static readonly (string Message, Shape Shape, Func<Tensor, Tensor> Function)[] Refused =
    [
        ("Cube has no counterpart in ONNX", [2, 3], x => new CubeOp().Apply(x)),
        ("Cubic has no counterpart in ONNX", [2, 3], x => x.Elementwise(new Cubic())),
        ("CrossEntropy has no counterpart", [2, 3], x => x.CrossEntropy([.. Enumerable.Repeat(1, x.Shape[0])])),
        ("BatchNorm normalizes with the statistics of the batch", [2, 3],
            x => x.BatchNorm(null, null, training: true)),
        ("Dropout has no counterpart", [2, 3], x => x.Dropout(0.5f, seed: 0)),
        ("Multiply cannot be exported with a free batch: it reads numbers that follow from the input, but no op has " +
            "computed them", [2, 3], x => x * x.ArgMax(1, keepDims: true)),
        ("Add cannot be exported with a free batch: it reads numbers", [2, 3], x => x + x.ToArray()[0]),
        ("Multiply cannot be exported with a free batch: it reads numbers", [2, 3], x => x * x.Shape[0]),
        ("LeakyRelu cannot be exported with a free batch: its alpha depends", [2, 3], x => x.LeakyRelu(x.Shape[0])),
        ("Slice cannot be exported with a free batch: its extent 1 of a batch of 2 is 2 with a batch of 3, no " +
            "multiple of it", [2, 3], x => x[..^1]),
        ("Relu cannot be exported with a free batch: which ops are applied", [2, 3],
            x => x.Shape[0] == 2 ? x.Relu() : x.Tanh()),
        ("Tanh cannot be exported with a free batch: which ops are applied", [2, 3],
            x => x.Shape[0] == 2 ? x : x.Tanh()),
        ("IndexSelect cannot be exported with a free batch: what it reads depends", [2, 3],
            x => x.IndexSelect(0, [.. Enumerable.Range(0, x.Shape[0])])),
        ("Gather cannot be exported with a free batch: what it reads depends", [2, 3],
            x => x.Gather(1, new Labels([x.Shape[0], 1], new int[x.Shape[0]]))),
        ("Reshape: a reshape to [2, 0, 1] is empty", [2, 3],
            x => Tensor.Zeros([x.Shape[0], 0]).Reshape(x.Shape[0], 0, 1)),
        ("the part is empty", [2, 3], x => x[.., ..0]),
        ("is not implemented", [2, 3], x => new ModuleList().Forward(x)),
    ];

    [TestCaseSource(nameof(Refused))]
    public void What_has_no_counterpart_is_refused((string Message, Shape Shape, Func<Tensor, Tensor> Function) row)
    {
        var model = new Sequential(("body", new Sequential(("act", new OnnxLayerTests.Lambda(row.Function)))));
        var example = Tensor.Uniform(row.Shape, 1, 2, new(1));
        Assert.That(
            () => model.ToOnnx(example), Throws.TypeOf<NotSupportedException>().With.Message.Contains(row.Message));
        if (!row.Message.StartsWith("is not", StringComparison.Ordinal))
            Assert.That(() => model.ToOnnx(example), Throws.Exception.With.Message.StartsWith("body.act: "));
        Assert.That(OpObserver.Current, Is.Null);
    }

    [Test]
    public void The_mode_is_restored_and_a_model_on_its_own_is_named_by_its_type()
    {
        var model = new OnnxLayerTests.Lambda(x => new CubeOp().Apply(x));
        Assert.That(
            () => model.ToOnnx(Tensor.Ones([2, 2])), Throws.Exception.With.Message.StartsWith("Lambda: Cube has no"));
        Assert.That(model.Training, Is.True);
    }

    [Test]
    public void An_example_has_items_and_fits()
    {
        var model = new Linear(3, 2, new(0));
        Assert.That(() => model.ToOnnx(Tensor.Zeros([0, 3])), Throws.TypeOf<ShapeException>());
        Assert.That(() => model.ToOnnx(Tensor.Zeros([])), Throws.TypeOf<ShapeException>());
        Assert.That(() => model.ToOnnx(Tensor.Zeros([1, 4])), Throws.TypeOf<ShapeException>());
    }

    [Test]
    public void More_than_a_protocol_buffer_holds_is_refused()
    {
        var model = new Linear(10, 10, new(0));
        Assert.That(() => OnnxExtensions.CheckSize(model, 440), Throws.Nothing);
        Assert.That(
            () => OnnxExtensions.CheckSize(model, 439),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("440 bytes").And.Message.Contains("2 GB"));
    }

    [Test]
    public void Ops_and_formulas_of_ones_own_are_exported()
    {
        OnnxSession.AssertAgrees(new OnnxLayerTests.Lambda(x => new ExportedCubeOp().Apply(x)), [3]);
        OnnxSession.AssertAgrees(new OnnxLayerTests.Lambda(x => x.Elementwise(new ExportedCubic())), [3]);
    }

    /// <summary>Only what belongs to training has none; an op that is new has one, or is listed here.</summary>
    [Test]
    public void Ops_without_a_counterpart_belong_to_training()
    {
        var ops = new[] { typeof(Op), typeof(ReluExtensions) }.SelectMany(type => type.Assembly.GetTypes())
            .Where(type => type.IsSubclassOf(typeof(Op)))
            .Where(type => type.GetMethod(
                nameof(Op.ToOnnx), System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)!
                .DeclaringType == typeof(Op));
        Assert.That(ops.Select(op => op.Name.Split('`')[0]), Is.EquivalentTo(
        [
            "CrossEntropyOp", "WeightedCrossEntropyOp", "NllLossOp", "ElementwiseLossOp", "DropoutOp", "Dropout1dOp",
            "Dropout2dOp",
        ]));
    }

    private class CubeOp : Op
    {
        protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

        protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
        {
            var from = ReadContents(x[0]);
            var to = WriteContents(y);
            for (var i = 0; i < to.Length; i++) to[i] = from[i] * from[i] * from[i];
        }

        protected internal override Tensor?[] Backward(Tensor dy) => throw new NotSupportedException();
    }

    private sealed class ExportedCubeOp : CubeOp
    {
        protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
            graph.Add("Pow", [x[0], OnnxValue.Constant(3)]);
    }

    private readonly struct Cubic : IUnaryFormula
    {
        public T F<T>(T x) where T : struct, IReal<T> => x * x * x;

        public T D<T>(T x) where T : struct, IReal<T> => T.Create(3) * x * x;
    }

    private readonly struct ExportedCubic : IUnaryFormula
    {
        public T F<T>(T x) where T : struct, IReal<T> => x * x * x;

        public T D<T>(T x) where T : struct, IReal<T> => T.Create(3) * x * x;

        public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Pow", [x, OnnxValue.Constant(3)]);
    }
}
