using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What the benchmarks time, and how they count it.</summary>
public sealed class KernelCatalogTests
{
    private static readonly Workload[] LeNet = [.. Workload.Choose(["lenet5"], batch: 2, trains: true)];

    [Test]
    public void Every_layer_of_a_network_is_there_with_each_pass_once()
    {
        string[] names = [.. KernelCatalog.LayerPasses(LeNet).Select(kernel => kernel.Name)];
        Assert.That(names, Is.Unique);
        Assert.That(names.Where(name => name.EndsWith("forward", StringComparison.Ordinal)), Is.EqualTo((string[])
        [
            "Conv2d 5×5 1→6, 32×32, padding 0, batch 2: forward", "MaxPool2d 2×6×28×28→2×6×14×14: forward",
            "Conv2d 5×5 6→16, 14×14, padding 0, batch 2: forward", "MaxPool2d 2×16×10×10→2×16×5×5: forward",
            "Conv2d 5×5 16→120, 5×5, padding 0, batch 2: forward",
            "Linear 120→84, batch 2: forward", "Linear 84→10, batch 2: forward",
        ]));
        Assert.That(names, Does.Contain("Linear 84→10, batch 2: by weight"));
        Assert.That(names, Does.Contain("MaxPool2d 2×16×10×10→2×16×5×5: backward"));
    }

    [Test]
    public void Every_kernel_runs_again_and_again()
    {
        var device = new CpuDevice(threads: 2);
        foreach (var kernel in KernelCatalog.LayerPasses(LeNet))
        {
            var run = kernel.Prepare(device);
            run();
            Assert.That(run, Throws.Nothing, kernel.Name);
        }
    }

    [Test]
    public void Who_names_no_network_gets_the_standard_steps()
    {
        Assert.That(Workload.Choose([], null, null), Is.EqualTo(Workload.Standard));
        Assert.That(
            Workload.Choose([], null, trains: false).Select(workload => (workload.Network.Name, workload.Batch)),
            Is.EqualTo(((string, int)[])[("nin", 128), ("alexnet", 1)]));
        Assert.That(Workload.Choose(["fcnet"], 7, trains: false), Is.EqualTo(
            (Workload[])[new(NetworkCatalog.Find("fcnet"), 7, Trains: false)]));
    }

    [Test]
    public void The_operations_of_a_step_are_those_of_direct_convolution()
    {
        // 222 M multiply-adds an image, three passes, but two for the first layer: it has no gradient by its input.
        var nin = Workload.Choose(["nin"], batch: null, trains: true).Single();
        Assert.That(nin.Operations, Is.EqualTo(2L * 128 * (3 * 222_486_528L - 32 * 32 * 192 * 75)));

        var (step, profile) = (new BenchmarkStep(LeNet[0], new CpuDevice(threads: 1)), new OpProfile(Device.Cpu));
        OpObserver.Current = profile;
        try
        {
            step.Run(profile);
        }
        finally
        {
            OpObserver.Current = null;
        }

        var counted = profile.Costs.Values.Sum(cost => cost.Flops);
        Assert.That(counted, Is.EqualTo(LeNet[0].Operations), "as the profile counts them");
    }
}
