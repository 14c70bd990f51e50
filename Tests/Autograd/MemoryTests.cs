using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Storage is reused, freed, and on exhaustion an error has the figures.</summary>
public sealed class MemoryTests
{
    [Test]
    public void A_loop_written_by_hand_takes_no_new_storage()
    {
        var device = new CpuDevice(threads: 2);
        var rng = new Rng(1);
        var w = new Parameter(Tensor.Uniform([64, 10], -1, 1, rng, device));
        var x = Tensor.Uniform([256, 64, 1], -1, 1, rng, device);
        var target = Tensor.Uniform([256, 10], -1, 1, rng, device);

        for (var i = 0; i < 3; i++) Step();
        var before = device.Memory;
        for (var i = 0; i < 50; i++) Step();
        Assert.That(device.Memory.SystemAllocations, Is.EqualTo(before.SystemAllocations));
        Assert.That(
            device.Memory.Allocated - before.Allocated,
            Is.LessThanOrEqualTo(50 * 64),
            "only the losses, until a garbage collection");

        void Step()
        {
            w.Grad = null;
            var y = (x * w).Sum([1]).Silu();
            var error = y - target;
            (error * error).Mean().Backward();
        }
    }

    /// <summary>Every kind of movement, recorded and not: what a step made is free before the next.</summary>
    [Test]
    public void Thousands_of_slices_joins_reductions_and_batches_take_no_new_storage()
    {
        var device = new CpuDevice(threads: 1);
        var w = new Parameter(Tensor.Uniform([4, 6, 5], -1, 1, new(1), device));
        var image = Tensor.Uniform([2, 4, 6, 5], -1, 1, new(2), device);
        for (var i = 0; i < 20; i++) Step();
        var before = device.Memory;
        for (var i = 0; i < 5000; i++) Step();
        Assert.That(
            device.Memory.Allocated + device.Memory.Cached - before.Allocated - before.Cached,
            Is.LessThanOrEqualTo(1 << 20),
            "only the losses, 64 bytes each, until a garbage collection");

        void Step()
        {
            w.Grad = null;
            var joined = Tensor.Concat([w[1..3], w.Slice(0, .., step: 2)], -1).Permute(2, 0, 1);
            var stacked = Tensor.Stack([joined[0], joined[^1]]).Pad([(1, 0)]).Unsqueeze(1).Expand(-1, 3, -1, -1);
            var parts = stacked.Squeeze().Clone().Split(1);
            var rows = w[0].IndexSelect(0, 0, 1, 2, 3, 4, 5, 5).Transpose(0, 1);
            var product = parts[0].MatMul(rows, transposeB: true);
            var batches = w.MatMul(w, transposeB: true);
            (product.Max([0, 2]).Sum() + product.Variance([1]).Sum() + batches.Min() + parts[1].Sum()).Backward();
            w.ArgMax(1).Release();
            using (GradMode.NoGrad())
            {
                image.MatMul(w, transposeB: true).Release();
                image.Max([0, 3]).Release();
                image.Variance([0, 3]).Release();
            }
        }
    }

    [Test]
    public void Evaluation_without_a_graph_comes_to_rest()
    {
        var device = new CpuDevice(threads: 1);
        var x = Tensor.Full([1 << 18], 1, device);      // a megabyte
        for (var i = 0; i < 200; i++)
            using (GradMode.NoGrad())
                _ = (x.Relu() + 1).Sum().Item();
        var use = device.Memory;
        Assert.That(use.Allocated + use.Cached, Is.LessThan(80 << 20), "400 results of a megabyte were made");
    }

    [Test]
    public void Release_frees_a_result_at_once_but_not_a_factory_s_tensor()
    {
        var device = new CpuDevice(threads: 1);
        var x = Tensor.Full([1000], 1, device);
        var before = device.Memory.Allocated;
        (x + 1).Release();
        Assert.That(device.Memory.Allocated, Is.EqualTo(before));
        x.Release();
        Assert.That(x.ToArray(), Is.All.EqualTo(1));
    }

    [Test]
    public void A_view_keeps_the_storage_that_it_shares()
    {
        var device = new CpuDevice(threads: 1);
        var x = Tensor.Full([4, 6], 1, device);
        var y = x + 1;
        var view = y.Reshape(24);
        y.Release();
        var other = Tensor.Full([24], 7, device);
        Assert.That(view.ToArray(), Is.All.EqualTo(2));
        GC.KeepAlive(other);
    }

    [Test]
    public void Exhaustion_names_what_was_asked_for_what_is_used_and_what_is_left()
    {
        var device = new CpuDevice(threads: 1, memoryLimit: 1 << 20);
        var half = Tensor.Zeros([1 << 17], device);
        var error = Assert.Throws<InsufficientMemoryException>(() => Tensor.Zeros([1 << 18], device))!;
        Assert.That(
            error.Message,
            Does.Contain("1,048,576 bytes were asked for")
                .And.Contain("524,288 are in use").And.Contain("524,288 of the"));
        Assert.That(Tensor.Zeros([1 << 16], device).ToArray(), Is.All.Zero, "the device is still of use");
        GC.KeepAlive(half);
    }

    [Test]
    public void What_is_free_in_one_size_serves_another_when_memory_is_short()
    {
        var device = new CpuDevice(threads: 1, memoryLimit: 1 << 20);
        DropOneReleaseOne();
        var x = Tensor.Zeros([200_000], device);        // fits only if both other blocks have gone back to the system
        Assert.That(device.Memory.Allocated, Is.GreaterThanOrEqualTo(800_000));
        GC.KeepAlive(x);

        [MethodImpl(MethodImplOptions.NoInlining)]      // so that no variable here still refers to what was dropped
        void DropOneReleaseOne() => (Tensor.Zeros([100_000], device) + 0).Release();
    }

    [Test]
    public void Blocks_are_aligned_to_a_cache_line()
    {
        for (var n = 1; n < 100; n += 7)
            unsafe { Assert.That((long)Tensor.Zeros([n]).Pointer % 64, Is.Zero); }
    }
}
