using System.Text.Json.Nodes;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>
/// Prints a training for programs: one JSON object per line, whose <c>event</c> is start, epoch, rollback, end or
/// seeds. Their keys are in <c>docs/runs.md</c>, and do not change their meaning; new ones may come.
/// </summary>
/// <param name="output">Where to print; each line is flushed.</param>
internal sealed class TrainingEvents(TextWriter output) : ITrainingCallback
{
    /// <summary>The line before the first step.</summary>
    public void WriteStart(TrainingSettings settings, RunParts parts, long parameters, long step, long steps) => Write(
        "start", new()
        {
            ["run"] = settings.RunFolder.Folder,
            ["model"] = settings.Network.Name,
            ["parameters"] = parameters,
            ["data"] = settings.Recipe.Data,
            ["classes"] = parts.ClassNames.Count,
            ["train_count"] = parts.Train.Count,
            ["validation_count"] = parts.Validation?.Count ?? 0,
            ["test_count"] = parts.Test?.Count ?? 0,
            ["device"] = settings.Device.Name,
            ["seed"] = settings.Seed,
            ["epochs"] = settings.Recipe.Epochs,
            ["step"] = step,
            ["steps"] = steps,
        });

    /// <summary>The line of an epoch: that of <c>metrics.jsonl</c>, and whether it is the best so far.</summary>
    public void OnEpochEnd(EpochRecord epoch, bool isBest)
    {
        var line = MetricsFile.ToJson(epoch);
        line["best"] = isBest;
        Write("epoch", line);
    }

    public void OnRollback(Rollback rollback) => Write("rollback", new()
    {
        ["fault_step"] = rollback.Fault.Step,
        ["step"] = rollback.Step,
        ["learning_rate_factor"] = rollback.LearningRateFactor,
        ["count"] = rollback.Count,
    });

    /// <summary>The last line.</summary>
    public void WriteEnd(RunResult result) => Write("end", result.ToJson());

    /// <summary>The line after all runs of a series.</summary>
    public void WriteSeries(JsonObject summary) => Write("seeds", summary);

    private void Write(string name, JsonObject values)
    {
        values.Insert(0, "event", name);
        output.WriteLine(values.ToJsonString());
        output.Flush();
    }
}
