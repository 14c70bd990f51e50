using PyNetSharp.Layers;
using PyNetSharp.Optimizers;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>
/// Writes a run's checkpoints, after every epoch its metrics, weights and curves, and every few batches weights that
/// are kept.
/// </summary>
/// <remarks>
/// What cannot be written does not end training: it is said once, and tried again with each checkpoint. If it still
/// fails when training ends, everything goes to another folder.
/// </remarks>
internal sealed class RunRecorder : ITrainingCallback
{
    private readonly RunFolder folder;
    private readonly string title;
    private readonly IReadOnlyDictionary<string, string>? metadata;
    private readonly Action<string> say;
    private readonly CheckpointWriter checkpoints;
    private readonly MetricsWriter metrics;
    private readonly WeightsHistory history;
    private Trainer? trainer;                   // once it has begun
    private EpochRecord? newEpoch;              // that has ended, and is not written
    private bool isNewBest, isStale;            // whether files lack what could not be written
    private bool isEnding;                      // whether this is the last time
    private bool hasFiles;                      // whether metrics, weights and curves have been written
    private InputException? checkpointFault, reported;
    private long? stepBeforeFault;

    /// <param name="folder">The folder of a run that has begun.</param>
    /// <param name="title">The curves' title: "nin on cifar10".</param>
    /// <param name="say">Prints a line.</param>
    /// <param name="metadata">The metadata of the weight files; null for none.</param>
    /// <param name="every">How often a checkpoint is written; null for the default.</param>
    /// <param name="keep">The checkpoints to keep.</param>
    /// <param name="saveEvery">As <see cref="PyNetSharp.Models.Recipe.SaveEvery"/>.</param>
    /// <param name="inBackground">Whether training goes on while a checkpoint is written.</param>
    public RunRecorder(
        RunFolder folder, string title, Action<string> say, IReadOnlyDictionary<string, string>? metadata = null,
        CheckpointInterval? every = null, int keep = 3, int saveEvery = 0, bool inBackground = true)
    {
        (this.folder, this.title, this.say, this.metadata) = (folder, title, say, metadata);
        metrics = new(folder.MetricsPath);
        history = new(folder, saveEvery, say, metadata);
        checkpoints = new(folder.Folder, every, keep) { Failed = OnCheckpointFailed, InBackground = inBackground };
    }

    /// <summary>Whether the files have all epochs so far.</summary>
    public bool IsUpToDate =>
        !isStale && newEpoch is null && checkpointFault is null && (trainer?.History.Count == 0 || folder.HasResults);

    /// <summary>The averaged weights, which are saved in place of the model's; null for the model's.</summary>
    public ExponentialMovingAverage? Average { get; init; }

    /// <summary>
    /// Whether training ends where a file cannot be written, before its end: where other processes take part, whose
    /// time would be lost with what is not kept.
    /// </summary>
    public bool EndsOnFault { get; init; }

    /// <summary>The folder that has the results in place of the run's; null where that has them.</summary>
    public string? OtherFolder { get; private set; }

    /// <summary>Writes the files of a training that was restored: a killed process may have left others.</summary>
    /// <param name="trainer">It has been restored, and has not begun.</param>
    /// <param name="step">The steps done; null if there was no checkpoint.</param>
    public void Resume(Trainer trainer, long? step)
    {
        if (step is { } done && File.Exists(CheckpointFolder.PathOf(folder.Folder, done))) checkpoints.Resume(done);
        isStale = true;
        isStale = !Try(() => WriteFiles(trainer));
    }

    public void OnStepEnd(StepRecord step)
    {
        if (trainer is null || !history.IsDue(step)) return;
        if (CheckFolder(trainer)) history.Write(trainer, step);         // before any checkpoint of this step
    }

    public void OnEpochEnd(EpochRecord epoch, bool isBest) => (newEpoch, isNewBest) = (epoch, isNewBest || isBest);

    /// <summary>The metrics have epochs that are to be trained again.</summary>
    public void OnRollback(Rollback rollback)
    {
        isStale = true;
        if (CheckFolder(trainer!)) history.DeleteAfter(trainer!, rollback.Step);
    }

