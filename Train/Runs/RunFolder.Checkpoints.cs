using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <content>What the checkpoints of the folder hold.</content>
internal sealed partial class RunFolder
{
    /// <summary>Whether there is a checkpoint, sound or not: otherwise the run begins at its beginning.</summary>
    public bool HasCheckpoint => CheckpointPaths.Any();

    /// <summary>The checkpoints, sound or not, newest first.</summary>
    private IEnumerable<string> CheckpointPaths =>
        CheckpointFolder.Find(Folder).Select(checkpoint => checkpoint.Path)
            .Concat(File.Exists(OldCheckpointPath) ? [OldCheckpointPath] : []);

    /// <summary>
    /// Checks that a checkpoint has the tensors of this network, before any memory is allocated for what the settings
    /// say.
    /// </summary>
    /// <exception cref="InputException">There are checkpoints, but none can be used.</exception>
    public void CheckWeights(NetworkDefinition network, NetworkOptions options)
    {
        List<InputException> faults = [];
        foreach (var path in CheckpointPaths)
            try
            {
                network.CheckWeights(options, path, prefix: "model.");
                return;
            }
            catch (InputException fault)
            {
                faults.Add(fault);
            }

        if (faults.Count == 0) return;
        throw new InputException(
            $"No checkpoint in '{Folder}' can be used: {string.Join(' ', faults.Select(fault => fault.Message))}",
            faults[0]);
    }

    /// <summary>Restores a training from the newest checkpoint that is sound.</summary>
    /// <param name="trainer">It has not begun.</param>
    /// <param name="warn">Called with a message for each newer one that is not.</param>
    /// <returns>The steps done; null if there is no checkpoint, so that the run begins at its beginning.</returns>
    /// <exception cref="InputException">There are checkpoints, but none can be used.</exception>
    public long? Restore(Trainer trainer, Action<string> warn) =>
        Checkpoint.LoadNewest(
            Folder, trainer, fault => warn($"{fault.Message} The checkpoint before it is taken."))
        ?? (File.Exists(OldCheckpointPath) ? RestoreOld(trainer) : null);

    /// <summary>The epoch in which the loss was not finite; null if there is none.</summary>
    public EpochRecord? DivergedEpoch => ReadMetrics().FirstOrDefault(epoch => !double.IsFinite(epoch.TrainLoss));

    /// <summary>Throws if the metrics say that the run diverged.</summary>
    /// <exception cref="InputException">It did, and would again.</exception>
    public void ThrowIfDiverged()
    {
        if (DivergedEpoch is { } last)
            throw new InputException(
                $"The run in '{Folder}' diverged in epoch {last.Epoch} and would again. Begin another with a smaller " +
                "learning rate (--weights takes this one's), or continue with half of it: " +
                ShellCommand.Resume(Folder, "--on-divergence", "rollback:0.5"));
    }

    /// <summary>
    /// A folder of an earlier version: the results are in its metrics. Those of an epoch's first part are missing where
    /// a crash came between the writing of the two files.
    /// </summary>
    private long RestoreOld(Trainer trainer)
    {
        var step = Checkpoint.LoadState(OldCheckpointPath, trainer);
        trainer.ResumeAt(step, [.. ReadMetrics().Where(epoch => epoch.Step <= step)], BestWeightsPath);
        return step;
    }

    private IReadOnlyList<EpochRecord> ReadMetrics() => File.Exists(MetricsPath) ? MetricsFile.Read(MetricsPath) : [];
}
