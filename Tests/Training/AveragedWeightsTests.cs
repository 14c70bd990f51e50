using NUnit.Framework;
using static PyNetSharp.Tests.XorTraining;

namespace PyNetSharp.Tests;

/// <summary>A trainer evaluates with averaged weights, and trains its own.</summary>
public sealed class AveragedWeightsTests
{
    private const int StepsPerEpoch = 4;

    [Test]
    public void Evaluation_and_best_weights_are_the_average_s_and_training_is_as_without()
    {
        var plain = Perceptron();
        NewTrainer(plain).Run(5);

        var model = Perceptron();
        var average = new ExponentialMovingAverage(model, 0.8);
        var (accuracies, averages) = (new List<double>(), new List<float[]>());
        var observer = new EpochObserver(_ =>
        {
            using var scope = average.Apply();
            averages.Add(Numbers(model));
            accuracies.Add(Evaluation.Run(model, NewLoader(Xor.Test)).Accuracy!.Value);
        });
        var trainer = WithAverage(model, average, observer);
        trainer.Run(5);

        Assert.That(Numbers(model), Is.EqualTo(Numbers(plain)), "training is as without");
        Assert.That(trainer.History.Select(epoch => epoch.TestAccuracy!.Value), Is.EqualTo(accuracies));
        Assert.That(average.Updates, Is.EqualTo(5 * StepsPerEpoch));
        Assert.That(averages, Has.None.EqualTo(Numbers(model)));
        trainer.RestoreBest();
        Assert.That(Numbers(model), Is.EqualTo(averages[trainer.Best!.Epoch - 1]));
    }

    [Test]
    public void Weights_files_have_the_average()
    {
        using var folder = new TemporaryFolder();
        var model = Perceptron();
        var average = new ExponentialMovingAverage(model, 0.8);
        WithAverage(model, average, new WeightsWriter(model, folder["last"], folder["best"], average: average)).Run(2);
        var own = Numbers(model);
        using (average.Apply())
        {
            var saved = Perceptron();
            saved.Load(folder["last"]);
            Assert.That(Numbers(saved), Is.EqualTo(Numbers(model)).And.Not.EqualTo(own));
        }
    }

    [Test]
    public void A_canceled_or_faulty_evaluation_puts_the_model_s_weights_back([Values] bool isFault)
    {
        var model = Perceptron();
        var average = new ExponentialMovingAverage(model, 0.8);
        using var source = new CancellationTokenSource();
        var seen = new List<float[]>();
        var recorder = new RecordingCallback { Model = model };
        var callback = new EvaluationObserver(() =>
        {
            seen.Add(Numbers(model));
            if (isFault) throw new InputException("a fault");
            source.Cancel();
        });
        var trainer = WithAverage(model, average, recorder, callback);
        if (isFault) Assert.That(() => trainer.Run(2), Throws.TypeOf<InputException>());
        else trainer.Run(2, source.Token);

        Assert.That(seen[0], Is.Not.EqualTo(recorder.Weights[^1]), "the average");
        Assert.That(Numbers(model), Is.EqualTo(recorder.Weights[^1]));
        Assert.That(average.Update, Throws.Nothing);
    }

    [Test]
    public void A_divergence_in_the_evaluation_restores_the_last_good_weights()
    {
        var model = Perceptron();
        var average = new ExponentialMovingAverage(model, 0.5);
        average.State()[1].Tensor.CopyFrom([.. Enumerable.Repeat(float.NaN, 32)]);
        var recorder = new RecordingCallback { Model = model };
        Assert.That(() => WithAverage(model, average, recorder).Run(1), Throws.TypeOf<DivergenceException>());
        Assert.That(Numbers(model), Is.All.Matches<float>(float.IsFinite));
        Assert.That(average.Update, Throws.Nothing, "it is out of the model");
    }

    [TestCase(3)]
    [TestCase(2 * StepsPerEpoch)]
    [TestCase(2 * StepsPerEpoch + 1)]
    public void A_run_that_resumes_has_the_average_of_one_that_was_not_stopped(int stopAt)
    {
        using var folder = new TemporaryFolder();
        var whole = Run(folder["whole"], stopAt: null);
        Run(folder["parts"], stopAt);
        var rest = Run(folder["parts"], stopAt: null);
        Assert.That(rest.Averages, Is.EqualTo(whole.Averages));
        Assert.That(rest.Own, Is.EqualTo(whole.Own));
        Assert.That(
            rest.History.Select(epoch => epoch.TestAccuracy), Is.EqualTo(whole.History.Select(e => e.TestAccuracy)));
        RunFiles.AssertCheckpointsEqual(folder["parts"], folder["whole"]);

        static (float[] Own, float[] Averages, IReadOnlyList<EpochRecord> History) Run(
            string path, int? stopAt)
        {
            var model = Perceptron();
            var optimizer = new AdamW(ParameterGroups.WithoutDecayOnBiasesAndNorms(model, 0.1f), 0.01f);
            var average = new ExponentialMovingAverage(model, 0.9, warmUp: true);
            var averaged = new AveragedWeights(average);
            using var source = new CancellationTokenSource();
            var trainer = new Trainer(
                model, NewLoader(Xor.Train, shuffle: true), NewLoader(Xor.Test), optimizer,
                schedule: new OneCycleLR(4 * StepsPerEpoch))
            {
                Callbacks =
                [
                    new CheckpointWriter(path), averaged, new Stopper { At = stopAt, Source = source },
                ],
            };
            Checkpoint.LoadNewest(path, trainer);
            trainer.Run(4, source.Token);
            var own = Numbers(model);
            using (average.Apply()) return (own, Numbers(model), [.. trainer.History]);
        }
    }

    private static Trainer WithAverage(
        Module model, ExponentialMovingAverage average, params ITrainingCallback[] others) =>
        new(
            model, NewLoader(Xor.Train, shuffle: true), NewLoader(Xor.Test),
            new Sgd(model.Parameters(), 0.1f, momentum: 0.9f))
        {
            Callbacks = [new AveragedWeights(average), .. others],
        };

    private sealed class EpochObserver(Action<EpochRecord> observe) : ITrainingCallback
    {
        public void OnEpochEnd(EpochRecord epoch, bool isBest) => observe(epoch);
    }

    private sealed class EvaluationObserver(Action observe) : ITrainingCallback
    {
        public void OnEvaluationProgress(int done, int count) => observe();
    }
}
