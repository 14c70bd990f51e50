using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Weights are prepared once per content, with the same results as without, in bounded memory.</summary>
[Category("Kernels")]
public sealed unsafe class PreparedWeightsTests
{
    private const int Channels = 32, Outputs = 48, Kernel = 3;

    /// <summary>Enough tiles for Winograd at 12 images, and the direct kernels for one.</summary>
    [TestCase(12)]
    [TestCase(1)]
    public void A_kept_form_gives_the_same_bits(int images)
    {
        var device = new CpuDevice(threads: 2);
        var (x, weight, bias) = (Input(images, device), Weight(device), Bias(device));
        using var noGrad = GradMode.NoGrad();
        var first = Convolve(x, weight, bias);
        Assert.That(device.Derived.Bytes, Is.Zero, "the first call keeps nothing");
        var second = Convolve(x, weight, bias);
        Assert.That(device.Derived.Bytes, Is.Positive, "the second one does");
        var third = Convolve(x, weight, bias);

        Assert.That(second, Is.EqualTo(first));
        Assert.That(third, Is.EqualTo(first));
    }

    [Test]
    public void A_training_step_after_an_evaluation_of_the_same_weights_keeps_nothing()
    {
        var device = new CpuDevice(threads: 2);
        var (x, weight, bias) = (Input(12, device), new Parameter(Weight(device)), Bias(device));
        using (GradMode.NoGrad()) Convolve(x, weight, bias);
        Convolve(x, weight, bias);
        Assert.That(device.Derived.Bytes, Is.Zero, "each was asked for once");
        Convolve(x, weight, bias);
        Assert.That(device.Derived.Bytes, Is.Positive, "accumulation over several batches keeps it");
    }

    [Test]
    public void Groups_are_kept_together()
    {
        var device = new CpuDevice(threads: 2);
        var (x, weight) = (Input(2, device), Tensor.Uniform([128, 16, 3, 3], -1, 1, new(2), device));
        using var noGrad = GradMode.NoGrad();
        float[] first = Run(), second = Run();
        Assert.That(device.Derived.Bytes, Is.Positive);
        var third = Run();
        Assert.That(second, Is.EqualTo(first));
        Assert.That(third, Is.EqualTo(first));

        float[] Run() => x.Conv2d(weight, padding: 1, groups: 2).ToArray();
    }

    public static IEnumerable<TestCaseData> Changes =>
    [
        new TestCaseData((Action<Parameter>)(w => w.CopyFrom(Weight(w.Device, seed: 9)))) { TestName = "CopyFrom" },
        new TestCaseData((Action<Parameter>)(w =>
        {
            w.Grad = Weight(w.Device, seed: 8);
            new Sgd([w], 0.1f).Step();
        })) { TestName = "Optimizer step" },
        new TestCaseData((Action<Parameter>)(w => w.Fill(() => 0.25f))) { TestName = "Fill" },
    ];

    [TestCaseSource(nameof(Changes))]
    public void A_change_of_the_weight_is_seen(Action<Parameter> change)
    {
        var device = new CpuDevice(threads: 2);
        var (x, weight) = (Input(12, device), new Parameter(Weight(device)));
        using var noGrad = GradMode.NoGrad();
        for (var i = 0; i < 3; i++) Convolve(x, weight, null);
        var kept = device.Derived.Bytes;

        change(weight);
        var fresh = Weight(device);
        fresh.CopyFrom(weight);
        var expected = Convolve(x, fresh, null);
        Assert.That(Convolve(x, weight, null), Is.EqualTo(expected));
        Assert.That(device.Derived.Bytes, Is.Zero, "the stale form is freed");
        Assert.That(Convolve(x, weight, null), Is.EqualTo(expected));
        Assert.That(device.Derived.Bytes, Is.EqualTo(kept), "the new one is kept");
        GC.KeepAlive(weight);           // its finalizer would free what is counted
    }

