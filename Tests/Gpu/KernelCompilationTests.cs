using ILGPU;
using ILGPU.Backends;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Kernels are compiled before they are needed.</summary>
[Category("Gpu")]
public sealed class KernelCompilationTests
{
    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Precompile_compiles_what_the_work_launches_and_does_nothing_else(string name)
    {
        var opened = (GpuDevice)DeviceCatalog.Open(name);
        var device = new GpuDevice(new(name, "", 1L << 30, ""), opened.Accelerator);
        var compilation = device.Precompile(there => Work(Tensor.Zeros([4, 3, 8, 8], there)));
        compilation.Completion.Wait();
        Assert.That(compilation.CompletedCount, Is.EqualTo(compilation.Count).And.GreaterThan(5));
        Assert.That((device.LaunchCount, device.TransferCount, device.Memory.PeakAllocated), Is.EqualTo((0L, 0L, 0L)));

        Assert.That(
            device.Precompile(there => Work(Tensor.Zeros([4, 3, 8, 8], there))).Count, Is.Zero, "all are known");
        var right = Work(Tensor.Uniform([4, 3, 8, 8], -1, 1, new(1)));
        var here = Work(Tensor.Uniform([4, 3, 8, 8], -1, 1, new(1)).To(device));
        Assert.That(here, Is.EqualTo(right).Within(1e-4f));

        static float Work(Tensor x)
        {
            var rng = new Rng(3);
            var model = new Sequential(
                new Conv2d(3, 4, 3, rng), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(36, 3, rng));
            model.To(x.Device);
            var optimizer = new Sgd(model.Parameters(), 0.1f, momentum: 0.9f);
            var loss = model.Forward(x).CrossEntropy(new Labels([0, 1, 2, 0], x.Device));
            loss.Backward();
            model.Parameters().ClipGradNorm(1);
            optimizer.Step();
            return model.Forward(x).CrossEntropy(new Labels([0, 1, 2, 0], x.Device)).Item();
        }
    }

    /// <summary>
    /// The order in which ILGPU gets kernels decides the order of their instructions, and so perhaps their roundings.
    /// </summary>
    [Test]
    public void Kernels_are_compiled_in_the_order_of_the_work()
    {
        var compiled = new List<int>();
        var loaded = 0;
        LazyKernel[] kernels =
            [.. Enumerable.Range(0, 50).Select(i => new LazyKernel(typeof(CopyKernel), () => Compile(i), Load))];
        var compilation = new KernelCompilation(kernels);
        compilation.Completion.Wait();
        Assert.That(compiled, Is.EqualTo(Enumerable.Range(0, 50)));
        Assert.That((loaded, compilation.CompletedCount), Is.EqualTo((50, 50)));
        Assert.That(kernels, Is.All.Property(nameof(LazyKernel.IsCompiled)).True);

        CompiledKernel Compile(int i)
        {
            compiled.Add(i);
            return null!;
        }

        Delegate Load(CompiledKernel kernel)
        {
            Interlocked.Increment(ref loaded);
            return () => { };
        }
    }

    [Test]
    public void A_kernel_that_cannot_be_compiled_ends_no_other_and_its_launch_says_so()
    {
        LazyKernel[] kernels =
        [
            new(typeof(CopyKernel), () => throw new InternalCompilerException("no such instruction"), _ => () => { }),
            new(typeof(FillKernel), () => null!, _ => throw new NotSupportedException()),
            new(typeof(AccumulateKernel), () => null!, _ => () => { }),
        ];
        var compilation = new KernelCompilation(kernels);
        compilation.Completion.Wait();
        Assert.That(compilation.CompletedCount, Is.EqualTo(3));
        Assert.That(kernels.Select(kernel => kernel.IsCompiled), Is.EqualTo(new[] { false, false, true }));
        Assert.That(
            () => kernels[0].Launcher,
            Throws.TypeOf<NotSupportedException>().With.Message.StartsWith(
                "The kernel CopyKernel cannot be compiled for GPUs: ILGPU reports \"no such instruction\"."));
    }
}
