using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A compiled model on a GPU: the launches of the module, in order.</summary>
[Category("Gpu"), Category("Slow")]
public sealed class CompiledModelGpuTests
{
    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void It_computes_what_the_module_does(string name)
    {
        var device = DeviceCatalog.Open(name);
        var rng = new Rng(5);
        var model = new Sequential(
            new Conv2d(3, 4, 3, rng), new BatchNorm2d(4), new ReLU(), new MaxPool2d(2), new Flatten(),
            new Linear(16, 5, rng), new Softmax()).To(device);
        var input = Tensor.Uniform([2, 3, 6, 6], 0, 1, rng).ToArray();
        var x = Tensor.From([2, 3, 6, 6], input, device);
        using var exact = model.Compile([2, 3, 6, 6], foldBatchNorm: false);
        using var folded = model.Compile([2, 3, 6, 6]);
        Assert.That(folded.StepCount, Is.EqualTo(5), $"{folded}");
        for (var i = 0; i < 2; i++)
        {
            using var noGrad = GradMode.NoGrad();
            var expected = model.Eval().Forward(x).ToArray();
            var output = new float[10];
            exact.Run(input, output);
            Assert.That(output, Is.EqualTo(expected));
            Assert.That(exact.Run(x).ToArray(), Is.EqualTo(expected));
            Assert.That(folded.Run(x).ToArray(), Is.EqualTo(expected).Within(1e-6f));
            foreach (var tensor in model.Parameters())
                tensor.CopyFrom([.. tensor.ToArray().Select(value => value * 1.5f)]);
        }

        Assert.That(
            () => exact.Run(Tensor.Zeros([2, 3, 6, 6])),
            Throws.ArgumentException.With.Message.Contains($"the input is on {Device.Cpu}"));
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Its_memory_is_flat_and_freed(string name)
    {
        var device = DeviceCatalog.Open(name);
        var model = new Linear(100, 50, new(5)).To(device);
        var (input, output) = (new float[300], new float[150]);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = device.Memory.Allocated;
        var compiled = model.Compile([3, 100]);
        compiled.Run(input, output);
        var running = device.Memory;
        for (var i = 0; i < 3; i++) compiled.Run(input, output);
        Assert.That(device.Memory, Is.EqualTo(running));
        compiled.Dispose();
        Assert.That(device.Memory.Allocated, Is.EqualTo(before));
        GC.KeepAlive(model);
    }
}