    [Test]
    public void A_training_step_keeps_nothing()
    {
        var device = new CpuDevice(threads: 2);
        var (x, weight) = (Input(12, device), new Parameter(Weight(device)));
        var optimizer = new Sgd([weight], 0.01f);
        for (var i = 0; i < 4; i++)
        {
            optimizer.ZeroGrad();
            x.Conv2d(weight, padding: 1).Mean().Backward();
            optimizer.Step();
            Assert.That(device.Derived.Bytes, Is.Zero);
        }
    }

    [Test]
    public void Eight_threads_share_one_form()
    {
        var device = new CpuDevice(threads: 2);
        var (x, weight, bias) = (Input(12, device), Weight(device), Bias(device));
        float[] expected;
        long kept;
        using (GradMode.NoGrad())
        {
            expected = Convolve(x, weight, bias);
            Convolve(x, weight, bias);
            kept = device.Derived.Bytes;
            device.EmptyCache();
            Assert.That(device.Derived.Bytes, Is.Zero, "an emptied cache has no forms");
        }

        var equal = 0;
        var threads = Enumerable.Range(0, 8).Select(number => new Thread(() =>
        {
            using var noGrad = GradMode.NoGrad();
            for (var i = 0; i < 40; i++)
            {
                if (number == 0 && i % 8 == 7) device.EmptyCache();      // while others read
                if (Convolve(x, weight, bias).AsSpan().SequenceEqual(expected)) Interlocked.Increment(ref equal);
            }
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Assert.That(equal, Is.EqualTo(8 * 40));
        using (GradMode.NoGrad()) Convolve(x, weight, bias);
        Assert.That(device.Derived.Bytes, Is.EqualTo(kept), "one form, and none was left behind");
        GC.KeepAlive(weight);
    }

    [Test]
    public void Memory_stays_flat_and_ends_with_the_weight()
    {
        var device = new CpuDevice(threads: 2);
        var (x, source) = (Input(12, device), Weight(device));
        using var noGrad = GradMode.NoGrad();
        UseWeight();
        var before = device.Memory;
        for (var i = 0; i < 50; i++) UseWeight();
        Assert.That(device.Derived.Bytes, Is.Zero);
        Assert.That(device.Memory.Allocated, Is.EqualTo(before.Allocated));
        Assert.That(device.Memory.SystemAllocations, Is.EqualTo(before.SystemAllocations));

        void UseWeight()
        {
            // A result that is not recorded: Release frees its storage, and what was kept of it
            var weight = source.Relu();
            for (var i = 0; i < 3; i++) x.Conv2d(weight, padding: 1).Release();
            Assert.That(device.Derived.Bytes, Is.Positive);
            weight.Release();
        }
    }

    [Test]
    public void Nothing_is_kept_beyond_an_eighth_of_the_memory()
    {
        const int limit = 2 << 20;
        var device = new CpuDevice(threads: 2, memoryLimit: limit);
        var x = Tensor.Uniform([1, 64, 6, 6], -1, 1, new(1), device);
        using var noGrad = GradMode.NoGrad();
        var weights = new List<Tensor>();           // they live on, and so would what is kept of them
        for (var seed = 0ul; seed < 8; seed++)
        {
            var weight = Tensor.Uniform([32, 64, 3, 3], -1, 1, new(seed), device);
            weights.Add(weight);
            var first = x.Conv2d(weight).ToArray();
            for (var i = 0; i < 3; i++) Assert.That(x.Conv2d(weight).ToArray(), Is.EqualTo(first));
        }

        Assert.That(device.Derived.Bytes, Is.InRange(32 * 64 * 9 * sizeof(float), limit / 8));
        Assert.That(weights, Has.Count.EqualTo(8));
    }

    [Test]
    public void Exhausted_memory_takes_them_back()
    {
        var device = new CpuDevice(threads: 2, memoryLimit: 4 << 20);
        var x = Tensor.Uniform([1, 128, 6, 6], -1, 1, new(1), device);
        var weight = Tensor.Uniform([64, 128, 3, 3], -1, 1, new(2), device);
        using var noGrad = GradMode.NoGrad();
        for (var i = 0; i < 3; i++) x.Conv2d(weight).Release();
        Assert.That(device.Derived.Bytes, Is.GreaterThanOrEqualTo(64 * 128 * 9 * sizeof(float)));

        using var large = new Workspace(device, 3584 * 1024 / sizeof(float));
        Assert.That(device.Derived.Bytes, Is.Zero, "weight, form and this are more than the device has");
        GC.KeepAlive(weight);
    }

    [Test]
    public void Two_layouts_of_one_weight_are_two_forms()
    {
        var device = new CpuDevice(threads: 2);
        var weight = Weight(device);
        var direct = (IWeightLayout)DirectConvolution.Widest;
        var depth = Channels * Kernel * Kernel;
        for (var i = 0; i < 2; i++)
        {
            PreparedWeights.Acquire(weight, direct, depth, Outputs).Dispose();
            PreparedWeights.Acquire(weight, direct, depth / 2, 2 * Outputs).Dispose();
        }

        using var a = PreparedWeights.Acquire(weight, direct, depth, Outputs);
        using var b = PreparedWeights.Acquire(weight, direct, depth / 2, 2 * Outputs);
        using var again = PreparedWeights.Acquire(weight, direct, depth, Outputs);
        Assert.That(a.Pointer == b.Pointer, Is.False);
        Assert.That(a.Pointer == again.Pointer);
    }

    /// <summary>Direct, Winograd, few channels, pointwise, a matrix times a vector.</summary>
    [TestCase(1, 3, 20, 40, 5, 2)]
    [TestCase(12, 32, 9, 48, 3, 1)]
    [TestCase(1, 1, 28, 6, 5, 0)]
    [TestCase(2, 32, 9, 48, 1, 0)]
    [TestCase(1, 16, 5, 40, 5, 0)]
    public void A_forward_pass_allocates_no_object(int n, int c, int size, int k, int kernel, int padding)
    {
        var device = new CpuDevice(threads: 2);
        var (x, weight) = (Tensor.Uniform([n, c, size, size], -1, 1, new(1), device), NewWeight());
        var problem = Conv2dProblem.Create(x.Shape, weight.Shape, null, (1, 1), (padding, padding), (1, 1), 1);
        var y = Tensor.Zeros([n, k, problem.P, problem.Q], device);
        using var noGrad = GradMode.NoGrad();
        for (var i = 0; i < 5; i++) Conv2dCpu.Instance.Forward(problem, x, weight, null, true, y);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 5; i++) Conv2dCpu.Instance.Forward(problem, x, weight, null, true, y);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        Tensor NewWeight() => Tensor.Uniform([k, c, kernel, kernel], -1, 1, new(2), device);
    }

    /// <summary>As memory in which results are written again and again, without a new version.</summary>
    [Test]
    public void Nothing_is_kept_of_a_block_that_is_reused()
    {
        var device = new CpuDevice(threads: 1);
        var (x, source) = (Input(1, device), Weight(device));
        var block = device.AllocateBlock(source.Shape.Size);
        var reused = new Tensor(source.Shape, new CpuStorage(device, block.Start, block.Size) { IsReused = true });
        using var noGrad = GradMode.NoGrad();
        for (var i = 0; i < 3; i++)
        {
            source.Span.CopyTo(reused.Span);
            Assert.That(Convolve(x, reused, null), Is.EqualTo(Convolve(x, source, null)));
            source.CopyFrom(Weight(device, seed: 10 + i));
        }

        Assert.That(device.Derived.Bytes, Is.Zero);
    }

    private static float[] Convolve(Tensor x, Tensor weight, Tensor? bias)
    {
        var y = x.Conv2d(weight, bias, padding: 1);
        var values = y.ToArray();
        y.Release();
        return values;
    }

    private static Tensor Input(int images, Device device) =>
        Tensor.Uniform([images, Channels, 9, 9], -1, 1, new(1), device);

    private static Tensor Weight(Device device, int seed = 2) =>
        Tensor.Uniform([Outputs, Channels, Kernel, Kernel], -1, 1, new((ulong)seed), device);

    private static Tensor Bias(Device device) => Tensor.Uniform([Outputs], -1, 1, new(3), device);
}
