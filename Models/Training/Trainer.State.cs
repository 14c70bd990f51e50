using System.Globalization;

namespace PyNetSharp.Training;

/// <content>The state of a training: how it is copied, restored after a stop, and after a divergence.</content>
public sealed partial class Trainer
{
    /// <summary>The rollbacks after which a divergence ends training; see <see cref="RollbackFactor"/>.</summary>
    public const int MaxRollbacks = 10;

    private const int StepsOfBadState = 2;      // its own loss is not finite, or that after the next update

    private TrainingState? copiedState;
    private long? returnedTo;                   // the step of the last rollback
    private double learningRateFactor = 1;
    private int rollbacks;
    private bool isStateComplete = true;        // between two steps, without a fault
    private StepStart? stepStart;
    private bool canUndoStep;                   // until the optimizer's update begins

    internal Module Model => model;

    /// <summary>Counts the changes of <see cref="BestState"/>.</summary>
    internal long BestChanges => best.Changes;

    /// <summary>The last copied state; null before the first.</summary>
    internal TrainingState? CopiedState => copiedState;

    /// <summary>Reads the copied state in another thread; until it ends the copy is not replaced.</summary>
    internal Task? StateIsInUse { private get; set; }

    /// <summary>What has been done, between two steps; waits for a GPU.</summary>
    internal TrainingProgress Progress
    {
        get
        {
            if (running is not null) losses.Read(running, Plan);
            return new(
                Step, [.. history], running?.ToSums(), part, Step > 0 ? optimizer.LearningRate : null,
                learningRateFactor, rollbacks, losses.ConstantBatches, Shards > 1 ? Shards : null);
        }
    }

    private bool CanRollBack =>
        RollbackFactor is not null && copiedState?.Progress is not null && rollbacks < MaxRollbacks;

    /// <summary>
    /// Begins where an earlier trainer stopped, if need be within an epoch. Model and optimizer must be as they were
    /// then: the <see cref="Checkpoint"/> of a loop of one's own has restored them before this trainer was constructed.
    /// </summary>
    /// <param name="epochs">The results of the epochs; the last may be incomplete.</param>
    /// <exception cref="InvalidOperationException">This trainer has begun already.</exception>
    /// <remarks>
    /// The loss of the epoch's first part is restored from its mean, which rounds;
    /// <see cref="Checkpoint.Load(string, Trainer)"/> is exact.
    /// </remarks>
    public void Resume(IReadOnlyList<EpochRecord> epochs)
    {
        ArgumentNullException.ThrowIfNull(epochs);
        ThrowIfBegun();
        if (epochs is not [.., var last])
        {
            Resume(new TrainingProgress(0, []), []);
            return;
        }

        var isWhole = last.Step == (long)last.Epoch * StepsPerEpoch
            && PartsOf(last) == DueParts(last.Epoch, isLast: false);
        Resume(isWhole || !double.IsFinite(last.TrainLoss)
            ? new(last.Step, epochs)
            : new(last.Step, [.. epochs.SkipLast(1)], SumsOf(last), last), []);
    }

    /// <summary>Begins after a step of an earlier version, whose results may lack the first part of an epoch.</summary>
    /// <param name="step">The steps done.</param>
    /// <param name="epochs">The results until then.</param>
    /// <param name="bestPath">The file with the best epoch's weights; it need not fit, nor exist.</param>
    internal void ResumeAt(long step, IReadOnlyList<EpochRecord> epochs, string bestPath)
    {
        if (epochs is [.., var last] && last.Step == step) Resume(epochs);
        else
        {
            var epoch = (int)(step / StepsPerEpoch) + 1;
            var batches = (int)(Plan.BatchesBefore(step) - (epoch - 1L) * train.BatchCount);
            EpochRecord[] whole = [.. epochs.Where(record => record.Epoch < epoch)];
            Resume(new TrainingProgress(step, whole, new(epoch, batches, 0, 0, null, 0)), []);
        }

        best.TryLoad(bestPath);
    }

    /// <summary>Begins with the progress of an earlier trainer, whose tensors have been loaded already.</summary>
    /// <param name="progress">What it had done.</param>
    /// <param name="bestWeights">Its best epoch's, in the order of the model's state; null where not known.</param>
    internal void Resume(TrainingProgress progress, IReadOnlyList<float[]?> bestWeights)
    {
        SetProgress(progress);
        var isKnown = bestWeights.Count > 0 && bestWeights.All(values => values is not null);
        best.Resume(progress.Epochs, isKnown ? [.. bestWeights.Select(values => values!)] : null);
        if (part is not null && double.IsFinite(part.TrainLoss)) best.Update(part, isWhole: false, Callbacks);
    }

