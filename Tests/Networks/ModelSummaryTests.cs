using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class ModelSummaryTests
{
    [Test]
    public void The_lines_are_exactly_those_of_the_textbook()
    {
        var trace = ModelSummary.Of(new NinD2l(new([1, 224, 224], 10), new(1)), [1, 224, 224]);
        Assert.That(trace.Where(row => row.Depth == 0).Select(row => row.OutputText), Is.EqualTo(new[]
        {
            "Sequential output shape: [1, 96, 54, 54]",
            "MaxPool2d output shape: [1, 96, 26, 26]",
            "Sequential output shape: [1, 256, 26, 26]",
            "MaxPool2d output shape: [1, 256, 12, 12]",
            "Sequential output shape: [1, 384, 12, 12]",
            "MaxPool2d output shape: [1, 384, 5, 5]",
            "Dropout output shape: [1, 384, 5, 5]",
            "Sequential output shape: [1, 10, 5, 5]",
            "AdaptiveAvgPool2d output shape: [1, 10, 1, 1]",
            "Flatten output shape: [1, 10]",
        }));
    }

    [Test]
    public void Nin_net_has_two_named_children()
    {
        var trace = ModelSummary.Of(new NinNet(new([1, 224, 224], 10), new(1)), [1, 224, 224]);
        Assert.That(
            trace.Where(row => row.Depth == 0).Select(row => row.ToString()),
            Is.EqualTo(new[] { "conv 1×10×6×6", "gap 1×10×1×1" }));
        Assert.That(trace.Where(row => row.Depth == 1).Select(row => row.Dimensions), Is.EqualTo(new[]
        {
            "1×96×55×55", "1×96×27×27", "1×256×27×27", "1×256×13×13", "1×384×13×13", "1×384×6×6", "1×10×6×6",
        }));
    }

    [Test]
    public void Parameters_and_multiply_adds_add_up()
    {
        var trace = ModelSummary.Of(new LeNet5(new([1, 32, 32], 10), new(1)), [1, 32, 32]);
        var costs = trace.Where(row => row.MultiplyAdds > 0);
        Assert.That(costs.Select(row => (row.Path, row.Parameters, row.MultiplyAdds)), Is.EqualTo(new[]
        {
            ("conv1", 156L, 28L * 28 * 6 * 25), ("conv2", 2416L, 10L * 10 * 16 * 150), ("conv3", 48120L, 120L * 400),
            ("fc1", 10164L, 120L * 84), ("fc2", 850L, 840L),
        }));

        trace = ModelSummary.Of(new Nin(new([3, 32, 32], 10), new(1)), [3, 32, 32]);
        Assert.That(
            trace.Where(row => row.Depth == 0).Sum(row => row.MultiplyAdds),
            Is.EqualTo(trace.Where(row => row.IsLeaf).Sum(row => row.MultiplyAdds)));
        Assert.That(trace.Where(row => row.Depth == 0).Sum(row => row.Parameters), Is.EqualTo(966_986));
        Assert.That(trace.Where(row => row.Depth == 0).Select(row => row.ToString()), Is.EqualTo(new[]
        {
            "features1 1×96×16×16", "features2 1×192×8×8", "features3 1×10×8×8", "gap 1×10×1×1",
        }));
    }

    [Test]
    public void The_model_keeps_its_mode([Values] bool training)
    {
        var model = new FullyConnected(new([4], 3), new(1), [5], batchNorm: true);
        if (!training) model.Eval();
        ModelSummary.Of(model, [4]);
        Assert.That(model.Descendants().Select(d => d.Module.Training), Is.All.EqualTo(training));
        Assert.That(model.State().Single(s => s.Name == "bn1.running_mean").Tensor.ToArray(), Is.All.Zero);
    }
}
