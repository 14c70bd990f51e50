using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>A training as its server shows it: the newest report and step, and what the buttons do.</summary>
/// <remarks>
/// The training thread replaces the newest state and goes on; the server's threads read it when they can. Nothing is
/// queued, so a slow browser misses steps, and memory does not grow.
/// </remarks>
/// <param name="gate">Pauses the training.</param>
/// <param name="stop">Stops it, as Ctrl-C does.</param>
internal sealed class LiveRun(PauseGate gate, Action stop) : ITrainingCallback
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);     // reading losses waits for a GPU

    private readonly Lock turn = new();
    private readonly Stopwatch training = new(), sinceStep = new();
    private LiveProgress progress = new() { State = "waiting" };
    private long version;
    private long? first;
    private bool isStopping;
    private RenderedReport? report;

    /// <summary>Pauses the training.</summary>
    public PauseGate Gate => gate;

    /// <summary>All steps of the run.</summary>
    public long Steps { get; set; }

    /// <summary>All epochs of the run.</summary>
    public int Epochs { get; set; }

    /// <summary>The newest state, and its number.</summary>
    public (long Version, LiveProgress Progress) Newest
    {
        get
        {
            lock (turn) return (version, progress);
        }
    }

    /// <summary>The newest report; null before the first.</summary>
    public RenderedReport? Report => Volatile.Read(ref report);

    /// <summary>Whether training has ended.</summary>
    public bool HasEnded => Newest.Progress.State == "ended";

    /// <summary>Shows another report.</summary>
    public void Publish(RunReport newest) => Volatile.Write(ref report, new(newest, (Report?.Version ?? 0) + 1));

    /// <summary>Does what a button says.</summary>
    /// <returns>False if there is no such button.</returns>
    public bool Act(string action)
    {
        switch (action)
        {
            case "pause":
                gate.Close();
                Update(now => now with { State = gate.IsWaiting ? "paused" : "pausing" });
                return true;
            case "resume":
                gate.Open();
                Update(now => now with { State = now.State is "paused" or "pausing" ? "training" : now.State });
                return true;
            case "stop":
                isStopping = true;
                Update(now => now with { State = "stopping" });
                stop();
                return true;
            default:
                return false;
        }
    }

    /// <summary>Shows that training waits, or goes on.</summary>
    public void OnPause(bool isWaiting) => Update(now => now with { State = isWaiting ? "paused" : "training" });

    public void OnEpochStart(int epoch)
    {
        training.Start();
        Update(now => now with { Epoch = epoch, Epochs = Epochs, Steps = Steps });
    }

    public void OnStepEnd(StepRecord step)
    {
        first ??= step.Step - 1;
        if (sinceStep.IsRunning && sinceStep.Elapsed < Interval && step.Batch < step.Batches) return;
        sinceStep.Restart();
        var seconds = (training.Elapsed - gate.Waited).TotalSeconds;
        Update(now => now with
        {
            State = gate.IsClosed ? "pausing" : "training",
            Epoch = step.Epoch, Epochs = Epochs, Step = step.Step, Steps = Steps,
            Loss = double.IsFinite(step.Loss) ? step.Loss : null,
            Accuracy = step.Accuracy,
            Rate = step.ImagesPerSecond,
            Left = seconds / (step.Step - first.Value) * (Steps - step.Step),
        });
    }

    public void OnEvaluationProgress(int done, int count) =>
        Update(now => now with { State = "evaluating", Done = done, Items = count });

    /// <summary>Ends what evaluation shows: the next step may be shown only when the interval is over.</summary>
    public void OnEpochEnd(EpochRecord epoch, bool isBest) =>
        Update(now => now with { State = gate.IsClosed ? "pausing" : "training" });

    /// <summary>Shows that training has ended.</summary>
    /// <param name="hint">Where its results are.</param>
    public void End(string hint)
    {
        isStopping = false;
        Update(now => now with { State = "ended", Left = null, Hint = hint });
    }

    private void Update(Func<LiveProgress, LiveProgress> change)
    {
        lock (turn)
        {
            if (progress.State == "ended") return;
            progress = change(progress);
            if (isStopping) progress = progress with { State = "stopping" };
            version++;
        }
    }
}

/// <summary>What a browser shows of a step.</summary>
internal sealed record LiveProgress
{
    public required string State { get; init; }

    public int Epoch { get; init; }

    public int Epochs { get; init; }

    public long Step { get; init; }

    public long Steps { get; init; }

    public double? Loss { get; init; }

    public double? Accuracy { get; init; }

    public double? Rate { get; init; }

    /// <summary>The seconds left.</summary>
    public double? Left { get; init; }

    /// <summary>The items evaluated, of <see cref="Items"/>.</summary>
    public int Done { get; init; }

    public int Items { get; init; }

    public string Hint { get; init; } = "";

    public string ToJson() => JsonSerializer.Serialize(this, LiveJson.Default.LiveProgress);
}

/// <summary>A report that is rendered when a browser asks for it, once.</summary>
internal sealed class RenderedReport(RunReport report, long version)
{
    private readonly Lazy<string> page = new(() => ReportPage.Write(report, isLive: true));
    private readonly Lazy<string> content = new(() => Html.ToText(ReportPage.Content(report)));

    /// <summary>Counts the reports.</summary>
    public long Version => version;

    /// <summary>The whole page.</summary>
    public string Page => page.Value;

    /// <summary>What changes of it: the element <c>main</c>.</summary>
    public string Content => content.Value;
}

/// <summary>Serialization code that the compiler generates.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LiveProgress))]
internal sealed partial class LiveJson : JsonSerializerContext;
