using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>After a loss that is not finite, training may return to its last good state.</summary>
public sealed class RollbackTests
{
    private static readonly TrainTestSplit Xor = XorGenerator.Generate(seed: 1, train: 80, test: 40);

    [Test]
    public void Training_goes_on_from_the_last_state_with_a_smaller_rate()
    {
        var model = new Sequential(new Linear(2, 8, new Rng(1)), new ReLU(), new Linear(8, 2, new Rng(2)));
        var watch = new Watch();
        var trainer = NewTrainer(model, new Poison(model, at: 6, times: 2), watch);
        trainer.Run(3);

        Assert.That(watch.Rollbacks.Select(r => (r.Step, r.Count)), Is.EqualTo(new[] { (4L, 1), (4L, 2) }));
        Assert.That(watch.Rollbacks[0].Fault.Step, Is.EqualTo(7));
        Assert.That(watch.Rollbacks.Select(r => r.LearningRateFactor), Is.EqualTo(new[] { 0.5, 0.25 }));
        Assert.That(trainer.History.Select(epoch => epoch.Step), Is.EqualTo(new long[] { 4, 8, 12 }));
        Assert.That(
            trainer.History.Select(epoch => (float)epoch.LearningRate), Is.EqualTo(new[] { 0.1f, 0.025f, 0.025f }));
        Assert.That(trainer.History.Select(epoch => epoch.TrainLoss), Is.All.InRange(0, 10));
    }

    [Test]
    public void The_factor_is_in_the_checkpoint()
    {
        using var folder = new TemporaryFolder();
        var model = new Sequential(new Linear(2, 8, new Rng(1)), new ReLU(), new Linear(8, 2, new Rng(2)));
        NewTrainer(model, new Poison(model, at: 6, times: 1), new CheckpointWriter(folder["run"])).Run(2);

        var other = new Sequential(new Linear(2, 8, new Rng(1)), new ReLU(), new Linear(8, 2, new Rng(2)));
        var trainer = NewTrainer(other);
        Assert.That(Checkpoint.LoadNewest(folder["run"], trainer), Is.EqualTo(8));
        trainer.Run(3);
        Assert.That((float)trainer.History[^1].LearningRate, Is.EqualTo(0.05f));
    }

    [Test]
    public void After_ten_times_it_ends()
    {
        var model = new Sequential(new Linear(2, 8, new Rng(1)), new ReLU(), new Linear(8, 2, new Rng(2)));
        var watch = new Watch();
        var trainer = NewTrainer(model, new Poison(model, at: 6, times: int.MaxValue), watch);
        Assert.That(() => trainer.Run(3), Throws.TypeOf<DivergenceException>());
        Assert.That(watch.Rollbacks, Has.Count.EqualTo(Trainer.MaxRollbacks));
        Assert.That(double.IsNaN(trainer.History[^1].TrainLoss));
    }

    /// <summary>Weights that are finite, and whose next update is not.</summary>
    [TestCase(1e38f, 4, new long[] { 7, 6, 5 })]
    [TestCase(3e38f, 2, new long[] { 6, 5 })]
    public void A_state_that_is_bad_itself_is_left_for_an_older_one(float weight, int keep, long[] steps)
    {
        using var folder = new TemporaryFolder();
        var model = new Sequential(new Linear(2, 8, new Rng(1)), new ReLU(), new Linear(8, 2, new Rng(2)));
        var watch = new Watch();
        var writer = new CheckpointWriter(folder["run"], CheckpointInterval.Steps(1), keep) { InBackground = false };
        var trainer = NewTrainer(model, new Poison(model, at: 6, times: 1, weight), writer, watch);
        trainer.Run(3);

        Assert.That(watch.Rollbacks.Select(r => r.Step), Is.EqualTo(steps));
        Assert.That(
            watch.Rollbacks.Select(r => r.LearningRateFactor),
            Is.EqualTo(steps.Select((_, i) => Math.Pow(0.5, i + 1))));
        Assert.That(trainer.History.Select(epoch => epoch.Step), Is.EqualTo(new long[] { 4, 8, 12 }));
        Assert.That(CheckpointFolder.Find(folder["run"])[0].Step, Is.EqualTo(12));
        Assert.That(model.Parameters().SelectMany(parameter => parameter.ToArray()), Is.All.InRange(-10f, 10f));
    }

    [Test]
    public void Checkpoints_after_an_older_one_that_is_restored_are_deleted()
    {
        using var folder = new TemporaryFolder();
        var model = new Linear(2, 2, new Rng(1));
        var writer = new CheckpointWriter(folder["run"], CheckpointInterval.Steps(1), keep: 9) { InBackground = false };
        var trainer = NewTrainer(model, writer);
        trainer.Run(2);
        File.WriteAllText(CheckpointFolder.PathOf(folder["run"], 6), "damaged");
        Assert.That(Checkpoint.RestoreBefore(folder["run"], trainer, 7), Is.EqualTo(5));
        Assert.That(trainer.Step, Is.EqualTo(5));
        Assert.That(CheckpointFolder.Find(folder["run"])[0].Step, Is.EqualTo(5));
        Assert.That(Checkpoint.RestoreBefore(folder["run"], trainer, 0), Is.Null);
    }

    [TestCase(0.0)]
    [TestCase(1.0)]
    [TestCase(double.NaN)]
    public void A_factor_is_between_0_and_1(double factor)
    {
        var model = new Linear(2, 2, new Rng(1));
        Assert.That(
            () => new Trainer(model, new(Xor.Train, 20), null, new Sgd(model.Parameters(), 0.1f))
            {
                RollbackFactor = factor,
            },
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("between 0 and 1"));
    }

    private static Trainer NewTrainer(Module model, params ITrainingCallback[] callbacks) =>
        new(model, new(Xor.Train, 20, seed: 2), new(Xor.Test, 20), new Sgd(model.Parameters(), 0.1f, momentum: 0.9f))
        {
            RollbackFactor = 0.5,
            Callbacks = callbacks,
        };

    private sealed class Watch : ITrainingCallback
    {
        public List<Rollback> Rollbacks { get; } = [];

        public void OnRollback(Rollback rollback) => Rollbacks.Add(rollback);
    }

    /// <summary>Makes a weight huge or infinite after a step, the first times that it is reached.</summary>
    private sealed class Poison(Module model, long at, int times, float value = float.PositiveInfinity)
        : ITrainingCallback
    {
        private int left = times;

        public void OnStepEnd(StepRecord step)
        {
            if (step.Step != at || left-- <= 0) return;
            var weight = model.Parameters()[0];
            weight.CopyFrom([value, .. weight.ToArray()[1..]]);
        }
    }
}
