using NUnit.Framework;
using static PyNetSharp.Tests.XorTraining;

namespace PyNetSharp.Tests;

/// <summary>Items that are held out choose the best epoch; the test items only measure it.</summary>
public sealed class ValidationTests
{
    private static readonly (Dataset Kept, Dataset HeldOut) Parts = Xor.Train.RandomSplit(50, seed: 4);

    [Test]
    public void The_validation_items_choose_the_best_epoch()
    {
        var model = Perceptron();
        var trainer = NewValidatedTrainer(model, rate: 2);      // so large that the accuracy oscillates
        trainer.Run(12);

        Assert.That(trainer.History.Select(e => e.ValidationAccuracy), Is.All.Not.Null);
        Assert.That(trainer.History.Select(e => e.ValidationLoss), Is.All.Not.Null);
        Assert.That(trainer.Best!.ValidationAccuracy, Is.EqualTo(trainer.BestValidationAccuracy));
        trainer.RestoreBest();
        Assert.That(
            Evaluation.Run(model, NewLoader(Parts.HeldOut)).Accuracy, Is.EqualTo(trainer.BestValidationAccuracy));
    }

    [TestCase(0, new[] { 5 })]
    [TestCase(2, new[] { 2, 4, 5 })]
    [TestCase(1, new[] { 1, 2, 3, 4, 5 })]
    public void The_test_items_measure_at_the_end_and_when_asked(int testEvery, int[] expected)
    {
        var trainer = NewValidatedTrainer(Perceptron(), testEvery: testEvery);
        trainer.Run(5);
        var tested = trainer.History.Where(epoch => epoch.TestAccuracy is not null).Select(epoch => epoch.Epoch);
        Assert.That(tested, Is.EqualTo(expected));
    }

    [Test]
    public void The_choice_changes_no_weight()
    {
        var (with, without) = (Perceptron(), Perceptron());
        NewValidatedTrainer(with).Run(4);
        NewValidatedTrainer(without, isValidated: false).Run(4);
        Assert.That(Numbers(with), Is.EqualTo(Numbers(without)));
    }

    [TestCase(0)]
    [TestCase(2)]
    public void A_run_that_is_made_longer_ends_as_one_that_was_not_stopped(int testEvery)
    {
        using var folder = new TemporaryFolder();
        var whole = NewValidatedTrainer(Perceptron(), testEvery: testEvery);
        whole.Run(5);
        var first = NewValidatedTrainer(Perceptron(), testEvery: testEvery);
        first.Run(3);
        Checkpoint.Save(folder["three.safetensors"], first);
        var rest = NewValidatedTrainer(Perceptron(), testEvery: testEvery);
        Checkpoint.Load(folder["three.safetensors"], rest);
        rest.Run(5);

        Assert.That(WithoutTimes(rest.History), Is.EqualTo(WithoutTimes(whole.History)));
        Assert.That(rest.Best!.Epoch, Is.EqualTo(whole.Best!.Epoch));
        rest.RestoreBest();
        whole.RestoreBest();
        Assert.That(
            rest.BestWeights().Select(w => w.Tensor.ToArray()),
            Is.EqualTo(whole.BestWeights().Select(w => w.Tensor.ToArray())));
    }

    [Test]
    public void A_test_that_was_stopped_is_made_up_for()
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var stopping = NewValidatedTrainer(Perceptron(), callback: new StopInEvaluation(stop, number: 4));
        stopping.Run(3, stop.Token);
        Assert.That(stopping.History[^1].ValidationAccuracy, Is.Not.Null);
        Assert.That(stopping.History[^1].TestAccuracy, Is.Null);
        Checkpoint.Save(folder["stopped.safetensors"], stopping);

        var rest = NewValidatedTrainer(Perceptron());
        Checkpoint.Load(folder["stopped.safetensors"], rest);
        Assert.That(rest.IsComplete(3), Is.False);
        rest.Run(3);
        var whole = NewValidatedTrainer(Perceptron());
        whole.Run(3);
        Assert.That(WithoutTimes(rest.History), Is.EqualTo(WithoutTimes(whole.History)));
        Assert.That(rest.IsComplete(3));
    }

    [Test]
    public void A_plateau_is_that_of_the_validation_loss()
    {
        // Every second epoch has no validation loss, and does not count.
        var plateau = new ReduceLROnPlateau(patience: 0, threshold: 1e9, thresholdMode: ThresholdMode.Absolute);
        var trainer = NewValidatedTrainer(Perceptron(), evaluateEvery: 2, schedule: plateau);
        trainer.Run(8);
        Assert.That(plateau.Reductions, Is.EqualTo(3));         // epochs 4, 6 and 8; the first sets the mark
    }

    [Test]
    public void Other_targets_are_refused()
    {
        var values = new DataLoader(
            new TensorDataset(Tensor.Zeros([4, 2]), Tensor.Zeros([4, 3])), batchSize: 2, shuffle: false);
        Assert.That(
            () => new Trainer(Perceptron(), NewLoader(Parts.Kept), null, new Sgd(Perceptron().Parameters(), 0.1f))
            {
                Validation = values,
            },
            Throws.ArgumentException.With.Message.Contains("validation items values"));
    }

    private static Trainer NewValidatedTrainer(
        Module model, float rate = 0.1f, int testEvery = 0, int evaluateEvery = 1, bool isValidated = true,
        LearningRateSchedule? schedule = null, ITrainingCallback? callback = null) =>
        new(
            model, NewLoader(Parts.Kept, shuffle: true), NewLoader(Xor.Test),
            new Sgd(model.Parameters(), rate, momentum: 0.9f), schedule: schedule)
        {
            Validation = isValidated ? NewLoader(Parts.HeldOut) : null,
            EvaluateEvery = evaluateEvery,
            TestEvery = testEvery,
            Callbacks = callback is null ? [] : [callback],
        };

    private static IEnumerable<EpochRecord> WithoutTimes(IEnumerable<EpochRecord> history) =>
        history.Select(epoch => epoch with
        {
            Seconds = 0,
            ImagesPerSecond = 0,
            TestSeconds = epoch.TestSeconds is null ? null : 0,
        });

    /// <summary>Cancels when an evaluation begins, counted from 1.</summary>
    private sealed class StopInEvaluation(CancellationTokenSource stop, int number) : ITrainingCallback
    {
        private int begun;

        public void OnEvaluationProgress(int done, int count)
        {
            if (done == 0 && ++begun == number) stop.Cancel();
        }
    }
}
