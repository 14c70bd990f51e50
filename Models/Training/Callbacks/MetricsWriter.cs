namespace PyNetSharp.Training;

/// <summary>Writes the result of every epoch to a <see cref="MetricsFile"/>.</summary>
/// <param name="path">The file; its folder must exist.</param>
/// <param name="history">The epochs of the run that resumes, which the file already has; null for a new run.</param>
public sealed class MetricsWriter(string path, IEnumerable<EpochRecord>? history = null) : ITrainingCallback
{
    private readonly List<EpochRecord> epochs = [.. history ?? []];
    private long? length;                   // of the file as this writer left it; null while it has not

    /// <summary>The epochs in the file.</summary>
    public IReadOnlyList<EpochRecord> Epochs => epochs;

    /// <inheritdoc/>
    /// <remarks>
    /// The record of an epoch that an earlier run began is replaced by that of the whole epoch. A file that is not as
    /// this writer left it is written anew.
    /// </remarks>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public void OnEpochEnd(EpochRecord epoch, bool isBest)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        var isAppended = epochs is not [.., var last] || last.Epoch != epoch.Epoch;
        if (!isAppended) epochs.RemoveAt(epochs.Count - 1);
        epochs.Add(epoch);
        var isOurs = length is not null && length == LengthOf(path);
        length = null;                      // until the write has succeeded
        if (isAppended && isOurs) MetricsFile.Append(path, epoch);
        else MetricsFile.Write(path, epochs);
        length = LengthOf(path);
    }

    /// <summary>Replaces the epochs, and writes the file anew.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    internal void Rewrite(IEnumerable<EpochRecord> all)
    {
        epochs.Clear();
        epochs.AddRange(all);
        length = null;
        MetricsFile.Write(path, epochs);
        length = LengthOf(path);
    }

    private static long? LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : null;
}