    public void OnCheckpoint(Trainer trainer, CheckpointMoment moment)
    {
        (this.trainer, isEnding) = (trainer, moment == CheckpointMoment.End);
        if (moment == CheckpointMoment.Start) history.DeleteAfter(trainer, trainer.Step);
        var isDue = moment != CheckpointMoment.Step || checkpoints.IsDue(trainer, moment);
        var isFolderOurs = !isDue || CheckFolder(trainer);
        if (isFolderOurs) checkpoints.OnCheckpoint(trainer, moment);
        else checkpoints.Postpone(trainer, moment);
        // The last time, it may have vanished since.
        if (moment == CheckpointMoment.End) isFolderOurs = isFolderOurs && CheckFolder(trainer);
        if (checkpointFault is not null && checkpoints.WrittenStep != stepBeforeFault) checkpointFault = null;
        if (isDue && isFolderOurs && (newEpoch is not null || isStale))
        {
            var wasStale = isStale;
            isStale = true;
            isStale = !Try(() => WriteFiles(trainer, all: wasStale));
        }

        if (reported is not null && IsUpToDate)
        {
            reported = null;
            say($"'{folder.Folder}' can be written again; it has everything.");
        }

        if (moment != CheckpointMoment.End) return;
        history.ReportFaults();
        if (!IsUpToDate) WriteElsewhere(trainer);
    }

    public bool RestoreBefore(Trainer trainer, long step) => checkpoints.RestoreBefore(trainer, step);

    /// <summary>Makes the folder again if it has vanished, and notes what it lacks.</summary>
    /// <returns>Whether this run may write there.</returns>
    private bool CheckFolder(Trainer trainer)
    {
        if (Try(() => isStale |= folder.Recreate() || LacksFiles(trainer))) return true;
        isStale = true;
        return false;
    }

    /// <summary>Writes what an epoch has changed, or all files.</summary>
    private void WriteFiles(Trainer trainer, bool all = true)
    {
        if (trainer.History.Count == 0)
        {
            if (all) folder.DeleteDerivedFiles();
            hasFiles = false;
            return;
        }

        if (all || newEpoch is null) metrics.Rewrite(trainer.History);
        else metrics.OnEpochEnd(newEpoch, isNewBest);
        WriteWeights(folder, trainer, all || isNewBest);
        LearningCurves.Write(folder.CurvesPath, metrics.Epochs, title);
        if (checkpoints.WrittenStep is not null) FileOperations.Delete(folder.OldCheckpointPath);
        (newEpoch, isNewBest, hasFiles) = (null, false, true);
    }

    /// <summary>Whether someone has removed files, but not the whole folder.</summary>
    private bool LacksFiles(Trainer trainer) => hasFiles && (
        !File.Exists(folder.MetricsPath) || !File.Exists(folder.LastWeightsPath) || !File.Exists(folder.CurvesPath)
        || (trainer.BestWeights().Any() && !File.Exists(folder.BestWeightsPath)));

    private void WriteWeights(RunFolder run, Trainer trainer, bool withBest)
    {
        using (Average?.Apply()) trainer.Model.Save(run.LastWeightsPath, metadata);
        if (!withBest) return;
        (string, Tensor)[] best = [.. trainer.BestWeights()];
        if (best.Length > 0) Safetensors.Save(run.BestWeightsPath, best, metadata);
        else if (trainer.Best is null) FileOperations.Delete(run.BestWeightsPath);
    }

    /// <returns>Whether it succeeded.</returns>
    private bool Try(Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (Exception fault) when (fault is InputException || FileErrors.IsWriteError(fault))
        {
            Report(fault as InputException ?? new($"'{folder.Folder}': {FileErrors.Describe(fault)}", fault));
            return false;
        }
    }

    private void OnCheckpointFailed(InputException fault)
    {
        (checkpointFault, stepBeforeFault) = (fault, checkpoints.WrittenStep);
        Report(fault);
    }

    private void Report(InputException fault)
    {
        if (EndsOnFault && !isEnding) throw fault;
        if (reported is null)
            say($"warning: {fault.Message} Training goes on; the next checkpoint tries again.");
        reported = fault;
    }

    /// <exception cref="InputException">Nor can that be written.</exception>
    private void WriteElsewhere(Trainer trainer)
    {
        var why = reported?.Message ?? "";
        try
        {
            using var other = folder.CreateElsewhere();
            if ((trainer.TryCopyState() ?? trainer.CopiedState) is { Progress: { } progress } state)
                state.Write(CheckpointFolder.PathOf(other.Folder, progress.Step));
            MetricsFile.Write(other.MetricsPath, trainer.History);
            WriteWeights(other, trainer, withBest: true);
            LearningCurves.Write(other.CurvesPath, trainer.History, title);
            OtherFolder = other.Folder;
        }
        catch (InputException fault)
        {
            throw new InputException($"{why} Nor could the results be kept elsewhere: {fault.Message}", fault);
        }

        say($"{why} The results are in '{OtherFolder}'.");
    }
}
