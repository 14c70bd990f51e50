namespace PyNetSharp.Training;

/// <summary>Writes the result of every epoch to a <see cref="MetricsFile"/>.</summary>
/// <param name="path">The file; its folder must exist.</param>
/// <param name="history">The epochs of the run that resumes, which the file already has; null for a new run.</param>
public sealed class MetricsWriter(string path, IEnumerable<EpochRecord>? history = null) : ITrainingCallback
{
    private readonly List<EpochRecord> epochs = [.. history ?? []];

    /// <summary>The epochs in the file.</summary>
    public IReadOnlyList<EpochRecord> Epochs => epochs;

    /// <inheritdoc/>
    /// <remarks>The record of an epoch that an earlier run began is replaced by that of the whole epoch.</remarks>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public void OnEpochEnd(EpochRecord epoch, bool isBest)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        var replacesLast = epochs is [.., var last] && last.Epoch == epoch.Epoch;
        if (replacesLast) epochs.RemoveAt(epochs.Count - 1);
        epochs.Add(epoch);
        if (replacesLast) MetricsFile.Write(path, epochs);
        else MetricsFile.Append(path, epoch);
    }
}
