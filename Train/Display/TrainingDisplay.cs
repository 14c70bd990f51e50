using System.Diagnostics;
using System.Globalization;
using PyNetSharp.Models;
using PyNetSharp.Training;
using Spectre.Console;

namespace PyNetSharp.Train;

/// <summary>Shows the progress of training: a line per epoch, and between them a bar or some lines.</summary>
/// <param name="screen">Where to print.</param>
/// <param name="recipe">That of the run.</param>
/// <param name="steps">The steps of the run.</param>
internal sealed class TrainingDisplay(ConsoleOutput screen, Recipe recipe, long steps) : ITrainingCallback
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan BarInterval = TimeSpan.FromMilliseconds(200);   // reading losses waits for a GPU

    private const int CurveWidth = 24;

    private readonly int epochs = recipe.Epochs;
    private readonly Stopwatch sinceLine = Stopwatch.StartNew(), sinceFigures = Stopwatch.StartNew();
    private readonly Stopwatch training = new();
    private readonly Sparkline losses = new(CurveWidth);
    private ProgressTask? bar;
    private EvaluationDisplay? evaluation;
    private int epoch;
    private long? first;
    private int constantClasses;                // as last told

    /// <summary>Where training waits, which is no time of its own; null if it never does.</summary>
    public PauseGate? Gate { get; init; }

    /// <summary>Trains with a bar, if there is one.</summary>
    public void RunWithBar(Action train)
    {
        training.Start();
        screen.WithProgressBar("starting", steps, task =>
        {
            bar = task;
            train();
        });
    }

    public void OnEpochStart(int epoch) => this.epoch = epoch;

    public void OnStepEnd(StepRecord step)
    {
        if (first is null) WriteTimeToFirstStep();
        first ??= step.Step;
        if (step.HasMultipleOf(recipe.LogEvery)) WriteLog(step);
        if (bar is not null)
        {
            (bar.MaxValue, bar.Value) = (steps, step.Step);
            if (sinceFigures.Elapsed < BarInterval && step.Batch < step.Batches) return;
            losses.Add(step.Loss);
            bar.Description = Markup.Escape(TextWrap.FitItems(DescribeStep(step), screen.BarTextWidth));
            sinceFigures.Restart();
        }
        else if (sinceLine.Elapsed > LineInterval && step.Batch < step.Batches)
        {
            screen.WriteInfo([$"  step {step.Batch} of {step.Batches}", .. DescribeStep(step)]);
            sinceLine.Restart();
        }
    }

    public void OnEvaluationProgress(int done, int count)
    {
        if (done == 0) evaluation = new(screen, bar, EpochText(epoch), count);
        evaluation?.Report(done);
    }

    public void OnEpochEnd(EpochRecord epoch, bool isBest)
    {
        var number = epoch.Epoch.ToString(CultureInfo.InvariantCulture).PadLeft($"{epochs}".Length);
        var validated = epoch.ValidationAccuracy is { } held ? $"validation {NumberFormatting.Percent(held),8}" : "";
        var seconds = epoch.TestSeconds is { } time ? $" in {NumberFormatting.Time(time),7}" : "";
        var measured = epoch.TestAccuracy is { } test ? $"test {NumberFormatting.Percent(test),8}{seconds}" : "";
        screen.WriteInfo(
            [
                $"epoch {number}/{epochs}", $"loss {NumberFormatting.Loss(epoch.TrainLoss)}",
                $"train {NumberFormatting.Percent(epoch.TrainAccuracy ?? 0),8}",
                validated, validated.Length > 0 ? measured : $"{measured,24}",
                $"{NumberFormatting.Rate(epoch.ImagesPerSecond),14}", $"{NumberFormatting.Time(epoch.Seconds),7}",
                $"lr {NumberFormatting.Number(epoch.LearningRate)}", isBest ? "best" : "",
            ],
            isBest ? new Style(Color.Green) : Style.Plain);
        if (epoch.ConstantClasses is { } constant && constant != constantClasses)
        {
            screen.WriteResult($"warning: {DeadOutputs.Describe(constant)}. {DeadOutputs.Options}");
            constantClasses = constant;
        }

        sinceLine.Restart();
    }

    public void OnRollback(Rollback rollback) => screen.WriteResult(string.Create(
        CultureInfo.InvariantCulture,
        $"The loss was not finite at step {rollback.Fault.Step}: training goes on after step {rollback.Step} with " +
        $"learning rates times {rollback.LearningRateFactor:G4} ({rollback.Count} of {Trainer.MaxRollbacks} times)."));

    /// <summary>The line of every few batches: the means are those of the epoch so far.</summary>
    private void WriteLog(StepRecord step)
    {
        var batches = NumberFormatting.Count(step.Batches);
        var batch = NumberFormatting.Count(step.Batch).PadLeft(batches.Length);
        screen.WriteInfo(
        [
            $"  {EpochText(step.Epoch)}", $"batch {batch} of {batches}",
            $"loss {NumberFormatting.Loss(step.Loss)}", $"train {NumberFormatting.Percent(step.Accuracy ?? 0),8}",
            $"{NumberFormatting.Time(step.Seconds),7}",
        ]);
        sinceLine.Restart();
    }

    /// <summary>The time until training begins: the runtime, the data, the compiler, one step.</summary>
    private void WriteTimeToFirstStep()
    {
        using var process = Process.GetCurrentProcess();
        var seconds = (DateTime.Now - process.StartTime).TotalSeconds;
        var text = string.Create(CultureInfo.InvariantCulture, $"first step done {seconds:0.00} s after the start");
        screen.WriteInfo(text);
    }

    /// <summary>The most useful first: a bar may be too narrow for all.</summary>
    private string[] DescribeStep(StepRecord step)
    {
        var spent = training.Elapsed - (Gate?.Waited ?? TimeSpan.Zero);
        var left = spent.TotalSeconds / (step.Step - first.GetValueOrDefault() + 1) * (steps - step.Step);
        return
        [
            EpochText(step.Epoch), $"{NumberFormatting.Time(left)} left", $"loss {NumberFormatting.Loss(step.Loss)}",
            $"train {NumberFormatting.Percent(step.Accuracy ?? 0)}", NumberFormatting.Rate(step.ImagesPerSecond),
            .. screen.HasUnicode && losses.ToString() is { Length: > 0 } curve ? (string[])[curve] : [],
        ];
    }

    private string EpochText(int epoch) => string.Create(CultureInfo.InvariantCulture, $"epoch {epoch}/{epochs}");
}
