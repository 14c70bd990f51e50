using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The allocations of a training step after the first steps.</summary>
[NonParallelizable]
public sealed class SteadyStepTests
{
    /// <summary>The kernels compute a bias gradient with the weight gradient, also for layers without a bias.</summary>
    [TestCase("cpu")]
    [TestCase("emulated", Category = "Gpu,Slow")]
    public void Layers_without_biases_allocate_no_new_storage(string name)
    {
        Device device = name == "cpu" ? new CpuDevice(threads: 2) : NewEmulated();
        var (width, size) = name == "cpu" ? (32, 16) : (4, 6);      // the emulation is slow
        var rng = new Rng(1);
        var model = new Sequential(
            new Conv2d(3, width, 3, rng, bias: false), new ReLU(), new Conv2d(width, 2 * width, 3, rng, bias: false),
            new GlobalAvgPool2d(), new Linear(2 * width, 10, rng, bias: false));
        model.To(device);
        var x = Tensor.Uniform([4, 3, size, size], 0, 1, rng, device);
        var labels = new Labels([0, 1, 2, 3], device);

        for (var i = 0; i < 3; i++) Step();
        var (allocated, blocks) = (device.Memory.Allocated, device.Memory.SystemAllocations);
        Step();
        Assert.That(device.Memory.Allocated - allocated, Is.LessThanOrEqualTo(64), "the loss, in the smallest block");
        Assert.That(device.Memory.SystemAllocations, Is.EqualTo(blocks));

        void Step() => model.Forward(x).CrossEntropy(labels).Backward();

        static GpuDevice NewEmulated()
        {
            var shared = (GpuDevice)DeviceCatalog.Open("emulated");
            return new(new(shared.Name, "", 1L << 30, ""), shared.Accelerator);
        }
    }

    [TestCase("nin", 2, 1f)]
    [TestCase("alexnet", 2, 0.125f)]
    [TestCase("lenet5", 16, 1f)]
    public void A_step_allocates_no_new_storage_and_little_managed_memory(string name, int batch, float width)
    {
        var network = NetworkCatalog.Find(name);
        var device = new CpuDevice(threads: 2);
        var rng = new Rng(1);
        var model = network.Create(new(network.Input, Classes: 10) { WidthMultiplier = width }, rng).To(device);
        var optimizer = new Sgd(model.Parameters(), 0.01f, momentum: 0.9f, nesterov: true);
        var x = Tensor.Uniform([batch, .. network.Input], 0, 1, rng, device);
        int[] labels = [.. Enumerable.Range(0, batch).Select(i => i % 10)];

        for (var i = 0; i < 3; i++) Step();
        var (blocks, collections) = (device.Memory.SystemAllocations, GC.CollectionCount(2));
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        const int steps = 4;
        for (var i = 0; i < steps; i++) Step();

        Assert.That(GC.CollectionCount(2), Is.EqualTo(collections));
        Assert.That((GC.GetTotalAllocatedBytes(precise: true) - bytes) / steps, Is.LessThan(64 << 10));
        Assert.That(device.Memory.SystemAllocations, Is.EqualTo(blocks));

        void Step()
        {
            optimizer.ZeroGrad();
            model.Forward(x).CrossEntropy(labels).Backward();
            optimizer.Step();
        }
    }
}
