using NUnit.Framework;
using static PyNetSharp.Tests.XorTraining;

namespace PyNetSharp.Tests;

/// <summary>Clipped gradients, a loss for evaluation of its own, early stopping, mixed batches.</summary>
public sealed class RegularizedTrainingTests
{
    private static readonly (Dataset Kept, Dataset HeldOut) Parts = Xor.Train.RandomSplit(50, seed: 4);

    [Test]
    public void Gradients_of_a_whole_step_are_clipped([Values(1, 2)] int accumulate)
    {
        const float Norm = 0.05f;
        var model = Perceptron();
        new Trainer(model, NewLoader(Parts.Kept), null, new Sgd(model.Parameters(), 0.5f))
        {
            MaxGradientNorm = Norm,
            AccumulateSteps = accumulate,
        }.Run(1);

        var expected = Perceptron();
        var optimizer = new Sgd(expected.Parameters(), 0.5f);
        var (batches, norms) = (NewLoader(Parts.Kept).Epoch(1).ToArray(), new List<double>());
        foreach (var step in batches.Chunk(accumulate))
        {
            optimizer.ZeroGrad();
            var items = (float)step.Sum(batch => batch.Count);
            foreach (var (x, labels) in step)
            {
                var loss = expected.Forward(x).CrossEntropy(labels);
                (labels.Count == items ? loss : loss * (labels.Count / items)).Backward();
            }

            norms.Add(expected.Parameters().ClipGradNorm(Norm));
            optimizer.Step();
        }

        Assert.That(norms, Is.All.GreaterThan(Norm), "each is clipped");
        Assert.That(Numbers(model), Is.EqualTo(Numbers(expected)));
    }

    [Test]
    public void Evaluation_has_a_loss_of_its_own()
    {
        var model = Perceptron();
        var trainer = new Trainer(
            model, NewLoader(Parts.Kept), NewLoader(Xor.Test), new Sgd(model.Parameters(), 0.1f),
            new CrossEntropyLoss(labelSmoothing: 0.3f))
        {
            Validation = NewLoader(Parts.HeldOut),
            EvaluationLoss = new CrossEntropyLoss(),
        };
        trainer.Run(2);
        Assert.That(trainer.History[^1].TestLoss, Is.EqualTo(Evaluation.Run(model, NewLoader(Xor.Test)).Loss));
        Assert.That(
            trainer.History[^1].ValidationLoss, Is.EqualTo(Evaluation.Run(model, NewLoader(Parts.HeldOut)).Loss));
    }

    [Test]
    public void Mixed_items_are_learned_and_counted_by_their_greater_share()
    {
        var model = Perceptron();
        var train = new DataLoader(Xor.Train, BatchSize, seed: 2) { Mixup = new(0.2f) };
        var trainer = new Trainer(model, train, NewLoader(Xor.Test), new Sgd(model.Parameters(), 0.2f, momentum: 0.9f));
        trainer.Run(1);

        var (correct, loss) = (0, 0.0);
        var first = Perceptron();
        var optimizer = new Sgd(first.Parameters(), 0.2f, momentum: 0.9f);
        foreach (var batch in train.Epoch(1))
        {
            optimizer.ZeroGrad();
            var y = first.Forward(batch.X);
            var scores = y.ToArray();
            var labels = batch.DominantLabels!.Span;
            for (var i = 0; i < batch.Count; i++)
                if (scores[2 * i + labels[i]] > scores[2 * i + 1 - labels[i]])
                    correct++;
            var mean = y.CrossEntropy(batch.Target.Values);
            loss += (double)mean.Item() * batch.Count;
            mean.Backward();
            optimizer.Step();
        }

        Assert.That(Numbers(model), Is.EqualTo(Numbers(first)));
        Assert.That(trainer.History[0].TrainAccuracy, Is.EqualTo(correct / 200.0));
        Assert.That(trainer.History[0].TrainLoss, Is.EqualTo(loss / 200));
        trainer.Run(30);
        Assert.That(trainer.BestTestAccuracy, Is.GreaterThan(0.9));
    }

