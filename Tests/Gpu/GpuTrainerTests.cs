using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The trainer on every device: it learns what the CPU learns, and finds the same faults, if later.</summary>
[Category("Gpu")]
public sealed class GpuTrainerTests
{
    private const int BatchSize = 50, Batches = 2;
    private static readonly TrainTestSplit Xor = XorGenerator.Generate(seed: 1, train: Batches * BatchSize, test: 60);

    /// <summary>Where a step takes less than seconds.</summary>
    private static IEnumerable<TestCaseData> Real => TestDevices.CasesExcept("emulated");

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void It_learns_what_the_CPU_learns(string name)
    {
        var (here, there) = (NewTrainer(DeviceCatalog.Open(name)), NewTrainer(Device.Cpu));
        var epochs = name == "emulated" ? 1 : 5;
        here.Run(epochs);
        there.Run(epochs);

        foreach (var (ours, theirs) in here.History.Zip(there.History))
        {
            Assert.That(ours.TrainLoss, Is.EqualTo(theirs.TrainLoss).Within(1e-4 * theirs.TrainLoss));
            Assert.That(ours.Step, Is.EqualTo(theirs.Step));
            Assert.That(
                ours.TrainAccuracy,
                Is.EqualTo(theirs.TrainAccuracy).Within(0.02),
                "of 100, one or two may round otherwise");
            Assert.That(ours.TestAccuracy, Is.EqualTo(theirs.TestAccuracy).Within(0.02));
        }
    }

    [TestCaseSource(nameof(Real))]
    public void Callbacks_may_read_the_loss_at_every_step(string name)
    {
        var read = new List<(double Loss, double? Accuracy)>();
        var trainer = NewTrainer(
            DeviceCatalog.Open(name), observer: new LossReader(step => read.Add((step.Loss, step.Accuracy))));
        trainer.Run(1);

        Assert.That(read, Has.Count.EqualTo(Batches));
        Assert.That(read[^1].Loss, Is.EqualTo(trainer.History[0].TrainLoss));
        Assert.That(read[^1].Accuracy, Is.EqualTo(trainer.History[0].TrainAccuracy));
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void A_loss_that_is_not_finite_stops_the_run_and_restores_finite_weights(string name)
    {
        var device = DeviceCatalog.Open(name);
        var model = Perceptron();
        var start = Numbers(model);
        // After the first step the scores are not finite any more
        var trainer = NewTrainer(device, model, rate: 1e25f);

        var fault = Assert.Throws<DivergenceException>(() => trainer.Run(3))!;

        Assert.That(fault.Step, Is.EqualTo(2));
        Assert.That(Numbers(model), Is.EqualTo(start), "the first look is at the end of the epoch");
        Assert.That(trainer.History[^1].TrainLoss, Is.NaN);
    }

    [TestCaseSource(nameof(Real))]
    public void A_dead_network_is_named_with_the_step_of_its_end(string name)
    {
        var last = new Linear(2, 2, new Rng(3));
        last.Bias!.CopyFrom([-100f, -100f]);
        var trainer = NewTrainer(DeviceCatalog.Open(name), new Sequential(last, new ReLU()));

        var fault = Assert.Throws<DeadReluException>(() => trainer.Run(100))!;

        Assert.That(fault.Step, Is.EqualTo(10));
        Assert.That(fault.Message, Does.Contain("0.6931"));
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Weights_go_through_files_between_devices(string name)
    {
        var device = DeviceCatalog.Open(name);
        using var folder = new TemporaryFolder();
        var (model, twin) = (Perceptron(), Perceptron(seed: 9));
        model.To(device);
        model.Save(folder["there.safetensors"]);
        twin.Load(folder["there.safetensors"]);
        Assert.That(Numbers(twin), Is.EqualTo(Numbers(model)));

        var third = Perceptron(seed: 10).To(device);
        third.Load(folder["there.safetensors"]);
        Assert.That(Numbers(third), Is.EqualTo(Numbers(model)));
        Assert.That(third.Parameters()[0].Device, Is.SameAs(device));
    }

    private static Trainer NewTrainer(
        Device device, Module? model = null, float rate = 0.1f, ITrainingCallback? observer = null)
    {
        model ??= Perceptron();
        model.To(device);
        return new(
            model, new(Xor.Train, BatchSize, seed: 2, device: device),
            new(Xor.Test, BatchSize, shuffle: false, device: device),
            new Sgd(model.Parameters(), rate, momentum: 0.9f))
        {
            Callbacks = observer is null ? [] : [observer],
        };
    }

    private static Sequential Perceptron(ulong seed = 3)
    {
        var rng = new Rng(seed);
        return new(new Linear(2, 16, rng), new ReLU(), new Linear(16, 2, rng));
    }

    private static float[] Numbers(Module model) => [.. model.State().SelectMany(s => s.Tensor.ToArray())];

    private sealed class LossReader(Action<StepRecord> onStep) : ITrainingCallback
    {
        public void OnStepEnd(StepRecord step) => onStep(step);
    }
}
