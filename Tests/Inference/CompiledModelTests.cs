using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What a compiled module computes, beside the module itself.</summary>
public sealed class CompiledModelTests
{
    private static Rng Rng => new(5);

    private static IEnumerable<string> Networks => NetworkCatalog.All.Select(network => network.Name);

    [TestCaseSource(nameof(Networks))]
    public void A_network_has_the_same_bits_unless_layers_are_folded(string name)
    {
        var model = CreateNarrow(name);
        foreach (var batch in (int[])[1, 3])
        {
            Shape shape = [batch, .. NetworkCatalog.Find(name).Input];
            AssertSameBits(model, shape, foldBatchNorm: false);
            if (!model.Descendants().Any(d => d.Module is BatchNormLayer)) AssertSameBits(model, shape);
        }
    }

    [TestCaseSource(typeof(OpTable), nameof(OpTable.Rows))]
    public void An_op_has_the_same_bits_or_is_refused(OpRow row)
    {
        var inputs = row.DrawInputs(row.Shapes, Device.Cpu);
        if (inputs.Length == 0) Assert.Ignore("It has no input.");
        Lambda model = new(x => row.Op([x, .. inputs[1..]]));
        if (IsRefused(row.Name))
            Assert.That(
                () => model.Compile(row.Shapes[0]),
                Throws.TypeOf<NotSupportedException>().With.Message.Contains("cannot be repeated"));
        else AssertSameBits(model, row.Shapes[0], foldBatchNorm: false, [inputs[0].ToArray()]);

        // Random ones, those with labels, those that move running statistics, and what takes its indices from the input
        static bool IsRefused(string name) =>
            (name.StartsWith("Dropout", StringComparison.Ordinal) && !name.EndsWith(" 0", StringComparison.Ordinal))
            || (name.StartsWith("CrossEntropy", StringComparison.Ordinal)
                && !name.Contains("probabilities", StringComparison.Ordinal))
            || name.StartsWith("NllLoss", StringComparison.Ordinal)
            || name.EndsWith("training", StringComparison.Ordinal)
            || name == "Gather by a tensor";
    }

    [Test]
    public void A_ReLU_outside_of_a_Sequential_is_computed_with_the_layer_before_it()
    {
        Conv2d conv = new(3, 4, 3, Rng);
        Linear linear = new(4 * 4 * 4, 5, Rng);
        var model = new Chain(x => linear.Forward(conv.Forward(x).Relu().Flatten()).Relu(), conv, linear);
        using var compiled = model.Compile([2, 3, 6, 6]);
        Assert.That(compiled.StepCount, Is.EqualTo(3), $"{compiled}");
        AssertSameBits(model, [2, 3, 6, 6]);
    }

    [Test]
    public void A_result_that_is_read_twice_is_not_fused()
    {
        Conv2d conv = new(3, 3, 3, Rng, padding: 1);
        var model = new Chain(
            x =>
            {
                var y = conv.Forward(x);
                return y.Relu() + y;
            }, conv);
        using var compiled = model.Compile([1, 3, 5, 5]);
        Assert.That(compiled.StepCount, Is.EqualTo(3));
        AssertSameBits(model, [1, 3, 5, 5]);
    }

    [Test]
    public void What_is_not_used_is_not_computed()
    {
        var model = new Lambda(x =>
        {
            _ = x.Exp().Log();
            return x.Tanh();
        });
        using var compiled = model.Compile([4]);
        Assert.That(compiled.StepCount, Is.EqualTo(1));
    }

    private static readonly (string Name, Shape Shape, Func<Tensor, Tensor> Function, int Steps)[] Views =
    [
        ("the input", [2, 3], x => x, 0),
        ("a view of the input", [2, 3], x => x.Reshape(3, 2), 0),
        ("a detached view", [2, 3], x => (2 * x).Detach().Reshape(6) + 1, 2),
        ("a view of a view", [2, 3], x => x.Exp().Reshape(6).Reshape(1, 6).Sum(), 2),
        ("a constant", [2, 3], _ => Tensor.Full([4], 3), 0),
        ("a constant and the input", [2, 3], x => x * Tensor.Full([3], 3), 1),
        ("no items", [0, 3], x => x.Exp(), 1),
        ("a scalar", [], x => x.Exp(), 1),
        ("the same input twice", [2, 3], x => x * x + x, 2),
        ("images without channels last", [2, 3, 4, 5], x => x.Flatten().Reshape(2, 3, 4, 5).Permute(0, 2, 3, 1), 3),
    ];

    [TestCaseSource(nameof(Views))]
    public void Views_and_constants_are_understood(
        (string Name, Shape Shape, Func<Tensor, Tensor> Function, int Steps) row)
    {
        var model = new Lambda(row.Function);
        using var compiled = model.Compile(row.Shape);
        Assert.That(compiled.StepCount, Is.EqualTo(row.Steps), $"{compiled}");
        AssertSameBits(model, row.Shape);
    }

