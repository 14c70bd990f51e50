using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// The allocations, copies and launches of a training step after the first epoch.
/// </summary>
[Category("Gpu"), NonParallelizable]
public sealed class GpuStepTests
{
    private const int Batches = 6, BatchSize = 2, MostLaunches = 80;

    // On which it takes minutes
    private static IEnumerable<TestCaseData> Real => TestDevices.CasesExcept("emulated");

    [TestCaseSource(nameof(Real))]
    public void A_step_of_nin_allocates_nothing_sends_only_its_batch_and_launches_few_kernels(string name)
    {
        var device = (GpuDevice)DeviceCatalog.Open(name);
        var nin = NetworkCatalog.Find("nin");
        var model = nin.Create(new(nin.Input, 10) { WidthMultiplier = 0.25 }, new(1));
        nin.Recipe.Initialize(model, new(2));
        model.To(device);

        var data = ShapesGenerator.Generate(seed: 1, train: Batches * BatchSize, test: 10).Train;
        var counter = new LaunchCounter(device);
        var trainer = new Trainer(
            model, new(data, BatchSize, new Resize(32, 32), device: device), test: null,
            new Sgd(model.Parameters(), 0.01f, momentum: 0.9f, nesterov: true)) { Callbacks = [counter] };

        trainer.Run(2);
        var (blocks, transfers) = (device.Memory.SystemAllocations, device.TransferCount);
        counter.Launches.Clear();
        trainer.Run(3);

        Assert.That(
            device.Memory.SystemAllocations,
            Is.InRange(blocks, blocks + Batches),
            "blocks of memory: none but the loader's, which keeps up to 8 MB of small batches (decision 8)");
        Assert.That(
            device.TransferCount - transfers,
            Is.EqualTo(2 * Batches + 1),
            "images and labels of each batch, and the epoch's figures");
        var steps = counter.Launches.Zip(counter.Launches.Skip(1), (before, after) => after - before);
        Assert.That(steps, Is.All.LessThan(MostLaunches));
        TestContext.Out.WriteLine($"{steps.Max()} launches a step");
    }

    private sealed class LaunchCounter(GpuDevice device) : ITrainingCallback
    {
        public List<long> Launches { get; } = [];

        public void OnStepEnd(StepRecord step) => Launches.Add(device.LaunchCount);
    }
}
