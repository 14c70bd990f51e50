using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace PyNetSharp;

/// <summary>Shows how training goes: a line per epoch, and between them a bar or, without a terminal, some lines.</summary>
/// <param name="screen">Where to print.</param>
/// <param name="epochs">How many there will be.</param>
/// <param name="steps">How many steps there will be in all.</param>
internal sealed class TrainingDisplay(Screen screen, int epochs, long steps) : ITrainingObserver
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan BetweenFigures = TimeSpan.FromMilliseconds(200);   // asking makes a GPU's host wait

    private readonly Stopwatch sinceLine = Stopwatch.StartNew(), sinceFigures = Stopwatch.StartNew();
    private readonly Stopwatch training = new();
    private ProgressTask? bar;
    private long? first;

    /// <summary>Trains under the bar, if there is one.</summary>
    public void Watch(Action train)
    {
        training.Start();
        if (!screen.IsTerminal || screen.IsQuiet) train();
        else
            screen.WithBar("starting", steps, task =>
            {
                bar = task;
                train();
            });
    }

    public void StepDone(StepRecord step)
    {
        if (first is null) SayHowSoon();
        first ??= step.Step;
        if (bar is not null)
        {
            bar.Value = step.Step;
            if (sinceFigures.Elapsed < BetweenFigures && step.Batch < step.Batches) return;
            bar.Description = Markup.Escape(Line(step));
            sinceFigures.Restart();
        }
        else if (!screen.IsTerminal && sinceLine.Elapsed > BetweenLines && step.Batch < step.Batches)
        {
            screen.Say($"  step {step.Batch} of {step.Batches}, {Line(step)}");
            sinceLine.Restart();
        }
    }

    public void EpochDone(EpochRecord epoch, bool isBest)
    {
        var number = epoch.Epoch.ToString(CultureInfo.InvariantCulture).PadLeft($"{epochs}".Length);
        var measured = epoch.TestAccuracy is { } test ? $"test {Figures.Percent(test),8}" : "";
        screen.Say(
            $"epoch {number}/{epochs}  loss {Figures.Loss(epoch.TrainLoss)}  " +
            $"train {Figures.Percent(epoch.TrainAccuracy ?? 0),8}  {measured,13}  " +
            $"{Figures.Rate(epoch.ImagesPerSecond),14}  {Figures.Time(epoch.Seconds),7}  " +
            $"lr {Figures.Number(epoch.LearningRate)}{(isBest ? "  best" : "")}",
            isBest ? new Style(Color.Green) : null);
        sinceLine.Restart();
    }

    /// <summary>What a user waits for before anything is learnt: the runtime, the data, the compiler, one step.</summary>
    private void SayHowSoon()
    {
        using var process = Process.GetCurrentProcess();
        screen.Say($"first step done {(DateTime.Now - process.StartTime).TotalSeconds:0.00} s after the start");
    }

    private string Line(StepRecord step)
    {
        var left = training.Elapsed.TotalSeconds / (step.Step - first.GetValueOrDefault() + 1) * (steps - step.Step);
        return $"epoch {step.Epoch}/{epochs}  loss {Figures.Loss(step.Loss)}  " +
            $"train {Figures.Percent(step.Accuracy)}  {Figures.Rate(step.ImagesPerSecond)}  " +
            (step.Batch < step.Batches ? $"{Figures.Time(left)} left" : "measuring");
    }
}