    /// <summary>Whether <see cref="Run"/> would do nothing.</summary>
    internal bool IsComplete(int epochs)
    {
        var epoch = running?.Epoch ?? (int)(Step / StepsPerEpoch) + 1;
        return Step > 0 && (epoch > epochs || !IsOpen(epoch, epochs));
    }

    /// <summary>All tensors of the state but the best weights, with their names in a checkpoint.</summary>
    internal (string Name, Tensor Tensor)[] State()
    {
        ICheckpointed?[] states =
            [InnerSchedule as ICheckpointed, .. Callbacks.Select(callback => callback as ICheckpointed)];
        return Checkpoint.State(model, optimizer, [.. states.OfType<ICheckpointed>().Distinct()]);
    }

    /// <summary>The weights of the best whole epoch, under the model's names; none where they are not here.</summary>
    internal IEnumerable<(string Name, Tensor Tensor)> BestState() => WithNames(best.WholeWeights);

    /// <summary>The weights of <see cref="Best"/>, under the model's names; none where they are not here.</summary>
    internal IEnumerable<(string Name, Tensor Tensor)> BestWeights() => WithNames(best.Weights);

    /// <exception cref="InvalidOperationException">The trainer is within a step, as after a fault.</exception>
    internal void ThrowIfIncomplete()
    {
        if (running is not null) losses.Read(running, Plan);
        if (!isStateComplete || losses.HasDiverged)
            throw new InvalidOperationException("Trainer: a fault has ended it within a step, which cannot be saved.");
    }

    /// <exception cref="InvalidOperationException">This trainer has begun.</exception>
    internal void ThrowIfBegun()
    {
        if (Step > 0) throw new InvalidOperationException("Trainer: it has begun already.");
    }

