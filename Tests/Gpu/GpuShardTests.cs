using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Shards in one process on every device: the same masks and running statistics as on the CPU.</summary>
[Category("Gpu")]
public sealed class GpuShardTests
{
    private static readonly TrainTestSplit Xor = XorGenerator.Generate(seed: 1, train: 50, test: 10);

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void They_learn_what_the_CPU_learns(string name)
    {
        var (here, there) = (Run(DeviceCatalog.Open(name)), Run(Device.Cpu));
        Assert.That(here.Numbers, Is.EqualTo(there.Numbers).Within(1e-4));
        Assert.That(here.Loss, Is.EqualTo(there.Loss).Within(1e-4));
        Assert.That(here.Accuracy, Is.EqualTo(there.Accuracy).Within(0.02), "of 50, one may round otherwise");

        static (float[] Numbers, double Loss, double? Accuracy) Run(Device device)
        {
            var rng = new Rng(3);
            var model = new Sequential(
                new Linear(2, 16, rng), new BatchNorm1d(16), new Dropout(new(4), 0.5f), new ReLU(),
                new Linear(16, 2, rng)).To(device);
            var trainer = new Trainer(
                model, new(Xor.Train, 20, seed: 2, device: device), null,
                new Sgd(model.Parameters(), 0.1f, momentum: 0.9f))
            {
                Shards = 4,
            };
            trainer.Run(1);
            float[] numbers = [.. model.State().SelectMany(s => s.Tensor.ToArray())];
            return (numbers, trainer.History[0].TrainLoss, trainer.History[0].TrainAccuracy);
        }
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Dropout_begins_at_a_position(string name)
    {
        var device = DeviceCatalog.Open(name);
        var features = Tensor.Full([35], 1, device).Dropout(0.5f, 7).ToArray();
        Assert.That(
            Tensor.Full([20], 1, device).Dropout(0.5f, 7, position: 15).ToArray(), Is.EqualTo(features[15..]));
        var sequences = Tensor.Full([7, 5, 3], 1, device).Dropout1d(0.5f, 7).ToArray();
        Assert.That(
            Tensor.Full([4, 5, 3], 1, device).Dropout1d(0.5f, 7, position: 15).ToArray(), Is.EqualTo(sequences[45..]));
        var images = Tensor.Full([7, 5, 2, 2], 1, device).Dropout2d(0.5f, 7).ToArray();
        Assert.That(
            Tensor.Full([4, 5, 2, 2], 1, device).Dropout2d(0.5f, 7, position: 15).ToArray(),
            Is.EqualTo(images[60..]));
    }
}
