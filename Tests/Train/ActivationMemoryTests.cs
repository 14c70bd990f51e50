using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A batch that cannot fit into memory is refused before it is allocated.</summary>
public sealed class ActivationMemoryTests
{
    private static readonly Shape Item = [3, 8, 8];
    private static readonly IReadOnlyList<LayerSummary> Layers = ModelSummary.Of(
        new Sequential(
            new Conv2d(3, 4, 3, new Rng(1), padding: 1), new ReLU(), new Conv2d(4, 2, 3, new Rng(2)), new Flatten(),
            new Linear(72, 5, new Rng(3))),
        Item);

    [TestCase(true, (192 + 256 + 72 + 5) * 4 * 16)]
    [TestCase(false, (192 + 256) * 4 * 16)]
    public void It_is_the_items_and_the_outputs_of_layers_with_weights(bool isTraining, int bytes) =>
        Assert.That(ActivationMemory.LeastBytes(Layers, Item, 16, isTraining), Is.EqualTo(bytes));

    [Test]
    public void Too_large_a_batch_is_refused_with_the_settings_that_matter()
    {
        var small = new CpuDevice(threads: 1, memoryLimit: 33_599);
        Assert.That(() => ActivationMemory.Check(small, Layers, Item, 15, isTraining: true), Throws.Nothing);
        Assert.That(() => ActivationMemory.Check(small, Layers, Item, 16, isTraining: false), Throws.Nothing);
        Assert.That(
            () => ActivationMemory.Check(small, Layers, Item, 16, isTraining: true),
            Throws.TypeOf<InputException>().With.Message.StartsWith("To train with a batch of 16 items of 3×8×8 takes")
                .And.Message.EndsWith(
                    "A smaller --batch-size, --resize or --width needs less, and so do more --shards."));
    }

    [Test]
    public void It_is_less_than_a_step_takes()
    {
        var device = new CpuDevice(threads: 1);
        var model = NetworkCatalog.Find("nin").Create(new([3, 32, 32], 10) { WidthMultiplier = 0.1 }, new Rng(0));
        var least = ActivationMemory.LeastBytes(ModelSummary.Of(model, [3, 32, 32]), [3, 32, 32], 8, isTraining: true);
        model.To(device);
        var x = Tensor.Uniform([8, 3, 32, 32], 0, 1, new Rng(1), device);
        model.Forward(x).CrossEntropy(new Labels(new int[8], device)).Backward();
        Assert.That(device.Memory.PeakAllocated, Is.GreaterThan(least));
    }
}
