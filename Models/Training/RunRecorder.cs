namespace PyNetSharp;

/// <summary>Writes a run down after every epoch, so that no run is ever lost.</summary>
/// <param name="folder">Where the run has begun.</param>
/// <param name="model">What is trained.</param>
/// <param name="title">Stands above the curves: "nin on cifar10".</param>
/// <param name="metadata">What the weight files say of themselves; null for nothing.</param>
public sealed class RunRecorder(
    RunFolder folder, Module model, string title, IReadOnlyDictionary<string, string>? metadata = null)
    : ITrainingObserver
{
    private readonly List<EpochRecord> history = [];

    /// <inheritdoc/>
    /// <exception cref="InputException">A file cannot be written.</exception>
    public void EpochDone(EpochRecord epoch, bool isBest)
    {
        history.Add(epoch);
        MetricsFile.Append(folder.Metrics, epoch);
        model.Save(folder.Last, metadata);
        if (isBest) model.Save(folder.Best, metadata);
        Curves.Write(folder.Curves, history, title);
    }
}