    [TestCase(1, 1)]
    [TestCase(3, 1)]
    [TestCase(3, 2)]
    public void Training_stops_where_the_best_epoch_is_too_long_ago(int patience, int evaluateEvery)
    {
        var all = Patient(Perceptron(), patience: null, evaluateEvery);
        all.Run(60);
        var (best, stop) = (0, 0);
        var highest = -1.0;
        foreach (var epoch in all.History)
        {
            if (epoch.ValidationAccuracy is not { } accuracy) continue;
            if (accuracy > highest) (highest, best) = (accuracy, epoch.Epoch);
            stop = epoch.Epoch;
            if (stop - best >= patience) break;
        }

        Assert.That(stop, Is.LessThan(60), "it stops early");
        var model = Perceptron();
        var trainer = Patient(model, patience, evaluateEvery);
        trainer.Run(60);
        Assert.That(trainer.History[^1].Epoch, Is.EqualTo(stop));
        Assert.That(trainer.HasStoppedEarly);
        Assert.That(trainer.Best!.Epoch, Is.EqualTo(best));
        Assert.That(trainer.History[^1].TestAccuracy, Is.Not.Null, "the test measures at the end");
        Assert.That(trainer.History.SkipLast(1).Select(epoch => epoch.TestAccuracy), Is.All.Null);
        trainer.RestoreBest();
        Assert.That(Evaluation.Run(model, NewLoader(Parts.HeldOut)).Accuracy, Is.EqualTo(highest));
    }

    [Test]
    public void A_training_that_stopped_early_is_complete_until_its_patience_grows()
    {
        using var folder = new TemporaryFolder();
        var first = Patient(Perceptron(), 1);
        first.Run(60);
        Assert.That(first.HasStoppedEarly);
        Checkpoint.Save(folder["stopped.safetensors"], first);

        var same = Patient(Perceptron(), 1);
        Checkpoint.Load(folder["stopped.safetensors"], same);
        Assert.That(same.IsComplete(60));
        var step = same.Step;
        same.Run(60);
        Assert.That(same.Step, Is.EqualTo(step));

        var model = Perceptron();
        var longer = Patient(model, 4);
        Checkpoint.Load(folder["stopped.safetensors"], longer);
        Assert.That(longer.IsComplete(60), Is.False);
        longer.Run(60);
        var whole = Perceptron();
        var uninterrupted = Patient(whole, 4);
        uninterrupted.Run(60);
        Assert.That(Numbers(model), Is.EqualTo(Numbers(whole)));
        Assert.That(longer.History.Select(Result), Is.EqualTo(uninterrupted.History.Select(Result)));

        static (int, double?, double?) Result(EpochRecord epoch) =>
            (epoch.Epoch, epoch.ValidationAccuracy, epoch.TestAccuracy);
    }

    [Test]
    public void The_test_of_a_training_that_stopped_early_is_made_up_for()
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var whole = Patient(Perceptron(), 1);
        whole.Run(60);
        var first = Patient(Perceptron(), 1, callback: new StopInTest(stop));
        first.Run(60, stop.Token);
        Assert.That(first.History[^1].Epoch, Is.EqualTo(whole.History[^1].Epoch));
        Assert.That(first.History[^1].TestAccuracy, Is.Null);
        Assert.That(first.HasStoppedEarly, Is.False, "it has been stopped");
        Checkpoint.Save(folder["stopped.safetensors"], first);

        var rest = Patient(Perceptron(), 1);
        Checkpoint.Load(folder["stopped.safetensors"], rest);
        rest.Run(60);
        Assert.That(rest.HasStoppedEarly);
        Assert.That(rest.Step, Is.EqualTo(whole.Step));
        Assert.That(rest.History[^1].TestAccuracy, Is.EqualTo(whole.History[^1].TestAccuracy));
    }

    [Test]
    public void Settings_without_a_meaning_are_refused()
    {
        var model = Perceptron();
        var trainer = new Trainer(
            model, NewLoader(Parts.Kept), NewLoader(Xor.Test), new Sgd(model.Parameters(), 0.1f)) { Patience = 2 };
        Assert.That(() => trainer.Run(1), Throws.InvalidOperationException.With.Message.Contains("Validation"));
        Assert.That(() => Patient(model, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        foreach (var norm in (float[])[0, -1, float.NaN])
            Assert.That(
                () => new Trainer(model, NewLoader(Parts.Kept), null, new Sgd(model.Parameters(), 0.1f))
                {
                    MaxGradientNorm = norm,
                },
                Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private static Trainer Patient(
        Module model, int? patience, int evaluateEvery = 1, ITrainingCallback? callback = null) =>
        new(
            model, NewLoader(Parts.Kept, shuffle: true), NewLoader(Xor.Test),
            new Sgd(model.Parameters(), 0.3f, momentum: 0.9f))
        {
            Validation = NewLoader(Parts.HeldOut),
            Patience = patience,
            EvaluateEvery = evaluateEvery,
            Callbacks = callback is null ? [] : [callback],
        };

    /// <summary>Cancels when the test begins, which has twice the items of the validation.</summary>
    private sealed class StopInTest(CancellationTokenSource stop) : ITrainingCallback
    {
        public void OnEvaluationProgress(int done, int count)
        {
            if (done == 0 && count == Xor.Test.Count) stop.Cancel();
        }
    }
}
