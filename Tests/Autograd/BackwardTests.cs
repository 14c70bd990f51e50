using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>How gradients find their way, and what becomes of the graph.</summary>
public sealed class BackwardTests
{
    [Test]
    public void The_same_tensor_twice_gets_both_gradients()
    {
        var x = Leaf(1, 2, 3);
        (x + x).Sum().Backward();
        Assert.That(x.Grad!.ToArray(), Is.All.EqualTo(2));
    }

    [Test]
    public void A_diamond_adds_up()
    {
        var x = Leaf(1, 2, 3);
        var h = x * x;
        (h * h + h).Sum().Backward();           // x⁴ + x²
        Assert.That(x.Grad!.ToArray(), Is.EqualTo((float[])[6, 36, 114]));
    }

    /// <summary>
    /// The sum that reaches the middle twice must not be added into a gradient that another op still reads.
    /// </summary>
    [Test]
    public void Gradients_that_several_ops_share_are_not_overwritten()
    {
        var (a, b) = (Leaf(1, 2), Leaf(3, 4));
        var sum = a + b;                        // one gradient goes to both
        (sum + sum + a).Sum().Backward();
        Assert.That(a.Grad!.ToArray(), Is.All.EqualTo(3));
        Assert.That(b.Grad!.ToArray(), Is.All.EqualTo(2));
    }

    [Test]
    public void Two_graphs_add_to_one_gradient_and_ZeroGrad_begins_anew()
    {
        var x = Leaf(1, 2);
        (x * 3).Sum().Backward();
        var first = x.Grad!;
        (x * x).Sum().Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo((float[])[5, 7]));
        Assert.That(first, Is.SameAs(x.Grad), "added in place: only the leaf holds the gradient");
    }

    [Test]
    public void A_seed_that_the_caller_keeps_is_not_changed()
    {
        var x = Leaf(1, 2);
        var seed = Tensor.From([2], [10, 20]);
        for (var i = 0; i < 2; i++) (x + x).Backward(seed);
        Assert.That(x.Grad!.ToArray(), Is.EqualTo((float[])[40, 80]));
        Assert.That(seed.ToArray(), Is.EqualTo((float[])[10, 20]));
    }

    /// <summary>
    /// An addition returns one tensor as the gradient of both operands; clipping one gradient in place must not clip
    /// the other.
    /// </summary>
    [Test]
    public void Every_leaf_has_a_gradient_of_its_own()
    {
        var (a, b, c) = (Leaf(1, 2), Leaf(3, 4), Leaf(5, 6));
        var seed = Tensor.From([2], [10, 20]);
        (a + b + c.Reshape(2, 1).Reshape(2)).Backward(seed);
        foreach (var leaf in (Tensor[])[a, b, c])
        {
            Assert.That(leaf.Grad!.ToArray(), Is.EqualTo((float[])[10, 20]));
            leaf.Grad.CopyFrom([0, 0]);
        }

        Assert.That(seed.ToArray(), Is.EqualTo((float[])[10, 20]));
    }

    [Test]
    public void Twenty_thousand_ops_deep()
    {
        var x = Leaf(1);
        var y = x + 0;
        for (var i = 0; i < 20_000; i++) y = y + 1;
        y.Backward();
        Assert.That(y.Item(), Is.EqualTo(20_001));
        Assert.That(x.Grad!.Item(), Is.EqualTo(1));
    }

    /// <summary>Without the clock's order the first op would run backward once per path: 2¹⁰⁰ times.</summary>
    [Test]
    public void A_hundred_diamonds_in_a_row_are_each_visited_once()
    {
        var x = Leaf(1);
        var y = x;
        for (var i = 0; i < 100; i++) y = y * 0.5f + y * 0.5f;
        y.Backward();
        Assert.That(x.Grad!.Item(), Is.EqualTo(1));
    }

    [Test]
    public void A_transient_tensor_says_that_its_storage_is_gone_and_how_to_keep_it()
    {
        var x = Leaf(1, 2, 3);
        var hidden = x * x;
        var kept = (hidden * 2).Keep();
        var loss = (kept * kept).Sum();
        loss.Backward();

        var error = Assert.Throws<InvalidOperationException>(() => hidden.ToArray())!;
        Assert.That(error.Message, Does.Contain("Multiply").And.Contain("[3]").And.Contain("Keep()"));
        Assert.That(kept.ToArray(), Is.EqualTo((float[])[2, 8, 18]));
        Assert.That(loss.Item(), Is.EqualTo(392), "the tensor that Backward is called on stays");
    }

    [Test]
    public void A_graph_is_used_once()
    {
        var x = Leaf(1, 2);
        var h = x * x;
        var (first, second) = (h.Sum(), (h * 2).Sum());
        first.Backward();
        Assert.That(second.Backward, Throws.InvalidOperationException.With.Message.Contains("earlier Backward"));
        Assert.That(first.Backward, Throws.InvalidOperationException);
    }

    [Test]
    public void Without_a_graph_there_is_nothing_to_go_back_through()
    {
        var x = Leaf(1);
        Tensor y;
        using (GradMode.NoGrad()) y = x * x;
        Assert.That(y.Backward, Throws.InvalidOperationException.With.Message.Contains("no graph"));
        Assert.That(x.Detach().Sum().Backward, Throws.InvalidOperationException);
        Assert.That((x * x).Detach().RequiresGrad, Is.False);
    }

    [Test]
    public void Pauses_nest_and_end()
    {
        var outer = GradMode.NoGrad();
        using (GradMode.NoGrad()) Assert.That(GradMode.IsEnabled, Is.False);
        Assert.That(GradMode.IsEnabled, Is.False);
        outer.Dispose();
        Assert.That(GradMode.IsEnabled);
    }

    [Test]
    public void Only_a_scalar_starts_by_itself_and_a_seed_has_its_shape()
    {
        var x = Leaf(1, 2);
        Assert.That((x * x).Backward, Throws.InstanceOf<ShapeException>().With.Message.Contains("[2]"));
        Assert.That(
            () => (x * x).Backward(Tensor.Zeros([3])),
            Throws.InstanceOf<ShapeException>().With.Message.Contains("[3]"));
    }

    [Test]
    public void Ops_do_not_mix_devices()
    {
        var other = Tensor.Zeros([2], new CpuDevice(threads: 1));
        Assert.That(() => Leaf(1, 2) + other, Throws.ArgumentException.With.Message.Contains("To(device)"));
    }

    private static Tensor Leaf(params float[] values)
    {
        var x = Tensor.From([values.Length], values);
        x.RequiresGrad = true;
        return x;
    }
}
