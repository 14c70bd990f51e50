using NUnit.Framework;
using static PyNetSharp.Tests.XorTraining;

namespace PyNetSharp.Tests;

/// <summary><see cref="ReduceLROnPlateau"/> as a trainer's schedule.</summary>
public sealed class PlateauTrainingTests
{
    private const int StepsPerEpoch = 4;

    [Test]
    public void A_trainer_s_rate_falls_after_epochs_without_improvement()
    {
        double?[] metrics = [3, 2, null, 2.5, 2.5, 1, 1.5, 1.5];
        var plateau = new ReduceLROnPlateau(factor: 0.5, patience: 1, metric: epoch => metrics[epoch.Epoch - 1]);
        var recorder = new RecordingCallback();
        var trainer = NewTrainer(Perceptron(), rate: 0.1f, recorder, schedule: plateau);
        trainer.Run(metrics.Length);
        Assert.That(
            trainer.History.Select(epoch => epoch.LearningRate),
            Is.EqualTo(new[] { 0.1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05 }), "the epoch without a metric is skipped");
        Assert.That(plateau.Reductions, Is.EqualTo(2), "after the last epoch once more");
        Assert.That(plateau.Best, Is.EqualTo(1));
    }

    [Test]
    public void Given_as_a_callback_too_it_counts_each_epoch_once()
    {
        var plateau = new ReduceLROnPlateau(factor: 0.5, patience: 1, metric: _ => 1);
        var model = Perceptron();
        var optimizer = new Sgd(model.Parameters(), 0.1f);
        var trainer = new Trainer(
            model, NewLoader(Xor.Train), null, optimizer, schedule: new LinearWarmupLR(2, plateau))
        {
            Callbacks = [plateau],
        };
        trainer.Run(3);
        Assert.That(plateau.Reductions, Is.EqualTo(1), "the third epoch is the second without improvement");
    }

    [TestCase(StepsPerEpoch, false)]
    [TestCase(3 * StepsPerEpoch + 2, false)]
    [TestCase(3 * StepsPerEpoch, true)]
    [TestCase(5 * StepsPerEpoch, true)]
    public void A_run_that_resumes_ends_as_one_that_was_not_stopped(int stopAt, bool inEvaluation)
    {
        using var folder = new TemporaryFolder();
        var whole = new PlateauRun(folder["whole"]);
        whole.Trainer.Run(6);
        Assert.That(whole.Plateau.Reductions, Is.GreaterThan(1));

        var first = new PlateauRun(folder["parts"]);
        using (var source = new CancellationTokenSource())
        {
            (first.Stop.At, first.Stop.InEvaluation, first.Stop.Source) = (stopAt, inEvaluation, source);
            first.Trainer.Run(6, source.Token);
        }

        var rest = new PlateauRun(folder["parts"], resumes: true);
        rest.Trainer.Run(6);

        Assert.That(Numbers(rest.Model), Is.EqualTo(Numbers(whole.Model)));
        Assert.That(
            rest.Plateau.State()[0].Tensor.ToArray(), Is.EqualTo(whole.Plateau.State()[0].Tensor.ToArray()));
        RunFiles.AssertCheckpointsEqual(folder["parts"], folder["whole"]);
    }

    [Test]
    public void A_checkpoint_without_the_state_or_with_two_of_one_name_is_refused()
    {
        using var folder = new TemporaryFolder();
        var model = Perceptron();
        var optimizer = new AdamW(model.Parameters());
        var plateau = new ReduceLROnPlateau();
        Checkpoint.Save(folder["plain"], model, optimizer, 3);
        Assert.That(
            () => Checkpoint.Load(folder["plain"], model, optimizer, plateau),
            Throws.TypeOf<InputException>().With.Message.Contains("plateau.state"));
        Assert.That(
            () => Checkpoint.Save(folder["two"], model, optimizer, 3, plateau, new ReduceLROnPlateau()),
            Throws.ArgumentException.With.Message.Contains("'plateau'"));
        Assert.That(File.Exists(folder["two"]), Is.False);
    }

    private sealed class PlateauRun
    {
        public PlateauRun(string path, bool resumes = false)
        {
            var optimizer = new RMSprop(Model.Parameters(), 0.01f, momentum: 0.9f);
            Trainer = new(
                Model, NewLoader(Xor.Train, shuffle: true), NewLoader(Xor.Test), optimizer,
                schedule: new LinearWarmupLR(3, Plateau))
            {
                Callbacks = [new CheckpointWriter(path), Stop],
            };
            if (resumes) Checkpoint.LoadNewest(path, Trainer);
        }

        public Sequential Model { get; } = Perceptron();

        /// <summary>A falling loss never gets higher: the rate is reduced in every second epoch.</summary>
        public ReduceLROnPlateau Plateau { get; } = new(PlateauMode.Max, factor: 0.5, patience: 1);

        public Stopper Stop { get; } = new();

        public Trainer Trainer { get; }
    }
}

/// <summary>Cancels training at a step, or in the evaluation after it.</summary>
internal sealed class Stopper : ITrainingCallback
{
    private bool isReached;

    public long? At { get; set; }

    public bool InEvaluation { get; set; }

    public CancellationTokenSource? Source { get; set; }

    public void OnStepEnd(StepRecord step)
    {
        isReached = step.Step == At;
        if (isReached && !InEvaluation) Source!.Cancel();
    }

    public void OnEvaluationProgress(int done, int count)
    {
        if (isReached && InEvaluation) Source!.Cancel();
    }
}
