using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// What layers add to their ops: ranges of arguments, state, and the modes of training and evaluation.
/// </summary>
public sealed class LayerTests
{
    private static readonly Rng Rng = new(1);

    private static TestCaseData[] BadArguments =>
    [
        Bad("inputs", () => new Conv2d(0, 1, 3, Rng)),
        Bad("outputs", () => new Conv2d(1, -1, 3, Rng)),
        Bad("kernel", () => new Conv2d(1, 1, (3, 0), Rng)),
        Bad("stride", () => new Conv2d(1, 1, 3, Rng, stride: 0)),
        Bad("padding", () => new Conv2d(1, 1, 3, Rng, padding: -1)),
        Bad("dilation", () => new Conv2d(1, 1, 3, Rng, dilation: (1, 0))),
        Bad("groups", () => new Conv2d(1, 1, 3, Rng, groups: 0)),
        Bad("groups", () => new Conv2d(3, 4, 3, Rng, groups: 2)),
        Bad("groups", () => new Conv2d(4, 3, 3, Rng, groups: 2)),
        Bad("inputs", () => new Linear(0, 1, Rng)),
        Bad("outputs", () => new Linear(1, 0, Rng)),
        Bad("kernel", () => new MaxPool2d(0)),
        Bad("stride", () => new MaxPool2d(2, 0)),
        Bad("dilation", () => new MaxPool2d(2, dilation: 0)),
        Bad("padding", () => new MaxPool2d((2, 3), padding: (1, 2))),
        Bad("padding", () => new AvgPool2d(3, padding: 2)),
        Bad("outputSize", () => new AdaptiveAvgPool2d((1, 0))),
        Bad("p", () => new Dropout(Rng, 1.5f)),
        Bad("p", () => new Dropout2d(Rng, float.NaN)),
        Bad("channels", () => new BatchNorm1d(0)),
        Bad("eps", () => new BatchNorm2d(1, eps: 0)),
        Bad("momentum", () => new BatchNorm2d(1, momentum: 2)),
        Bad("Classes", () => new NetworkOptions([1], 1)),
        Bad("value", () => new NetworkOptions([1], 2) { WidthMultiplier = 0 }),
        Bad("value", () => new NetworkOptions([1], 2) { Dropout = 2 }),
    ];

    [TestCaseSource(nameof(BadArguments))]
    public void Arguments_outside_their_range_are_named(string name, Func<object> make) =>
        Assert.That(
            () => make(),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo(name));

    [Test]
    public void Dropout_passes_its_input_through_in_evaluation_and_drops_in_training()
    {
        var x = Tensor.Full([4, 50, 3, 3], 1);
        foreach (var layer in (Module[])[new Dropout(new(1), 0.25f), new Dropout2d(new(1), 0.25f)])
        {
            Assert.That(layer.Forward(x).ToArray().Distinct(), Is.EquivalentTo(new[] { 0, 1 / 0.75f }));
            layer.Eval();
            Assert.That(layer.Forward(x), Is.SameAs(x));
        }
    }

    [Test]
    public void Restoring_the_generators_state_repeats_a_mask()
    {
        var x = Tensor.Full([1000], 1);
        var net = new Sequential(("a", new Dropout(new(1))), ("b", new Sequential(new ReLU(), new Dropout(new(2)))));
        Assert.That(net.Generators().Select(g => g.Path), Is.EqualTo(new[] { "a", "b.1" }));

        var states = net.Generators().Select(g => g.Rng.State).ToArray();
        var first = net.Forward(x).ToArray();
        Assert.That(net.Forward(x).ToArray(), Is.Not.EqualTo(first), "each call draws a mask of its own");

        foreach (var ((_, rng), state) in net.Generators().Zip(states)) rng.State = state;
        Assert.That(net.Forward(x).ToArray(), Is.EqualTo(first));
    }

    [Test]
    public void Batch_norm_gathers_statistics_in_training_and_uses_them_in_evaluation()
    {
        var layer = new BatchNorm1d(2, momentum: 1);
        var x = Tensor.From([3, 2], [1, 10, 2, 20, 3, 30]);

        Assert.That(layer.Forward(x).ToArray().Sum(), Is.EqualTo(0).Within(1e-5));
        Assert.That(layer.RunningMean.ToArray(), Is.EqualTo(new[] { 2f, 20f }));
        Assert.That(layer.RunningVar.ToArray(), Is.EqualTo(new[] { 1f, 100f }), "unbiased");

        layer.Eval();
        Assert.That(layer.Forward(Tensor.From([1, 2], [3, 0])).ToArray(), Is.EqualTo(new[] { 1f, -2f }).Within(1e-4));
        Assert.That(layer.RunningMean.ToArray(), Is.EqualTo(new[] { 2f, 20f }), "evaluation leaves them");
    }

    [Test]
    public void Batch_norm_of_images_does_not_take_features()
    {
        Assert.That(
            () => new BatchNorm2d(3).Forward(Tensor.Zeros([2, 3])),
            Throws.TypeOf<ShapeException>().With.Message.Contains("[n, c, h, w], got [2, 3]"));
        Assert.That(
            () => new BatchNorm1d(3).Forward(Tensor.Zeros([2, 3, 1, 1])),
            Throws.TypeOf<ShapeException>().With.Message.Contains("[n, c], got [2, 3, 1, 1]"));
    }

    [Test]
    public void The_loss_of_equal_scores_is_the_logarithm_of_the_classes() => Assert.That(
        new CrossEntropyLoss().Forward(Tensor.Zeros([3, 10]), new Labels([1, 5, 9])).Item(),
        Is.EqualTo(Math.Log(10)).Within(1e-6));

    private static TestCaseData Bad(string name, Func<object> make) => new(name, make);

    [TestCase(2, 3, 4)]
    [TestCase(2, 3, 2, 4)]
    public void Linear_takes_rows_of_any_rank(params int[] extents)
    {
        var layer = new Linear(4, 5, new(1));
        var x = Tensor.Uniform(Shape.Create(extents), -1, 1, new(2));
        var rows = layer.Forward(x.Reshape(-1, 4));
        var y = layer.Forward(x);
        Assert.That(y.Shape, Is.EqualTo(Shape.Create([.. extents[..^1], 5])));
        Assert.That(y.ToArray(), Is.EqualTo(rows.ToArray()));
        Assert.That(
            () => layer.Forward(Tensor.Zeros([2, 3, 6])),
            Throws.TypeOf<ShapeException>().With.Message.Contains("[2, 3, 6]"));
    }
}
