using NUnit.Framework;
using static PyNetSharp.Tests.XorTraining;

namespace PyNetSharp.Tests;

public sealed class TrainerTests
{
    [Test]
    public void A_run_has_a_history_and_calls_its_callbacks()
    {
        var recorder = new RecordingCallback();
        var trainer = NewTrainer(Perceptron(), recorder: recorder, evaluateEvery: 2);

        trainer.Run(5);

        Assert.That(trainer.History.Select(epoch => epoch.Epoch), Is.EqualTo(new[] { 1, 2, 3, 4, 5 }));
        Assert.That(trainer.History.Select(epoch => epoch.Step), Is.EqualTo(new long[] { 4, 8, 12, 16, 20 }));
        var measured = trainer.History.Where(epoch => epoch.TestAccuracy is not null);
        Assert.That(measured.Select(epoch => epoch.Epoch), Is.EqualTo(new[] { 2, 4, 5 }));
        Assert.That(recorder.Epochs.Select(e => e.Epoch), Is.EqualTo(trainer.History));
        Assert.That(recorder.Steps.Select(step => step.Step), Is.EqualTo(Enumerable.Range(1, 20)));
        Assert.That(recorder.Steps[5], Has.Property("Epoch").EqualTo(2).And.Property("Batch").EqualTo(2));
        Assert.That(recorder.Steps[3].Loss, Is.EqualTo(trainer.History[0].TrainLoss));
        Assert.That(trainer.History[4].TrainLoss, Is.LessThan(trainer.History[0].TrainLoss));
        Assert.That(trainer.BestTestAccuracy, Is.EqualTo(trainer.History.Max(epoch => epoch.TestAccuracy)));
    }

    [Test]
    public void Training_equals_a_loop_by_hand()
    {
        var (model, twin) = (Perceptron(), Perceptron());
        var loader = NewLoader(Xor.Train, shuffle: true);
        var optimizer = new Sgd(twin.Parameters(), 0.1f, momentum: 0.9f);
        for (var epoch = 1; epoch <= 2; epoch++)
            foreach (var (x, labels) in loader.Epoch(epoch))
            {
                optimizer.ZeroGrad();
                twin.Forward(x).CrossEntropy(labels).Backward();
                optimizer.Step();
            }

        NewTrainer(model).Run(2);

        Assert.That(Numbers(model), Is.EqualTo(Numbers(twin)));
    }

    [Test]
    public void The_best_weights_are_kept()
    {
        var model = Perceptron();
        var trainer = NewTrainer(model, rate: 2);       // so large that the accuracy oscillates
        trainer.Run(12);

        trainer.RestoreBest();

        Assert.That(trainer.Best!.TestAccuracy, Is.EqualTo(trainer.BestTestAccuracy));
        Assert.That(Evaluation.Run(model, NewLoader(Xor.Test)).Accuracy, Is.EqualTo(trainer.BestTestAccuracy));
        Assert.That(trainer.History.First(e => e.TestAccuracy == trainer.BestTestAccuracy), Is.SameAs(trainer.Best));
    }

    [Test]
    public void An_accuracy_of_NaN_is_never_the_best()
    {
        var measured = NewTrainer(Perceptron());
        measured.Resume([Epoch(1, double.NaN), Epoch(2, 0.25), Epoch(3, double.NaN)]);
        Assert.That(measured.Best!.Epoch, Is.EqualTo(2));

        var unmeasured = NewTrainer(Perceptron());
        unmeasured.Resume([Epoch(1, double.NaN)]);
        Assert.That(unmeasured.Best, Is.Null);
        unmeasured.Run(2);
        Assert.That(unmeasured.Best!.Epoch, Is.EqualTo(2));

        static EpochRecord Epoch(int epoch, double accuracy) => new(epoch, 4 * epoch, 1, 0.5, accuracy, 1, 1, 0.1);
    }

    [Test]
    public void The_last_step_ends_the_run_within_an_epoch_and_is_measured()
    {
        var trainer = NewTrainer(Perceptron(), maxSteps: 6, evaluateEvery: 100);
        trainer.Run(100);

        Assert.That(trainer.Step, Is.EqualTo(6));
        Assert.That(trainer.History, Has.Count.EqualTo(2));
        Assert.That(trainer.History[1].TestAccuracy, Is.Not.Null);
    }

    [Test]
    public void Cancellation_ends_the_run_after_the_step()
    {
        using var stop = new CancellationTokenSource();
        var recorder = new RecordingCallback { OnStep = step => { if (step.Step == 6) stop.Cancel(); } };
        var trainer = NewTrainer(Perceptron(), recorder: recorder);
        trainer.Run(100, stop.Token);

        Assert.That(trainer.Step, Is.EqualTo(6));
        Assert.That(trainer.History.Select(epoch => epoch.TestAccuracy is null), Is.EqualTo(new[] { false, true }));
    }

    [Test]
    public void The_schedule_sets_each_step()
    {
        var recorder = new RecordingCallback();
        NewTrainer(Perceptron(), recorder: recorder, schedule: new StepLR(4, 0.5)).Run(2);

        double[] expected = [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05];
        Assert.That(recorder.Steps.Select(step => step.LearningRate), Is.EqualTo(expected));
    }

    [Test]
    public void Threads_change_nothing()
    {
        Assert.That(Train(threads: 3), Is.EqualTo(Train(threads: 1)));

        static float[] Train(int threads)
        {
            var device = new CpuDevice(threads);
            var model = NetworkCatalog.Find("fcnet").Create(new([2], 2) { Dropout = 0.5f }, new Rng(5)).To(device);
            var train = new DataLoader(Xor.Train, BatchSize, device: device);
            new Trainer(model, train, test: null, new Adam(model.Parameters())).Run(3);
            return Numbers(model);
        }
    }
}
