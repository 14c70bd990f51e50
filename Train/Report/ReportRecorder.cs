using System.Diagnostics;
using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>Writes a run's <c>report.html</c> after its epochs and at its end.</summary>
/// <remarks>
/// It shows the evaluations of the training itself. Its own time is at most a hundredth of the training's, beside the
/// first report, which the runtime compiles: after quick epochs the file is not written again until enough time has
/// passed. What fails here does not end the training.
/// </remarks>
/// <param name="recorder">Comes before this among the callbacks: where it cannot write, neither does this.</param>
/// <param name="run">The folder of a run that has begun.</param>
/// <param name="title">"nin on cifar10"</param>
/// <param name="layers">The network's layers.</param>
/// <param name="items">What is evaluated.</param>
/// <param name="say">Prints a line.</param>
internal sealed class ReportRecorder(
    RunRecorder recorder, RunFolder run, string title, IReadOnlyList<LayerSummary> layers, ReportItems items,
    Action<string> say)
    : ITrainingCallback
{
    private const double LongestShare = 0.01;

    private readonly Stopwatch sinceWrite = new();
    private (DataPart Part, Evaluation Result)? evaluated;          // in the epoch that is being trained
    private (DataPart Part, string Weights, Evaluation Result)? shown;
    private Evaluation? testOfBest;
    private Tensor? input;
    private TimeSpan cost;
    private bool hasFailed;

    /// <summary>Shows the same report while training runs; null without <c>--serve</c>.</summary>
    public LiveRun? Live { get; init; }

    /// <summary>Takes an evaluation of the training.</summary>
    public void Add(DataPart part, Evaluation result) => evaluated = (part, result);

    /// <summary>Shows a training that has not begun.</summary>
    public void Begin(Trainer trainer) => Try(() => Live?.Publish(Report(trainer, "training", pictures: null)));

    /// <summary>Keeps the evaluation alone: finding what is wrong in it takes time with many classes.</summary>
    public void OnEpochEnd(EpochRecord epoch, bool isBest)
    {
        if (isBest) testOfBest = null;
        if (evaluated is not var (part, result)) return;
        evaluated = null;
        if (isBest && part == DataPart.Test) testOfBest = result;
        shown = (part, $"the weights after epoch {epoch.Epoch}", result);
    }

    public void OnCheckpoint(Trainer trainer, CheckpointMoment moment)
    {
        if (moment != CheckpointMoment.Epoch || trainer.History.Count == 0 || !recorder.IsUpToDate) return;
        if (sinceWrite.IsRunning && sinceWrite.Elapsed * LongestShare < cost) return;
        var start = Stopwatch.GetTimestamp();
        Try(() =>
        {
            var epoch = trainer.History[^1].Epoch;
            Write(Report(trainer, "training", Pictures(trainer, $"the weights after epoch {epoch}")));
        });
        // The first one's time is the compiler's: by it, the next would come much too late.
        cost = sinceWrite.IsRunning ? Stopwatch.GetElapsedTime(start) : TimeSpan.Zero;
        sinceWrite.Restart();
    }

    /// <summary>Writes the report of a training that has ended.</summary>
    /// <param name="trainer">If training is complete, its model gets the best epoch's weights.</param>
    /// <param name="state">How it ended.</param>
    /// <param name="isComplete">Whether all steps are done, so that there is time to measure what is missing.</param>
    /// <param name="tested">The best epoch's weights on the test items; null where not evaluated again.</param>
    /// <param name="cancellation">Leaves the report as it was.</param>
    public void Finish(
        Trainer trainer, string state, bool isComplete, Evaluation? tested, CancellationToken cancellation)
    {
        var hasResults = trainer.History.Count > 0 && (recorder.IsUpToDate || recorder.OtherFolder is not null);
        if (hasResults) Try(() =>
        {
            var weights = $"the weights after epoch {trainer.History[^1].Epoch}";
            IReadOnlyList<ReportedLayer>? timed = null;
            int? count = null;
            if (isComplete)
            {
                if (trainer.Best is { } best && trainer.BestWeights().Any())
                {
                    trainer.RestoreBest();
                    weights = $"the best weights, of epoch {best.Epoch}";
                    var result = tested ?? testOfBest ?? Evaluation.Run(
                        trainer.Model, items.TestLoader, cancellation: cancellation);
                    shown = (DataPart.Test, weights, result);
                }

                timed = LayerTimes.Measure(trainer.Model, layers, items.TestLoader, out var batch);
                count = batch;
            }

            var report = Report(trainer, state, Pictures(trainer, weights));
            Write(report with { Layers = timed ?? report.Layers, TimedItems = count });
        });
        Live?.End($"the results are in {recorder.OtherFolder ?? run.Folder}");
    }

    private RunReport Report(Trainer trainer, string state, WeightPictures? pictures) => new()
    {
        Title = title,
        Folder = run.Folder,
        Config = run.Config!,
        Epochs = [.. trainer.History],
        State = state,
        Layers = LayerTimes.WithoutTimes(layers),
        Evaluation = shown is var (part, weights, result) ? items.Report(part, weights, result) : null,
        Pictures = pictures,
    };

    private WeightPictures Pictures(Trainer trainer, string weights) => ModelPictures.Of(
        trainer.Model, weights, items.Test, input ??= ModelPictures.FirstInput(items.TestLoader));

    private void Write(RunReport report)
    {
        Live?.Publish(report);
        var folder = recorder.OtherFolder is { } other ? new RunFolder(other) : run;
        ReportPage.Save(folder.ReportPath, ReportPage.Write(report));
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (OperationCanceledException)
        {
            // The user does not want to wait for it.
        }
        catch (Exception fault) when (fault is not ProcessKilledException)
        {
            if (!hasFailed) say($"warning: the report is not up to date: {fault.Message}");
            hasFailed = true;
        }
    }
}

/// <summary>The items that a training is evaluated on.</summary>
/// <param name="Test">The test items.</param>
/// <param name="TestLoader">Not shuffled.</param>
/// <param name="Validation">Null if there are none.</param>
internal sealed record ReportItems(Dataset Test, DataLoader TestLoader, Dataset? Validation)
{
    /// <summary>An evaluation, with the items that it found wrong.</summary>
    public ReportedEvaluation Report(DataPart part, string weights, Evaluation result) => part == DataPart.Validation
        ? WrongItems.Report("validation", weights, result, Validation!)
        : WrongItems.Report("test", weights, result, Test);
}
