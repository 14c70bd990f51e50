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
    private MeasuringDisplay? measuring;
    private int epoch;
    private long? first;

    /// <summary>Trains under the bar, if there is one.</summary>
    public void Watch(Action train)
    {
        training.Start();
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
        epoch = step.Epoch;
        if (bar is not null)
        {
            (bar.MaxValue, bar.Value) = (steps, step.Step);
            if (sinceFigures.Elapsed < BetweenFigures && step.Batch < step.Batches) return;
            bar.Description = Markup.Escape(TextWrap.First(Facts(step), screen.BarText));
            sinceFigures.Restart();
        }
        else if (sinceLine.Elapsed > BetweenLines && step.Batch < step.Batches)
        {
            screen.Say([$"  step {step.Batch} of {step.Batches}", .. Facts(step)]);
            sinceLine.Restart();
        }
    }

    public void TestProgressed(int done, int count)
    {
        if (done == 0) measuring = new(screen, bar, Of(epoch), count);
        measuring?.Report(done);
    }

    public void EpochDone(EpochRecord epoch, bool isBest)
    {
        var number = epoch.Epoch.ToString(CultureInfo.InvariantCulture).PadLeft($"{epochs}".Length);
        var measured = epoch.TestAccuracy is { } test ? $"test {Figures.Percent(test),8}" : "";
        screen.Say(
            [
                $"epoch {number}/{epochs}", $"loss {Figures.Loss(epoch.TrainLoss)}",
                $"train {Figures.Percent(epoch.TrainAccuracy ?? 0),8}", $"{measured,13}",
                $"{Figures.Rate(epoch.ImagesPerSecond),14}", $"{Figures.Time(epoch.Seconds),7}",
                $"lr {Figures.Number(epoch.LearningRate)}", isBest ? "best" : "",
            ],
            isBest ? new Style(Color.Green) : null);
        sinceLine.Restart();
    }

    /// <summary>What a user waits for before anything is learnt: the runtime, the data, the compiler, one step.</summary>
    private void SayHowSoon()
    {
        using var process = Process.GetCurrentProcess();
        var seconds = (DateTime.Now - process.StartTime).TotalSeconds;
        screen.Say(string.Create(CultureInfo.InvariantCulture, $"first step done {seconds:0.00} s after the start"));
    }

    /// <summary>The most useful first: a bar may have room for some only.</summary>
    private string[] Facts(StepRecord step)
    {
        var left = training.Elapsed.TotalSeconds / (step.Step - first.GetValueOrDefault() + 1) * (steps - step.Step);
        return
        [
            Of(step.Epoch), $"{Figures.Time(left)} left", $"loss {Figures.Loss(step.Loss)}",
            $"train {Figures.Percent(step.Accuracy)}", Figures.Rate(step.ImagesPerSecond),
        ];
    }

    private string Of(int epoch) => string.Create(CultureInfo.InvariantCulture, $"epoch {epoch}/{epochs}");
}
