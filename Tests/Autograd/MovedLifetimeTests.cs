using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>References of tensors that move to another device, and of tensors that several threads share.</summary>
public sealed class MovedLifetimeTests
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
    public void A_moved_parameter_frees_its_block_and_its_gradient_s()
    {
        var other = new CpuDevice(threads: 1);
        var before = Allocated;
        var linear = new Linear(20, 50, new Rng(1), bias: false);
        linear.To(device);
        linear.Weight.Sum().Backward();
        var afterLoss = Allocated;
        linear.To(other);
        Assert.That(afterLoss - Allocated, Is.EqualTo(2 * Block));
        Assert.That(Allocated - before, Is.EqualTo(ScalarBlock), "the loss");
        Assert.That(other.Memory.Allocated, Is.EqualTo(2 * Block));
        linear.Weight.Grad = null;
        Assert.That(other.Memory.Allocated, Is.EqualTo(Block), "the gradient has no other reference");
    }

    [Test]
    public void A_gradient_that_follows_a_moved_parameter_leaves_nothing_behind()
    {
        var other = new CpuDevice(threads: 1);
        var w = new Parameter(Tensor.Full([Length], 3, device));
        var (first, second) = (w.Sum(), (w + 1).Sum());
        var before = Allocated;
        w.Move(other);
        first.Backward();
        second.Backward();
        Assert.That(w.Grad!.ToArray(), Is.All.EqualTo(2));
        Assert.That(before - Allocated, Is.EqualTo(2 * Block), "the parameter and the sum");
        Assert.That(other.Memory.Allocated, Is.EqualTo(2 * Block), "the parameter and its gradient");
    }

    /// <summary>Counts are atomic: each thread records its own graph, and all of them save the same input.</summary>
    [Test]
    public void Threads_may_share_an_input()
    {
        var x = Tensor.Full([1], 3, device);
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(RecordGraphs))];
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Assert.That(x.IsExclusive);
        Assert.That(x.Item(), Is.EqualTo(3));

        void RecordGraphs()
        {
            var w = new Parameter(Tensor.Full([1], 2, device));
            for (var i = 0; i < 5000; i++) (x * w).Backward();
        }
    }
}
