using System.Diagnostics;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A training that another thread pauses.</summary>
public sealed class PauseTests
{
    private const int Epochs = 2;

    [Test]
    public void The_time_of_a_pause_does_not_count_and_changes_no_bit()
    {
        var (gate, model, changes) = (new PauseGate(), XorTraining.Perceptron(), new List<bool>());
        gate.Changed = isWaiting =>
        {
            changes.Add(isWaiting);
            if (isWaiting) Task.Delay(300).ContinueWith(_ => gate.Open(), TaskScheduler.Default);
        };
        var watch = Stopwatch.StartNew();
        var trainer = NewTrainer(model, gate, step => step.Step == 2);
        trainer.Run(Epochs);
        var all = watch.Elapsed.TotalSeconds;

        Assert.That(changes, Is.EqualTo(new[] { true, false }));
        Assert.That(gate.Waited.TotalSeconds, Is.GreaterThan(0.29));
        Assert.That(trainer.History.Sum(epoch => epoch.Seconds) + gate.Waited.TotalSeconds, Is.LessThan(all));
        Assert.That(gate.IsWaiting, Is.False);

        var other = XorTraining.Perceptron();
        NewTrainer(other, new(), _ => false).Run(Epochs);
        Assert.That(XorTraining.Numbers(model), Is.EqualTo(XorTraining.Numbers(other)));
    }

    [Test]
    public void A_paused_training_can_be_stopped()
    {
        using var stop = new CancellationTokenSource();
        var gate = new PauseGate { Changed = _ => stop.Cancel() };
        var trainer = NewTrainer(XorTraining.Perceptron(), gate, step => step.Step == 2);
        trainer.Run(Epochs, stop.Token);
        Assert.That(trainer.Step, Is.EqualTo(2), "no step after the one that was paused");
        Assert.That(trainer.History.Single().Step, Is.EqualTo(2));
    }

    [Test]
    public void Each_evaluation_is_reported_with_its_items()
    {
        var reported = new List<(DataPart, double?)>();
        var model = XorTraining.Perceptron();
        var test = XorTraining.NewLoader(XorTraining.Xor.Test);
        var trainer = new Trainer(
            model, XorTraining.NewLoader(XorTraining.Xor.Train), test, new Sgd(model.Parameters(), 0.1f))
        {
            Validation = XorTraining.NewLoader(XorTraining.Xor.Test),
            Evaluated = (part, result) => reported.Add((part, result.Accuracy)),
        };
        trainer.Run(Epochs);
        var (first, last) = (trainer.History[0], trainer.History[1]);
        Assert.That(reported, Is.EqualTo(new[]
        {
            (DataPart.Validation, first.ValidationAccuracy), (DataPart.Validation, last.ValidationAccuracy),
            (DataPart.Test, last.TestAccuracy),
        }));
    }

    private static Trainer NewTrainer(Module model, PauseGate gate, Func<StepRecord, bool> pauses) => new(
        model, XorTraining.NewLoader(XorTraining.Xor.Train, shuffle: true), null, new Sgd(model.Parameters(), 0.1f))
    {
        Gate = gate,
        Callbacks =
        [
            new RecordingCallback
            {
                OnStep = step =>
                {
                    if (pauses(step)) gate.Close();
                },
            },
        ],
    };
}
