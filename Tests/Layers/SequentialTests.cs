using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class SequentialTests
{
    [Test]
    public void Layers_are_found_by_position_and_by_name()
    {
        var (first, inner) = (new ReLU(), new Flatten());
        var net = new Sequential(("first", first), ("nest", new Sequential(inner)));

        Assert.That(net.Count, Is.EqualTo(2));
        Assert.That(net[0], Is.SameAs(first));
        Assert.That(net[^1], Is.SameAs(net["nest"]));
        Assert.That(net["first"], Is.SameAs(first));
        Assert.That(((Sequential)net["nest"])["0"], Is.SameAs(inner));
    }

    [Test]
    public void A_missing_layer_is_named()
    {
        var net = new Sequential(("first", new ReLU()), ("second", new ReLU()));
        Assert.That(
            () => net[2],
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("it has 2 layers"));
        Assert.That(() => net[-1], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => net["third"], Throws.TypeOf<KeyNotFoundException>().With.Message.EqualTo(
            "Sequential: no layer is named 'third'; there are first, second."));
    }

    [TestCase("", "")]
    [TestCase("a.b", "a.b")]
    [TestCase("twice", "two layers are named 'twice'")]
    public void Bad_names_are_refused(string name, string words) => Assert.That(
        () => new Sequential(("twice", new ReLU()), (name, new ReLU())),
        Throws.TypeOf<ArgumentException>().With.Message.Contains(words));

    [Test]
    public void State_has_PyTorchs_paths()
    {
        var rng = new Rng(1);
        var net = new Sequential(
            ("features", new Sequential(new Conv2d(1, 2, 3, rng), new ReLU(), new BatchNorm2d(2))),
            ("flatten", new Flatten()),
            ("classifier", new Linear(8, 2, rng, bias: false)));
        Assert.That(net.State().Select(s => $"{s.Name} {s.Tensor.Shape}"), Is.EqualTo(new[]
        {
            "features.0.weight [2, 1, 3, 3]", "features.0.bias [2]",
            "features.2.weight [2]", "features.2.bias [2]", "features.2.running_mean [2]", "features.2.running_var [2]",
            "classifier.weight [2, 8]",
        }));
    }

    [Test]
    public void Train_and_Eval_reach_every_layer()
    {
        var net = new Sequential(new Sequential(new ReLU()), new Flatten());
        net.Eval();
        Assert.That(net.Descendants().Select(d => d.Module.Training), Is.All.False);
        net.Train();
        Assert.That(net.Descendants().Select(d => d.Module.Training), Is.All.True);
        Assert.That(net.Descendants().Select(d => d.Path), Is.EqualTo(new[] { "", "0", "0.0", "1" }));
    }

    [Test]
    public void A_ReLU_after_a_convolution_or_linear_layer_is_fused_with_the_same_result()
    {
        var rng = new Rng(1);
        var (conv, linear) = (new Conv2d(3, 5, 3, rng, padding: 1), new Linear(5 * 36, 7, rng));
        var net = new Sequential(conv, new ReLU(), new Flatten(), linear, new ReLU());
        var x = Tensor.Uniform([2, 3, 6, 6], -1, 1, rng);
        var dy = Tensor.Uniform([2, 7], -1, 1, rng);

        var fused = Run(net.Forward, out var ops);
        Assert.That(ops, Is.EqualTo(new[] { "LinearOp", "ReshapeOp", "Conv2dOp" }), "no op of its own for a ReLU");
        Assert.That(fused, Is.EqualTo(Run(x => linear.Forward(conv.Forward(x).Relu().Flatten()).Relu(), out _)));

        float[][] Run(Func<Tensor, Tensor> forward, out string[] ops)
        {
            foreach (var parameter in net.Parameters()) parameter.Grad = null;
            var y = forward(x);
            ops = [.. Producers(y)];
            y.Backward(dy);
            return [y.ToArray(), .. net.Parameters().Select(p => p.Grad!.ToArray())];
        }
    }

    [Test]
    public void A_shape_error_names_the_layer()
    {
        var rng = new Rng(1);
        var net = new Sequential(
            ("features", new Sequential(new ReLU(), new Conv2d(3, 8, 5, rng))), ("head", new Flatten()));
        var error = Assert.Throws<ShapeException>(() => net.Forward(Tensor.Zeros([2, 3, 4, 4])))!;

        Assert.That(error.Path, Is.EqualTo("features.1"));
        Assert.That(
            error.Message,
            Does.StartWith("features.1: Conv2d: ").And.Contains("[2, 3, 4, 4]").And.Contains("[8, 3, 5, 5]"));
    }

    private static IEnumerable<string> Producers(Tensor y)
    {
        for (var op = y.GradFn; op is not null; op = op.Edges[0].GradFn) yield return op.GetType().Name;
    }
}
