using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A compiled module's memory: planned once, shared where lifetimes allow, freed by Dispose.</summary>
public sealed class CompiledMemoryTests
{
    private static Rng Rng => new(5);

    [Test]
    public void Runs_take_no_memory_and_Dispose_frees_it()
    {
        var device = new CpuDevice(2);
        var model = CompiledModelTests.CreateNarrow("nin").To(device);
        WarmUp(model, [2, 3, 32, 32], device);
        var input = Tensor.Uniform([2, 3, 32, 32], 0, 1, Rng).ToArray();
        var output = new float[20];
        var before = device.Memory.Allocated;

        var compiled = model.Compile([2, 3, 32, 32]);
        compiled.Run(input, output);
        CollectGarbage();
        var (running, arena) = (device.Memory, compiled.Memory);
        Assert.That(running.Allocated - before, Is.EqualTo(CachingAllocator<nint>.RoundedSize(arena)));
        for (var i = 0; i < 10; i++) compiled.Run(input, output);
        Assert.That(device.Memory, Is.EqualTo(running), "flat");

        compiled.Dispose();
        Assert.That(device.Memory.Allocated, Is.EqualTo(before));
        GC.KeepAlive(model);
    }

    [Test]
    public void The_arena_is_as_large_as_the_largest_neighbors()
    {
        // 16 floats in, then 64, 1024, 64: the most at once is 64 + 1024
        var model = new Sequential(
            new Linear(16, 64, Rng), new GELU(), new Linear(64, 1024, Rng), new Linear(1024, 64, Rng));
        using var compiled = model.Compile([1, 16]);
        _ = compiled.Run(Tensor.Zeros([1, 16]));
        Assert.That(compiled.Memory, Is.EqualTo((64 + 1024) * sizeof(float)));
    }

    [Test]
    public void What_becomes_unreachable_is_freed_by_the_finalizer()
    {
        var device = new CpuDevice(1);
        var model = new Linear(100, 1000, Rng).To(device);
        WarmUp(model, [3, 100], device);
        var before = device.Memory.Allocated;
        CompileAndRun();
        CollectGarbage();
        Assert.That(device.Memory.Allocated, Is.EqualTo(before));
        GC.KeepAlive(model);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void CompileAndRun() => model.Compile([3, 100]).Run(new float[300], new float[3000]);
    }

    [Test]
    public void Buffers_that_live_at_once_do_not_overlap()
    {
        for (ulong seed = 0; seed < 200; seed++)
        {
            var rng = new Rng(seed);
            var buffers = new PlanBuffer[1 + rng.Next(30)];
            for (var i = 0; i < buffers.Length; i++)
            {
                var first = rng.Next(20) - 1;
                buffers[i] = new(rng.Next(4) == 0 ? 0 : rng.Next(1000)) { First = first, Last = first + rng.Next(8) };
            }

            var size = MemoryPlan.Place(buffers);
            Assert.That(buffers.Select(b => b.Offset % 16), Is.All.Zero, "64-byte aligned");
            Assert.That(buffers.Select(b => b.Offset + b.Count), Is.All.LessThanOrEqualTo(size));
            foreach (var (i, a) in buffers.Index())
                foreach (var b in buffers[(i + 1)..])
                    Assert.That(
                        a.First > b.Last || b.First > a.Last
                        || a.Offset + a.Count <= b.Offset || b.Offset + b.Count <= a.Offset);
            var needed = Enumerable.Range(-1, 30).Max(
                step => buffers.Where(b => b.First <= step && b.Last >= step).Sum(b => (long)b.Count));
            Assert.That(size, Is.LessThanOrEqualTo(2 * needed + 16 * buffers.Length), "near the lower bound");
        }
    }

    [Test]
    public void A_limit_of_memory_is_an_error_and_the_model_stays_usable()
    {
        var device = new CpuDevice(1, memoryLimit: 1 << 20);
        var model = new Linear(10, 10, Rng).To(device);
        using var compiled = model.Compile([1, 10]);
        Assert.That(() => model.Compile([100_000, 10]), Throws.TypeOf<InsufficientMemoryException>());
        Assert.That(compiled.Run(Tensor.Zeros([1, 10], device)).Shape, Is.EqualTo(compiled.OutputShape));
    }

    /// <summary>Runs the model until kernels keep what they keep of its weights.</summary>
    internal static void WarmUp(Module model, Shape shape, Device device)
    {
        Predict();
        CollectGarbage();

        // A method of its own: code that is not optimized keeps the last input reachable until the method ends.
        [MethodImpl(MethodImplOptions.NoInlining)]
        void Predict()
        {
            using (GradMode.NoGrad())
            using (model.Evaluating())
                for (var i = 0; i < 3; i++) model.Forward(Tensor.Zeros(shape, device)).Release();
        }
    }

    internal static void CollectGarbage()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }
}