    [Test]
    public void Weights_are_read_where_they_are()
    {
        var model = new Sequential(
            new Conv2d(3, 8, 3, Rng), new ReLU(), new Flatten(), new Linear(8 * 4 * 4, 5, Rng));
        using var compiled = model.Compile([2, 3, 6, 6]);
        var x = Tensor.Uniform([2, 3, 6, 6], 0, 1, Rng);
        var before = compiled.Run(x).ToArray();

        var sgd = new Sgd(model.Parameters(), 0.1f);
        model.Forward(x).CrossEntropy([1, 2]).Backward();
        sgd.Step();
        AssertRunsAs(model, compiled, x);
        Assert.That(compiled.Run(x).ToArray(), Is.Not.EqualTo(before));

        foreach (var parameter in model.Parameters()) parameter.CopyFrom(new float[parameter.Shape.Size]);
        Assert.That(compiled.Run(x).ToArray(), Is.All.Zero);
    }

    [Test]
    public void It_computes_in_evaluation_mode_whatever_the_modules_mode()
    {
        var model = new Sequential(new Linear(6, 6, Rng), new BatchNorm1d(6), new Dropout(Rng, 0.9f));
        model[0].Freeze();
        model[2].Eval();
        using var compiled = model.Compile([4, 6], foldBatchNorm: false);
        Assert.That(
            model.Descendants().Select(d => d.Module.Training), Is.EqualTo([true, false, true, false]),
            "Compile restores the modes");

        var x = Tensor.Uniform([4, 6], 0, 1, Rng);
        model.Train();
        for (var i = 0; i < 3; i++) model.Forward(x).Sum().Backward();      // moves the running statistics
        AssertRunsAs(model, compiled, x);
        Assert.That(model.Training, Is.True);
    }

    [Test]
    public void Tensors_go_in_and_out_too()
    {
        var model = new Sequential(new Conv2d(3, 4, 3, Rng, padding: 1), new MaxPool2d(2));
        using var compiled = model.Compile([2, 3, 6, 6]);
        Assert.That($"{compiled.InputShape} {compiled.OutputShape}", Is.EqualTo("[2, 3, 6, 6] [2, 4, 3, 3]"));
        var x = Tensor.Uniform([2, 3, 6, 6], 0, 1, Rng);
        var y = compiled.Run(x);
        var numbers = new float[y.Shape.Size];
        compiled.Run(x.ToArray(), numbers);
        Assert.That(y.ToArray(), Is.EqualTo(numbers), "N, C, H, W in both forms");
        Assert.That(y.Shape, Is.EqualTo(compiled.OutputShape));
        y.RequiresGrad = true;      // a leaf: nothing was recorded
    }

    [Test]
    public void It_prints_its_steps()
    {
        var model = new Sequential(
            ("conv", new Conv2d(3, 4, 3, Rng)), ("act", new ReLU()), ("pool", new MaxPool2d(2)),
            ("flat", new Flatten()), ("out", new Linear(16, 2, Rng)));
        using var compiled = model.Compile([1, 3, 6, 6]);
        Assert.That($"{compiled}".Split('\n'), Is.EqualTo(new[]
        {
            "Sequential for [1, 3, 6, 6] on cpu: 4 steps, 704 bytes of intermediate results",
            "  conv  Conv2d [1, 4, 4, 4]",
            "  pool  MaxPool2d [1, 4, 2, 2]",
            "  flat  Flatten [1, 16]",
            "  out   Linear [1, 2]",
        }));
    }

    internal static Module CreateNarrow(string name)
    {
        var network = NetworkCatalog.Find(name);
        var isSmall = network.Input.Size <= 3 * 32 * 32;
        var rng = new Rng(3);
        var model = network.Create(new(network.Input, 10) { WidthMultiplier = isSmall ? 0.25 : 1 / 16.0 }, rng);
        foreach (var buffer in model.State().Select(s => s.Tensor).OfType<ModuleBuffer>())
            buffer.CopyFrom(Tensor.Uniform(buffer.Shape, 0.5f, 2, rng).ToArray());
        return model;
    }

    internal static void AssertSameBits(
        Module model, Shape shape, bool foldBatchNorm = true, params ReadOnlySpan<float[]> inputs)
    {
        using var compiled = model.Compile(shape, foldBatchNorm);
        for (ulong seed = 7; seed < 10; seed++)
            AssertRunsAs(model, compiled, Tensor.Normal(shape, 0, 1, new(seed)));
        foreach (var input in inputs) AssertRunsAs(model, compiled, Tensor.From(shape, input));
    }

    /// <summary>Both forms of a run yield the bits of the module in evaluation mode.</summary>
    internal static void AssertRunsAs(Module model, CompiledModel compiled, Tensor x)
    {
        float[] expected;
        using (GradMode.NoGrad())
        using (model.Evaluating()) expected = model.Forward(x).Keep().ToArray();
        var actual = new float[compiled.OutputShape.Size];
        compiled.Run(x.ToArray(), actual);
        Assert.That(Bits(actual), Is.EqualTo(Bits(expected)));
        Assert.That(Bits(compiled.Run(x).ToArray()), Is.EqualTo(Bits(expected)));
    }

    internal static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];

    /// <summary>A function as a module.</summary>
    internal sealed class Lambda(Func<Tensor, Tensor> function) : Module
    {
        protected override Tensor Forward(Tensor x) => function(x);
    }

    /// <summary>A function of modules.</summary>
    internal sealed class Chain(Func<Tensor, Tensor> function, params Module[] modules) : Module
    {
        [NotState] private readonly Func<Tensor, Tensor> function = function;

        public Module[] Modules { get; } = modules;

        protected override Tensor Forward(Tensor x) => function(x);
    }
}
