using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The rows of the table of references in docs/architecture.md: who holds one, and when it ends.</summary>
public sealed class LifetimeTests
{
    private const int Length = 1000;
    private static readonly long Block = CachingAllocator<nint>.RoundedSize(Length * sizeof(float));
    private static readonly long ScalarBlock = CachingAllocator<nint>.RoundedSize(sizeof(float));

    private readonly CpuDevice device = new(threads: 1);

    private long Allocated => device.Memory.Allocated;

    [SetUp]
    public void CollectGarbage()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();      // so that no finalizer of an earlier test changes Allocated
    }

    [Test]
    public void A_new_tensor_has_no_reference_and_its_method_frees_it()
    {
        var before = Allocated;
        var x = new Tensor([Length], device);
        Assert.That(x.IsExclusive);
        Assert.That(Allocated - before, Is.EqualTo(Block));
        x.Release();
        Assert.That(Allocated, Is.EqualTo(before));
        x.Release();
        Assert.That(Allocated, Is.EqualTo(before), "a second release does nothing");
    }

    [Test]
    public void A_temporary_is_freed_at_the_end_of_its_scope_unless_it_is_the_caller_s()
    {
        var before = Allocated;
        var mine = new Tensor([Length], device);
        using (new TemporaryTensor([Length], device)) Assert.That(Allocated - before, Is.EqualTo(2 * Block));
        using (new TemporaryTensor(mine, borrowed: mine)) { }
        Assert.That(Allocated - before, Is.EqualTo(Block));
        mine.Release();
    }

    [Test]
    public void A_factory_s_tensor_is_never_released()
    {
        var x = Tensor.Full([Length], 3, device);
        x.Release();
        x.Release();
        Assert.That(x.ToArray(), Is.All.EqualTo(3));
    }

    [Test]
    public void A_result_that_is_not_recorded_lasts_until_its_caller_releases_it()
    {
        var x = Tensor.Full([Length], 3, device);
        var before = Allocated;
        var y = x + 1;
        Assert.That(Allocated - before, Is.EqualTo(Block));
        y.Release();
        Assert.That(Allocated, Is.EqualTo(before));
        y.Release();
        Assert.That(Allocated, Is.EqualTo(before), "a second release does nothing");
        Assert.That(() => y.ToArray(), Throws.InvalidOperationException.With.Message.Contains("Release"));
        Assert.That(y.Keep, Throws.InvalidOperationException);
    }

    [Test]
    public void Backward_ends_the_caller_s_reference_to_a_recorded_result()
    {
        var x = Leaf();
        var before = Allocated;
        var h = x * x;
        var loss = (h + 1).Sum();
        loss.Backward();
        Assert.That(
            () => h.ToArray(), Throws.InvalidOperationException.With.Message.Contains("the result of Multiply"));
        Assert.That(Allocated - before, Is.EqualTo(Block + ScalarBlock), "the gradient and the loss");
        h.Release();
        Assert.That(Allocated - before, Is.EqualTo(Block + ScalarBlock));
        GC.KeepAlive(loss);
    }

    [Test]
    public void A_recorded_result_that_no_op_has_saved_is_freed_by_its_release()
    {
        var h = Leaf() + 1;
        var y = h.Sum();
        var before = Allocated;
        h.Release();
        Assert.That(before - Allocated, Is.EqualTo(Block));
        Assert.That(y.Backward, Throws.Nothing);
    }

    [Test]
    public void A_saved_result_lasts_until_the_op_that_saved_it_has_gone_backward()
    {
        var x = Leaf();
        var h = x + 1;
        var y = (h * h).Sum();
        var before = Allocated;
        h.Release();
        h.Release();
        Assert.That(Allocated, Is.EqualTo(before), "the multiplication has saved it");
        y.Backward();
        Assert.That(x.Grad!.ToArray(), Is.All.EqualTo(8));
        Assert.That(() => h.ToArray(), Throws.InvalidOperationException);
    }

    [Test]
    public void A_kept_result_outlasts_Backward_and_Release_also_if_it_is_kept_late()
    {
        var x = Leaf();
        var (early, late) = ((x + 1).Keep(), x + 1);
        var y = (early * late).Sum();
        late.Release();
        late.Keep();            // the multiplication has saved it
        y.Backward();
        early.Release();
        late.Release();
        Assert.That(early.ToArray().Concat(late.ToArray()), Is.All.EqualTo(4));
    }

    [Test]
    public void The_tensor_that_Backward_starts_from_is_kept()
    {
        var loss = Leaf().Sum();
        loss.Backward();
        loss.Release();
        Assert.That(loss.Item(), Is.EqualTo(3 * Length));
    }

    [Test]
    public void A_pass_frees_the_gradients_between_ops_and_the_results_of_ops_in_it()
    {
        var (x, w) = (Tensor.Full([20, 50], 1, device), Tensor.Full([50, 20], 1, device));
        (x.RequiresGrad, w.RequiresGrad) = (true, true);
        var before = Allocated;
        var loss = (x.MatMul(w).Silu() * 2).Sum();      // the gradients of MatMul are products, made by ops
        loss.Backward();
        Assert.That(Allocated - before, Is.EqualTo(2 * Block + ScalarBlock), "two gradients of leaves, and the loss");
        GC.KeepAlive(loss);
    }

    [Test]
    public void A_gradient_lasts_until_its_leaf_drops_it()
    {
        var x = Leaf();
        x.Sum().Backward();
        var gradient = x.Grad!;
        gradient.Release();
        Assert.That(gradient.ToArray(), Is.All.EqualTo(1), "the leaf holds it, not the caller");
        var before = Allocated;
        x.Grad = null;
        Assert.That(before - Allocated, Is.EqualTo(Block));
        Assert.That(() => gradient.ToArray(), Throws.InvalidOperationException.With.Message.Contains("ZeroGrad"));
    }

    [Test]
    public void A_kept_gradient_outlasts_its_leaf_s_and_is_not_added_to()
    {
        var x = Leaf();
        x.Sum().Backward();
        var kept = x.Grad!.Keep();
        x.Sum().Backward();
        Assert.That(x.Grad!.ToArray(), Is.All.EqualTo(2));
        x.Grad = null;
        Assert.That(kept.ToArray(), Is.All.EqualTo(1));
    }

    [Test]
    public void A_seed_stays_its_caller_s()
    {
        var (a, b) = (Leaf(), Leaf());
        var seed = Tensor.Full([Length], 2, device) * 3;
        (a + b).Relu().Backward(seed);
        Assert.That(seed.ToArray(), Is.All.EqualTo(6));
        Assert.That(seed.IsExclusive);
        var before = Allocated;
        seed.Release();
        Assert.That(before - Allocated, Is.EqualTo(Block));
        Assert.That(a.Grad!.ToArray().Concat(b.Grad!.ToArray()), Is.All.EqualTo(6));
    }

    [Test]
    public void A_block_is_freed_with_its_last_view()
    {
        var x = Tensor.Full([Length], 3, device);
        var before = Allocated;
        var y = x + 1;
        var view = y.Reshape(10, -1);
        Assert.That((y.IsExclusive, view.IsExclusive), Is.EqualTo((false, false)));
        y.Release();
        Assert.That(view.IsExclusive);
        Assert.That(view.ToArray(), Is.All.EqualTo(4));
        view.Release();
        Assert.That(Allocated, Is.EqualTo(before));
    }

    [Test]
    public void A_detached_view_outlasts_what_it_was_made_from_and_shares_its_versions()
    {
        var h = Leaf() + 1;
        var view = h.Detach();
        var y = (h * h).Sum();
        y.Backward();
        view.Release();
        Assert.That(view.ToArray(), Is.All.EqualTo(4));
        Assert.That(() => h.ToArray(), Throws.InvalidOperationException);

        var sigmoid = Leaf().Sigmoid();
        sigmoid.Detach().Fill(() => 0);
        Assert.That(sigmoid.Sum().Backward, Throws.InvalidOperationException.With.Message.Contains("overwritten"));
    }

    [Test]
    public void A_parameter_takes_the_storage_over()
    {
        var content = Tensor.Full([Length], 3, device) + 1;
        var before = Allocated;
        var parameter = new Parameter(content);
        content.Release();
        Assert.That(Allocated, Is.EqualTo(before));
        Assert.That(() => content.ToArray(), Throws.InvalidOperationException.With.Message.Contains("Parameter"));
        parameter.Release();
        Assert.That(parameter.ToArray(), Is.All.EqualTo(4));
    }

    [Test]
    public void A_result_that_becomes_a_leaf_is_kept()
    {
        var leaf = Tensor.Full([Length], 3, device) + 1;
        leaf.RequiresGrad = true;
        leaf.Release();
        leaf.Sum().Backward();
        Assert.That(leaf.ToArray(), Is.All.EqualTo(4));
    }

    [Test]
    public void A_graph_that_is_dropped_without_Backward_is_freed_by_finalizers()
    {
        var x = Leaf();
        var before = Allocated;
        Record();
        Assert.That(Allocated, Is.GreaterThan(before));
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.That(Allocated, Is.EqualTo(before));
        GC.KeepAlive(x);

        [MethodImpl(MethodImplOptions.NoInlining)]      // so that no variable here still refers to the graph
        void Record() => _ = (x * x + x).Sum();
    }

    private Tensor Leaf()
    {
        var x = Tensor.Full([Length], 3, device);
        x.RequiresGrad = true;
        return x;
    }
}
