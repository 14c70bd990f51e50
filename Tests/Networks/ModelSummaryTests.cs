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

    [Test]
    public void A_module_of_one_s_own_has_rows_for_what_it_calls_and_for_its_own_parameters()
    {
        var rows = ModelSummary.Of(new Own(new(1)), [3, 8, 8]);
        Assert.That(
            rows.Select(row => $"{row.Depth} {row} {row.Parameters} {row.MultiplyAdds} {(row.IsLeaf ? "leaf" : "")}"),
            Is.EqualTo(new[]
            {
                "0 scale 4×1×1 4 0 leaf",
                "0 blocks.1 1×4×8×8 108 6912 leaf",
                "0 blocks.0 1×4×4×4 25 256 ",
                "1 blocks.0.weight 3×3 9 0 leaf",
                "1 blocks.0.conv 1×4×4×4 16 256 leaf",
                "1 blocks.0.pool 1×4×4×4 0 0 leaf",
                "0 merge 1×4×4×4 0 0 leaf",
                "0 head 1×4×4×2 8 128 leaf",
                "0 head 1×4×4×2 8 128 leaf",
            }));
        Assert.That(
            rows.Where(row => row.IsParameter).Select(row => row.Path),
            Is.EqualTo(new[] { "scale", "blocks.0.weight" }));
        Assert.That(rows[0].OutputText, Is.EqualTo("Parameter shape: [4, 1, 1]"));
        Assert.That(rows[1].OutputText, Is.EqualTo("Conv2d output shape: [1, 4, 8, 8]"));
    }

    [Test]
    public void A_layer_alone_has_a_row()
    {
        var rows = ModelSummary.Of(new Linear(6, 5, new(1)), [6]);
        Assert.That(rows, Has.Count.EqualTo(1));
        Assert.That(
            (rows[0].Path, rows[0].Depth, rows[0].Dimensions, rows[0].Parameters, rows[0].MultiplyAdds, rows[0].IsLeaf),
            Is.EqualTo(("", 0, "1×5", 35L, 30L, true)));
    }

    [Test]
    public void The_hooks_are_removed_also_after_an_error()
    {
        var model = new Own(new(1));
        Assert.That(
            () => ModelSummary.Of(model, [4, 8, 8]),
            Throws.TypeOf<ShapeException>().With.Message.StartsWith("blocks.1: Conv2d: "));
        ModelSummary.Of(model, [3, 8, 8]);
        Assert.That(model.Descendants().Select(d => d.Module.HasForwardHooks), Is.All.False);
    }

    private sealed class Own(Rng rng) : Module
    {
        private readonly ModuleList<Module> blocks =
            [new Block(rng), new Conv2d(3, 4, 3, rng, padding: 1, bias: false), new ReLU()];
        private readonly Merge merge = new();
        private readonly Linear head = new(4, 2, rng, bias: false);
        private readonly Parameter scale = new(Tensor.Ones([4, 1, 1]));

        protected override Tensor Forward(Tensor x)
        {
            var y = blocks[0].Forward(blocks[1].Forward(x) * scale);
            return head.Forward(merge.Forward(y, y)) + head.Forward(y);
        }
    }

    private sealed class Block(Rng rng) : Module
    {
        private readonly Conv2d conv = new(4, 4, 1, rng, bias: false);
        private readonly AvgPool2d pool = new(1);
        private readonly Parameter weight = new(Tensor.Ones([3, 3]));

        protected override Tensor Forward(Tensor x) => pool.Forward(conv.Forward(x[.., .., 1..5, 2..6])) * weight.Sum();
    }

    private sealed class Merge : Module<Tensor, Tensor>
    {
        protected override Tensor Forward(Tensor a, Tensor b) => a + b;
    }
}