    /// <exception cref="OtherDataException">
    /// The steps of an epoch are not those of the trainer's data, or the batches had other shards.
    /// </exception>
    internal void CheckFits(string path, TrainingProgress progress)
    {
        if ((progress.Shards ?? 1) != Shards)
            throw new OtherDataException(
                $"'{path}' is of a training with {progress.Shards ?? 1} shards per batch, and resumes with as many; " +
                $"the trainer has {Shards}. The number of processes may differ.");
        var done = progress.Running is { } epoch
            ? (epoch.Epoch - 1L) * train.BatchCount + epoch.Batches
            : (progress.Epochs is [.., var last] ? last.Epoch : 0L) * train.BatchCount;
        var isOther = progress.Running is { } part && (part.Batches > train.BatchCount
            || part.Items > Math.Min((long)part.Batches * train.BatchSize, train.Count));
        isOther |= progress.Epochs.Any(
            epoch => double.IsFinite(epoch.TrainLoss) && epoch.Step != (long)epoch.Epoch * StepsPerEpoch);
        if (isOther || done != Plan.BatchesBefore(progress.Step))
            throw new OtherDataException(string.Create(
                CultureInfo.InvariantCulture,
                $"'{path}' is of other data: {train.Count} training items are {StepsPerEpoch} steps per epoch, but ") +
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"after step {progress.Step} {done} batches were done."));
    }

    /// <summary>Copies the state, for a checkpoint or a rollback.</summary>
    /// <returns>
    /// Null if it is not complete, if weights are not finite, or while the copy before is in use.
    /// </returns>
    internal TrainingState? TryCopyState()
    {
        if (StateIsInUse is { IsCompleted: false }) return null;
        if (running is not null) losses.Read(running, Plan);
        if (!isStateComplete || losses.HasDiverged) return null;
        copiedState ??= new();
        return copiedState.TryUpdate(this) ? copiedState : null;
    }

    private void NotifyCheckpoint(CheckpointMoment moment)
    {
        if (RollbackFactor is not null && moment is CheckpointMoment.Start or CheckpointMoment.Epoch) TryCopyState();
        foreach (var callback in Callbacks) callback.OnCheckpoint(this, moment);
    }

    /// <summary>Exceptions here are dropped, because the caller needs the first one.</summary>
    private void NotifyEndAfterFault()
    {
        foreach (var callback in Callbacks)
        {
            try
            {
                callback.OnCheckpoint(this, CheckpointMoment.End);
            }
            catch (Exception)
            {
            }
        }
    }

    private void BeginStep(EpochMetrics metrics, bool isOnCpu)
    {
        (isStateComplete, canUndoStep) = (false, isOnCpu);
        if (isOnCpu) (stepStart ??= new(model, optimizer)).Keep(metrics, losses.ConstantBatches);
    }

    /// <summary>After a fault in a step's forward or backward passes: returns to the end of the step before.</summary>
    /// <returns>The sums of the epoch until then.</returns>
    private EpochMetrics UndoStep()
    {
        var sums = stepStart!.Undo();
        losses.Resume(Step, Plan.BatchesBefore(Step), stepStart.ConstantBatches);
        isStateComplete = true;
        return EpochOf(sums);
    }

    /// <summary>Returns to the copied state, or to one before it, with a smaller learning rate.</summary>
    private void RollBack(DivergenceException fault)
    {
        var count = rollbacks + 1;
        var isOlder = (Group?.Rank ?? 0) == 0 && RestoreCopy(fault);
        if (Others is { } group)
        {
            // Rank 0 decides: it has the checkpoints, whose moments may go by its time.
            isOlder = RankAgreement.Any(group, isOlder);
            new StateBroadcast(this, group).Run(withBest: isOlder);
        }

        (isStateComplete, returnedTo) = (true, Step);
        var factor = learningRateFactor * Math.Pow(RollbackFactor!.Value, count - rollbacks);
        SetProgress(Progress with { LearningRateFactor = factor, Rollbacks = count });
        if (isOlder) TryCopyState();
        foreach (var callback in Callbacks) callback.OnRollback(new(fault, Step, factor, count));
    }

    /// <returns>Whether it is a state before the copied one.</returns>
    private bool RestoreCopy(DivergenceException fault)
    {
        var copy = copiedState!.Progress!;
        // Weights may be finite, and lead to infinity at once with any rate.
        var isOlder = returnedTo is { } step && fault.Step <= step + StepsOfBadState
            && Callbacks.Any(callback => callback.RestoreBefore(this, Math.Min(step, copy.Step)));
        if (isOlder) return true;
        copiedState.Restore(this);
        SetProgress(copy);
        return false;
    }

    private void SetProgress(TrainingProgress progress)
    {
        history.Clear();
        history.AddRange(progress.Epochs);
        (Step, part) = (progress.Step, progress.Part);
        (learningRateFactor, rollbacks) = (progress.LearningRateFactor, progress.Rollbacks);
        running = progress.Running is { } sums ? EpochOf(sums) : null;

        // As the last step had it: an epoch that only lacks its evaluation reports it without a step.
        if (Step > 0 || learningRateFactor < 1) SetLearningRate(Math.Max(0, Step - 1));
        if (schedule is not null && progress.LearningRate is { } rate) optimizer.LearningRate = rate;
        losses.Resume(Step, Plan.BatchesBefore(Step), progress.ConstantBatches);
    }

    private void SetLearningRate() => SetLearningRate(Step);

    private void SetLearningRate(long step)
    {
        if (schedule is not null)
            optimizer.LearningRate = (float)(schedule.At(step, initialLearningRate) * learningRateFactor);
        else if (learningRateFactor < 1) optimizer.LearningRate = (float)(initialLearningRate * learningRateFactor);
    }

    /// <summary>The sums of which a part's result are the means.</summary>
    private RunningEpoch SumsOf(EpochRecord epoch)
    {
        var batches = (int)(Plan.BatchesBefore(epoch.Step) - (epoch.Epoch - 1L) * train.BatchCount);
        var items = (int)Math.Min((long)batches * train.BatchSize, train.Count);
        var correct = epoch.TrainAccuracy is { } share ? (int)Math.Round(share * items) : (int?)null;
        return new(epoch.Epoch, batches, items, epoch.TrainLoss * items, correct, epoch.Seconds);
    }

    private static EpochMetrics EpochOf(RunningEpoch sums)
    {
        var metrics = new EpochMetrics(sums.Epoch);
        metrics.Stop();
        metrics.Resume(sums);
        return metrics;
    }

    private IEnumerable<(string Name, Tensor Tensor)> WithNames(IReadOnlyList<Tensor>? weights) =>
        weights is null ? [] : model.State().Zip(weights, (s, tensor) => (s.Name, tensor));
}
