using PyNetSharp.Layers;
using PyNetSharp.Optimizers;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>Writes a run down after every epoch, so that no run is ever lost.</summary>
/// <param name="folder">Where the run has begun.</param>
/// <param name="model">What is trained.</param>
/// <param name="title">Stands above the curves: "nin on cifar10".</param>
/// <param name="metadata">What the weight files say of themselves; null for nothing.</param>
/// <param name="optimizer">What trains the model; null for a run that cannot be gone on with.</param>
/// <param name="history">The epochs of a run that goes on; null for a new one.</param>
public sealed class RunRecorder(
    RunFolder folder, Module model, string title, IReadOnlyDictionary<string, string>? metadata = null,
    Optimizer? optimizer = null, IEnumerable<EpochRecord>? history = null)
    : ITrainingCallback
{
    private readonly List<EpochRecord> history = [.. history ?? []];

    /// <summary>Whether the files are of the epochs until now: not where one could not be written.</summary>
    public bool IsUpToDate { get; private set; } = true;

    /// <inheritdoc/>
    /// <remarks>
    /// The checkpoint comes after all that it vouches for: whatever a crash leaves half done is done again from the one before.
    /// </remarks>
    /// <exception cref="InputException">A file cannot be written.</exception>
    public void OnEpochEnd(EpochRecord epoch, bool isBest)
    {
        IsUpToDate = false;
        WriteMetrics(epoch);
        model.Save(folder.LastWeightsPath, metadata);
        if (isBest) model.Save(folder.BestWeightsPath, metadata);
        if (optimizer is not null && double.IsFinite(epoch.TrainLoss))
            Checkpoint.Save(folder.CheckpointPath, model, optimizer, epoch.Step);
        LearningCurves.Write(folder.CurvesPath, history, title);
        IsUpToDate = true;
    }

    /// <summary>An epoch that was begun before is noted once, as a whole.</summary>
    private void WriteMetrics(EpochRecord epoch)
    {
        var goesOn = history is [.., var part] && part.Epoch == epoch.Epoch;
        if (goesOn) history.RemoveAt(history.Count - 1);
        history.Add(epoch);
        if (goesOn) MetricsFile.Write(folder.MetricsPath, history);
        else MetricsFile.Append(folder.MetricsPath, epoch);
    }
}
