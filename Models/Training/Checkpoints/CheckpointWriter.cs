using System.Diagnostics;
using System.Globalization;
using PyNetSharp.Layers;

namespace PyNetSharp.Training;

/// <summary>
/// Saves a <see cref="Checkpoint"/> at the start of training, every few steps, minutes or epochs, and when training
/// ends or is stopped.
/// </summary>
/// <remarks>
/// The files are <c>checkpoint-000000500.safetensors</c> and so on, by the steps done. The state is copied between two
/// steps, and the copy is written while training goes on: that costs the memory of one copy. A checkpoint that is due
/// while the one before is being written waits for it. Its place among the callbacks does not matter.
/// </remarks>
/// <param name="folder">The folder, created if it is missing; one training at a time writes there.</param>
/// <param name="every">How often; null for every five minutes.</param>
/// <param name="keep">The newest files to keep, at least 1.</param>
/// <exception cref="ArgumentOutOfRangeException">No file is to be kept.</exception>
public sealed class CheckpointWriter(string folder, CheckpointInterval? every = null, int keep = 3) : ITrainingCallback
{
    private readonly CheckpointInterval interval = every ?? CheckpointInterval.Default;
    private readonly int keep = keep >= 1 ? keep : throw new ArgumentOutOfRangeException(
        nameof(keep), keep.ToString(CultureInfo.InvariantCulture), "At least 1 was expected.");
    private readonly Stopwatch sinceCopy = Stopwatch.StartNew();
    private long copiedStep;
    private int epochs;                 // that have ended since the last copy
    private Task? writing;

    /// <summary>Whether files are written while training goes on; otherwise it waits for them.</summary>
    public bool InBackground { get; init; } = true;

    /// <summary>
    /// Called in the thread that trains when a file could not be written; training goes on, and the next checkpoint is
    /// tried as ever. Null to end training with the exception.
    /// </summary>
    public Action<InputException>? Failed { get; init; }

    /// <summary>The steps done at the last checkpoint that is whole on the disk; null while there is none.</summary>
    public long? WrittenStep { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="InputException">A file could not be written, and <see cref="Failed"/> is null.</exception>
    public void OnCheckpoint(Trainer trainer, CheckpointMoment moment)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        if (moment == CheckpointMoment.Epoch) epochs++;
        if (moment == CheckpointMoment.End) Wait();
        else if (writing is { IsCompleted: true }) Wait();
        if (!IsDue(trainer, moment) || writing is not null) return;

        if ((trainer.TryCopyState() ?? LastCopy(trainer, moment)) is not { Progress: { } progress } state) return;
        (copiedStep, epochs) = (progress.Step, 0);
        sinceCopy.Restart();
        writing = Task.Run(() => Write(state));
        trainer.StateIsInUse = writing;
        if (moment == CheckpointMoment.End || !InBackground) Wait();
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The newest sound checkpoint before the step is restored, and those after it are deleted.
    /// </remarks>
    public bool RestoreBefore(Trainer trainer, long step)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        Wait();
        if (Checkpoint.RestoreBefore(folder, trainer, step) is not { } restored) return false;
        (WrittenStep, copiedStep, epochs) = (restored, restored, 0);
        return true;
    }

    /// <summary>Whether a checkpoint is due, or has been since the last was begun.</summary>
    internal bool IsDue(Trainer trainer, CheckpointMoment moment) => moment switch
    {
        CheckpointMoment.Start => WrittenStep != trainer.Step,
        CheckpointMoment.End => true,
        _ => interval.IsDue(trainer.Step - copiedStep, epochs, sinceCopy.Elapsed),
    };

    /// <summary>The newest file is of this step already: a training that resumes need not write it again.</summary>
    internal void Resume(long step) => (WrittenStep, copiedStep) = (step, step);

    /// <summary>
    /// Where training ends by a fault within a step, its state is that of no step: the last copy is all that there is,
    /// and it may not be on the disk, because that was full or the copy was made for a rollback.
    /// </summary>
    private TrainingState? LastCopy(Trainer trainer, CheckpointMoment moment) =>
        moment == CheckpointMoment.End && trainer.CopiedState is { Progress: { } progress } state
        && (progress.Step != WrittenStep || !File.Exists(CheckpointFolder.PathOf(folder, progress.Step)))
            ? state : null;

    /// <summary>In place of a checkpoint that cannot be written now: the next is due after another interval.</summary>
    internal void Postpone(Trainer trainer, CheckpointMoment moment)
    {
        if (moment == CheckpointMoment.End || writing is { IsCompleted: true }) Wait();
        (copiedStep, epochs) = (trainer.Step, 0);
        sinceCopy.Restart();
    }

    private void Write(TrainingState state)
    {
        var step = state.Progress!.Step;
        try
        {
            FileOperations.CreateFolder(folder);
        }
        catch (Exception fault) when (FileErrors.IsWriteError(fault))
        {
            throw new InputException(
                $"The folder '{folder}' cannot be created: {FileErrors.Describe(fault)}", fault);
        }

        state.Write(CheckpointFolder.PathOf(folder, step));
        CheckpointFolder.Prune(folder, keep);
    }

    /// <summary>Waits for the file that is being written, and reports its fault.</summary>
    private void Wait()
    {
        if (writing is null) return;
        try
        {
            writing.GetAwaiter().GetResult();
            WrittenStep = copiedStep;
        }
        catch (InputException fault) when (Failed is not null)
        {
            Failed(fault);
        }
        finally
        {
            writing = null;
        }
    }
}
