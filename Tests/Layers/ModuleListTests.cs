using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Modules that hold others: ModuleList and Residual.</summary>
public sealed class ModuleListTests
{
    private readonly Rng rng = new(1);

    [Test]
    public void A_list_is_indexed_enumerated_and_extended_and_its_paths_are_PyTorchs()
    {
        var net = new Net(rng);
        Assert.That(net.Blocks.Count, Is.EqualTo(3));
        Assert.That(net.Blocks[^1], Is.SameAs(net.Blocks[2]));
        Assert.That(net.Blocks.Select(block => block.Weight.Shape[1]), Is.EqualTo(new[] { 4, 5, 6 }));
        Assert.That(
            net.State().Select(s => s.Name),
            Is.EqualTo(Enumerable.Range(0, 3).SelectMany(i => (string[])[$"blocks.{i}.weight", $"blocks.{i}.bias"])));
        Assert.That(() => net.Blocks[3], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => net.Blocks[-1], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => net.Blocks.Add(null!), Throws.ArgumentNullException);
        Assert.That(net.Forward(Tensor.Zeros([2, 4])).Shape, Is.EqualTo(Shape.Create([2, 7])));
    }

    [Test]
    public void A_list_prints_as_in_PyTorch()
    {
        Assert.That(new ModuleList { new ReLU(), new Sequential(new ReLU()) }.ToString(), Is.EqualTo(
            """
            ModuleList(
              (0): ReLU()
              (1): Sequential(
                (0): ReLU()
              )
            )
            """.ReplaceLineEndings("\n")));
        Assert.That(new ModuleList<Linear>().ToString(), Is.EqualTo("ModuleList()"));
    }

    [Test]
    public void A_residual_block_adds_its_input_or_the_shortcut_s_output()
    {
        var (body, shortcut) = (new Linear(3, 3, rng), new Linear(3, 3, rng, bias: false));
        var x = Tensor.Uniform([4, 3], -1, 1, rng);
        float[] residual = body.Forward(x).ToArray(), projected = shortcut.Forward(x).ToArray(), same = x.ToArray();
        Check(new Residual(body), residual.Zip(same, (a, b) => a + b));
        Check(new Residual(body, shortcut), residual.Zip(projected, (a, b) => a + b));
        Check(new Residual(body, relu: true), residual.Zip(same, (a, b) => Math.Max(0, a + b)));
        Check(new Residual(new Sequential(), new Sequential()), same.Select(v => v + v));

        void Check(Residual block, IEnumerable<float> expected)
        {
            Assert.That(block.Forward(x).ToArray(), Is.EqualTo(expected));
            Assert.That(x.ToArray(), Is.EqualTo(same), "the input is the caller's");
        }
    }

    [Test]
    public void A_residual_block_trains_both_ways_and_frees_what_it_made()
    {
        var device = new CpuDevice(threads: 1);
        var block = new Residual(new Linear(16, 16, rng), new Linear(16, 16, rng), relu: true).To(device);
        var x = Tensor.Uniform([16, 16], -1, 1, rng, device);
        block.Forward(x).Sum().Backward();
        Assert.That(block.Parameters().Select(p => p.Grad), Has.None.Null);
        Assert.That(
            block.State().Select(s => s.Name),
            Is.EqualTo(new[] { "body.weight", "body.bias", "shortcut.weight", "shortcut.bias" }));

        using var paused = GradMode.NoGrad();
        var before = device.Memory.Allocated;
        var y = block.Forward(x);
        Assert.That(device.Memory.Allocated - before, Is.EqualTo(y.Shape.Size * sizeof(float)));
    }

    [Test]
    public void A_residual_block_prints_what_follows_the_sum() => Assert.That(
        new Residual(new ReLU(), new Flatten(), relu: true).ToString(), Is.EqualTo(
            """
            Residual(
              relu=True
              (body): ReLU()
              (shortcut): Flatten(start_dim=1, end_dim=-1)
            )
            """.ReplaceLineEndings("\n")));

    [Test]
    public void Errors_of_a_residual_block_name_the_part()
    {
        var x = Tensor.Zeros([2, 3]);
        var other = new Linear(3, 4, rng);
        Assert.That(
            () => new Residual(other).Forward(x),
            Throws.TypeOf<ShapeException>().With.Message.Contains("[2, 4]").And.Message.Contains("[2, 3]"));
        Assert.That(
            () => new Residual(new Sequential(new Linear(5, 3, rng))).Forward(x),
            Throws.TypeOf<ShapeException>().With.Message.StartsWith("body.0"));
        Assert.That(
            () => new Residual(other, new Linear(5, 4, rng)).Forward(x),
            Throws.TypeOf<ShapeException>().With.Message.StartsWith("shortcut"));
        Assert.That(() => new Residual(null!), Throws.ArgumentNullException);
    }

    private sealed class Net : Module
    {
        public Net(Rng rng)
        {
            Blocks = [new(4, 5, rng), new(5, 6, rng)];
            Blocks.Add(new(6, 7, rng));
        }

        public ModuleList<Linear> Blocks { get; }

        protected override Tensor Forward(Tensor x) => new Sequential(Blocks).Forward(x);
    }
}
