using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Ten training losses on every device: PyTorch's, and the CPU's.</summary>
[Category("Gpu")]
public sealed class GpuTrainingTests
{
    private const double Tolerance = 1e-4;      // relative; what the CPU's losses are held to as well

    /// <summary>
    /// A rate at which rounding does not grow: with ten times as much, inputs changed by 1e-7 change the CPU's own
    /// tenth loss by 2e-4.
    /// </summary>
    private const float Gentle = 0.001f;

    private static readonly string[] Golden = ["nin", "nin-d2l", "alexnet", "lenet5"];

    private static IEnumerable<TestCaseData> Real => TestDevices.CasesExcept("emulated");

    private static IEnumerable<TestCaseData> Reference => TestDevices.Each(Golden, (_, device) => device != "emulated");

    [TestCaseSource(nameof(Reference))]
    public void Ten_training_losses_are_PyTorchs(string name, string network)
    {
        using var golden = new GoldenFile("training");
        var (x, labels) = GoldenModels.Batch(golden, new(3), network);
        var losses = Losses(
            GoldenModels.Create(network), x, labels, golden[$"{network}/rate"].Item(), DeviceCatalog.Open(name));
        AssertNear(losses, golden.Values($"{network}/losses"));
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void A_small_networks_losses_are_the_CPUs(string name)
    {
        var x = Tensor.Uniform([4, 2, 9, 9], -1, 1, new(5));
        AssertNear(Train(DeviceCatalog.Open(name)), Train(Device.Cpu));

        float[] Train(Device device) =>
            Losses(Small(), x, [0, 1, 2, 1], 0.05f, device, steps: name == "emulated" ? 2 : 10);
    }

    [TestCaseSource(nameof(Real))]
    public void The_losses_of_nin_at_batch_8_are_the_CPUs(string name)
    {
        var x = Tensor.Uniform([8, 3, 32, 32], -1, 1, new(5));
        AssertNear(Train(DeviceCatalog.Open(name)), Train(Device.Cpu));

        float[] Train(Device device)
        {
            var nin = NetworkCatalog.Find("nin");
            // With its dropout: masks depend on seed and position only
            var model = nin.Create(new(nin.Input, 10), new(1));
            nin.Recipe.Initialize(model, new(2));
            return Losses(model, x, [0, 1, 2, 3, 4, 5, 6, 7], Gentle, device);
        }
    }

    private static Sequential Small()
    {
        var rng = new Rng(1);
        return new(
            new Conv2d(2, 8, 3, rng, padding: 1), new ReLU(), new MaxPool2d(2), new Dropout2d(rng.Split(), 0.25f),
            new Conv2d(8, 8, 1, rng), new ReLU(), new AvgPool2d(2), new Flatten(), new Dropout(rng.Split(), 0.25f),
            new Linear(32, 16, rng), new BatchNorm1d(16), new ReLU(), new Linear(16, 3, rng));
    }

    private static float[] Losses(Module model, Tensor x, int[] classes, float rate, Device device, int steps = 10)
    {
        model.To(device);
        var (here, labels) = (x.To(device), new Labels(classes, device));
        var optimizer = new Sgd(model.Parameters(), rate, momentum: 0.9f, nesterov: true);
        return [.. Enumerable.Range(0, steps).Select(_ => Step())];

        float Step()
        {
            optimizer.ZeroGrad();
            var loss = model.Forward(here).CrossEntropy(labels);
            loss.Backward();
            optimizer.Step();
            return loss.Item();
        }
    }

    private static void AssertNear(float[] losses, float[] expected)
    {
        foreach (var (step, (loss, right)) in losses.Zip(expected).Index())
            Assert.That(
                loss, Is.EqualTo(right).Within(Tolerance * right), $"step {step} of {string.Join(", ", expected)}");
    }
}
