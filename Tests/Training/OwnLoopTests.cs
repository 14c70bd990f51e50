using NUnit.Framework;
using static PyNetSharp.Tests.XorTraining;

namespace PyNetSharp.Tests;

/// <summary>The trainer's parts in a loop by hand.</summary>
public sealed class OwnLoopTests
{
    private const int Epochs = 4;

    [Test]
    public void A_loop_by_hand_with_the_trainer_s_parts_has_its_results()
    {
        using var folder = new TemporaryFolder();
        var (model, twin) = (Perceptron(), Perceptron());
        var trainer = NewTrainer(twin, rate: 2);
        trainer.Run(Epochs);
        trainer.RestoreBest();

        var best = Train(model, new Sgd(model.Parameters(), 2, momentum: 0.9f), folder.Name);
        best.Restore();

        Assert.That(Numbers(model), Is.EqualTo(Numbers(twin)));
        Assert.That(best.Accuracy, Is.EqualTo(trainer.BestTestAccuracy));
        var metrics = MetricsFile.Read(folder["metrics.jsonl"]);
        Assert.That(
            metrics.Select(e => (e.Step, e.TrainLoss, e.TrainAccuracy, e.TestAccuracy)),
            Is.EqualTo(trainer.History.Select(e => (e.Step, e.TrainLoss, e.TrainAccuracy, e.TestAccuracy))));
        var resumed = Perceptron();
        var optimizer = new Sgd(resumed.Parameters(), 2, momentum: 0.9f);
        Assert.That(Checkpoint.Load(folder["checkpoint.safetensors"], resumed, optimizer), Is.EqualTo(trainer.Step));
    }

    private static BestWeights Train(Module model, Optimizer optimizer, string folder)
    {
        var train = NewLoader(Xor.Train, shuffle: true);
        var evaluation = new PeriodicEvaluation(model, NewLoader(Xor.Test), every: 1);
        var (best, guard, deadRelus) = (new BestWeights(model), new DivergenceGuard(model), new DeadReluDetector());
        var (writer, log, step) = (new MetricsWriter(Path.Combine(folder, "metrics.jsonl")), new BatchMetricsLog(), 0L);
        for (var epoch = 1; epoch <= Epochs; epoch++)
        {
            var metrics = new EpochMetrics(epoch);
            foreach (var (x, labels) in train.Epoch(epoch))
            {
                optimizer.ZeroGrad();
                metrics.BeginBatch(labels.Count);
                var scores = model.Forward(x);
                var loss = scores.CrossEntropy(labels);
                log.Add(scores, loss, labels);
                step++;
                foreach (var batch in log.Drain())
                {
                    guard.Update(batch.Loss, step);
                    deadRelus.Update(batch.IsConstantOutput, step);
                    metrics.Add(batch);
                }

                guard.ThrowIfDiverged(optimizer.LearningRate);
                deadRelus.ThrowIfDead(metrics.Loss, optimizer.LearningRate);
                loss.Backward();
                guard.KeepWeights(step);
                optimizer.Step();
            }

            metrics.Stop();
            var accuracy = evaluation.IsDue(epoch, isLast: epoch == Epochs) ? evaluation.Run()?.Accuracy : null;
            writer.OnEpochEnd(metrics.ToEpochRecord(step, optimizer.LearningRate, accuracy), best.Update(accuracy));
            Checkpoint.Save(Path.Combine(folder, "checkpoint.safetensors"), model, optimizer, step);
        }

        return best;
    }

    [Test]
    public void A_divergence_restores_the_kept_weights_and_training_can_continue()
    {
        var model = Perceptron();
        var guard = new DivergenceGuard(model);
        Assert.That(guard.Update(0.5, step: 1), Is.True);
        model.Parameters()[0].CopyFrom([.. Enumerable.Repeat(2f, 32)]);
        guard.KeepWeights(step: 1);
        var kept = Numbers(model);
        model.Parameters()[0].CopyFrom([.. Enumerable.Repeat(3f, 32)]);

        Assert.That(guard.Update(double.PositiveInfinity, step: 2), Is.False);
        Assert.That(guard.Update(0.5, step: 3), Is.False, "the first counts");

        var fault = Assert.Throws<DivergenceException>(() => guard.ThrowIfDiverged(0.1))!;
        Assert.That((fault.Step, fault.LearningRate), Is.EqualTo((2, 0.1)));
        Assert.That(Numbers(model), Is.EqualTo(kept));
        Assert.That(() => guard.ThrowIfDiverged(0.1), Throws.Nothing);
        Assert.That(guard.Update(0.5, step: 3), Is.True);
    }

    [TestCase(1, 1, true)]
    [TestCase(50, 50, true)]
    [TestCase(49, 50, false)]
    public void The_guard_is_due_after_its_interval(long step, int interval, bool isDue) =>
        Assert.That(new DivergenceGuard(Perceptron()).IsDue(step, interval), Is.EqualTo(isDue));

    [Test]
    public void Only_a_higher_accuracy_replaces_the_best_weights()
    {
        var model = Perceptron();
        var best = new BestWeights(model);
        Assert.That(best.Restore, Throws.InvalidOperationException);
        best.Resume(0.5);
        Assert.That(best.Update(0.5) || best.Update(double.NaN) || best.Update(null), Is.False);
        Assert.That(best.Update(0.6), Is.True);
        var weights = Numbers(model);
        model.Parameters()[0].CopyFrom([.. Enumerable.Repeat(3f, 32)]);
        Assert.That(best.Update(0.6), Is.False);

        best.Restore();

        Assert.That(Numbers(model), Is.EqualTo(weights));
        Assert.That(best.Accuracy, Is.EqualTo(0.6));
    }
}
