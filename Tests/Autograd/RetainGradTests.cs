using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The gradient of an op's result, on request.</summary>
public sealed class RetainGradTests
{
    private const int Length = 1000;
    private readonly CpuDevice device = new(threads: 1);

    [Test]
    public void The_gradient_of_a_result_is_the_sum_over_its_uses()
    {
        var x = Leaf(3);
        var h = x * x;
        h.RetainGrad();
        Assert.That((h.RetainsGrad, h.Grad), Is.EqualTo((true, (Tensor?)null)));
        (h * h + 5 * h).Sum().Backward();
        Assert.That(h.Grad!.ToArray(), Is.All.EqualTo(2 * 9 + 5));
        Assert.That(x.Grad!.ToArray(), Is.All.EqualTo(23 * 6), "as without");
        Assert.That(() => h.ToArray(), Throws.InvalidOperationException, "the content is transient as without");
    }

    [Test]
    public void Gradients_that_are_one_tensor_in_the_pass_are_several_for_the_caller()
    {
        var x = Leaf(3);
        var (a, b) = (x + 0, x + 0);
        var sum = a + b;
        var view = sum.Reshape(2, -1);
        foreach (var tensor in (Tensor[])[a, b, sum, view]) tensor.RetainGrad();
        var seed = Tensor.Full([2, Length / 2], 7, device);
        view.Backward(seed);
        Tensor[] gradients = [a.Grad!, b.Grad!, sum.Grad!, view.Grad!, x.Grad!, seed];
        Assert.That(gradients.Distinct().Count(), Is.EqualTo(6));
        gradients[0].CopyFrom(new float[Length]);
        Assert.That(gradients[1..4].SelectMany(g => g.ToArray()), Is.All.EqualTo(7));
        Assert.That(x.Grad!.ToArray(), Is.All.EqualTo(14));
    }

    [Test]
    public void Also_the_loss_and_a_tensor_that_was_released_before_have_one()
    {
        var x = Leaf(3);
        var h = x.Relu();
        var loss = (h * h).Sum();
        loss.RetainGrad();
        h.RetainGrad();
        h.Release();
        loss.Backward();
        Assert.That(loss.Grad!.Item(), Is.EqualTo(1));
        Assert.That(h.Grad!.ToArray(), Is.All.EqualTo(6));
    }

    [Test]
    public void A_leaf_has_its_gradient_anyway_and_a_tensor_in_no_graph_is_an_error()
    {
        var x = Leaf(3);
        x.RetainGrad();
        Assert.That(x.RetainsGrad, Is.False);
        x.Sum().Backward();
        Assert.That(x.Grad!.ToArray(), Is.All.EqualTo(1));

        Assert.That(
            () => Tensor.Zeros([2, 3]).RetainGrad(),
            Throws.InvalidOperationException.With.Message.StartsWith("RetainGrad: Tensor [2, 3] is in no graph"));
        using (GradMode.NoGrad()) Assert.That(() => (x + 1).RetainGrad(), Throws.InvalidOperationException);
        var used = x * x;
        used.Sum().Backward();
        Assert.That(
            () => used.RetainGrad(),
            Throws.InvalidOperationException.With.Message.Contains("the graph of Multiply's result"));
    }

    [Test]
    public void The_gradient_lasts_until_Release_and_a_loop_that_releases_stays_flat()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();      // so that no finalizer of an earlier test changes Allocated
        var x = Leaf(3);
        var before = device.Memory.Allocated;
        for (var i = 0; i < 100; i++)
        {
            x.Grad = null;
            var h = x * x;
            h.RetainGrad();
            var loss = h.Sum();
            loss.Backward();
            Assert.That(h.Grad!.ToArray()[0], Is.EqualTo(1));
            h.Release();
            Assert.That(h.Grad, Is.Null);
        }

        x.Grad = null;
        Assert.That(device.Memory.Allocated - before, Is.LessThanOrEqualTo(100 * 64), "only the losses");
    }

    private Tensor Leaf(float value)
    {
        var x = Tensor.Full([Length], value, device);
        x.RequiresGrad = true;
        return x;
    }
}
