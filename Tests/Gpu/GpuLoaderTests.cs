using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>For a GPU several threads prepare a batch.</summary>
public sealed class GpuLoaderTests
{
    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Batches_are_those_of_the_CPU(string name)
    {
        var images = ShapesGenerator.Generate(seed: 1, train: 70, test: 10).Train;
        var transform = new Compose(new RandAugment(), new RandomRotation(10), new Cutout(5));
        var device = DeviceCatalog.Open(name);
        foreach (var mixup in (Mixup?[])[null, new(1)])
        {
            var onCpu = new DataLoader(images, 32, transform, seed: 4) { Mixup = mixup }.Epoch(1);
            var onGpu = new DataLoader(images, 32, transform, seed: 4, device: device) { Mixup = mixup }.Epoch(1);
            foreach (var (expected, actual) in onCpu.Zip(onGpu))
            {
                Assert.That(actual.X.Device, Is.EqualTo(device));
                Assert.That(actual.X.ToArray(), Is.EqualTo(expected.X.ToArray()));
                Assert.That(
                    actual.DominantLabels!.Span.ToArray(), Is.EqualTo(expected.DominantLabels!.Span.ToArray()));
                if (mixup is not null)
                    Assert.That(actual.Target.Values.ToArray(), Is.EqualTo(expected.Target.Values.ToArray()));
            }
        }
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void An_item_that_cannot_be_read_is_named(string name)
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteCifar10(folder.Name, records: 20);
        var train = CifarReader.ReadCifar10(folder.Name).Train;
        using (var file = new FileStream(folder["data_batch_2.bin"], FileMode.Open)) file.SetLength(3073 * 12);
        var loader = new DataLoader(train, 100, device: DeviceCatalog.Open(name));
        Assert.That(
            () => loader.Epoch(1).Count(),
            Throws.TypeOf<InputException>().With.Message.Contains("data_batch_2.bin' ended while it was read"));
    }
}
