using System.Diagnostics;
using PyNetSharp.Data;
using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <content>The loop over epochs and steps.</content>
public sealed partial class Trainer
{
    /// <returns>False after a rollback: the epochs are to be run again from there.</returns>
    private bool TryRunEpochs(int epochs, CancellationToken cancellation)
    {
        try
        {
            var first = running?.Epoch ?? (int)(Step / StepsPerEpoch) + 1;
            for (var epoch = first; epoch <= epochs && IsOpen(epoch, epochs); epoch++)
            {
                if (AgreeToStop(cancellation)) break;
                RunEpoch(epoch, epochs, cancellation);
            }

            return true;
        }
        catch (DivergenceException fault) when (CanRollBack)
        {
            RollBack(fault);
            return false;
        }
    }

    /// <summary>Whether an epoch lacks steps, or the evaluation with which training ends.</summary>
    private bool IsOpen(int epoch, int epochs) => !HasStoppedEarly && (
        Step < Math.Min((long)epochs * StepsPerEpoch, MaxSteps ?? long.MaxValue)
        || (running?.Epoch == epoch && LacksEvaluation(epoch, epochs)));

    private bool LacksEvaluation(int epoch, int epochs)
    {
        var done = part is null ? default : PartsOf(part);
        var due = DueParts(epoch, IsLast(epoch, epochs));
        return (due.Validation && !done.Validation) || (due.Test && !done.Test);
    }

    private void RunEpoch(int epoch, int epochs, CancellationToken cancellation)
    {
        foreach (var callback in Callbacks) callback.OnEpochStart(epoch);
        var firstBatch = (int)(Plan.BatchesBefore(Step) - (epoch - 1L) * train.BatchCount);
        var metrics = BeginEpoch(epoch);
        Measured? validation = null, tested = null;
        var stopsEarly = false;
        try
        {
            TrainBatches(metrics, firstBatch, cancellation);
            var due = DueParts(epoch, IsLast(epoch, epochs));
            if (due.Validation) validation = Evaluate(DataPart.Validation, cancellation);
            stopsEarly = validation is not null && StopsEarly(epoch, validation);
            if ((due.Test || stopsEarly) && !AgreeToStop(cancellation))
                tested = Evaluate(DataPart.Test, cancellation);
        }
        catch (DivergenceException) when (CanRollBack)
        {
            throw;
        }
        catch (Exception fault) when (fault is DivergenceException or DeadReluException)
        {
            EndPart(metrics.ToEpochRecord(Step, LearningRate, diverged: fault is DivergenceException), fault: true);
            throw;
        }
        catch (Exception)
        {
            EndFaultyEpoch(metrics);
            throw;
        }

        EndEpoch(metrics.ToEpochRecord(
            Step, LearningRate, tested?.Accuracy, testLoss: tested?.Loss, testSeconds: tested?.Seconds) with
        {
            ValidationAccuracy = validation?.Accuracy,
            ValidationLoss = validation?.Loss,
            ConstantClasses = (validation ?? tested)?.ConstantClasses,
        }, isTestDue: stopsEarly || DueParts(epoch, IsLast(epoch, epochs)).Test);
    }

    /// <summary>The epoch that training was in, or a new one.</summary>
    private EpochMetrics BeginEpoch(int epoch)
    {
        if (part is not null && running is null) history.Add(part);         // it diverged, or ended in a fault
        part = null;
        best.DropPart();
        if (running?.Epoch != epoch) running = new(epoch);
        else running.Continue();
        return running;
    }

    private void TrainBatches(EpochMetrics metrics, int firstBatch, CancellationToken cancellation)
    {
        var (start, number) = (Step, firstBatch);
        var batches = sharded?.Epoch(metrics.Epoch, firstBatch) ?? train.Epoch(metrics.Epoch, firstBatch);
        foreach (var batch in batches)
        {
            if (Step >= MaxSteps) break;        // only the evaluation is left
            var isOnCpu = batch.X.Device is CpuDevice;
            if (Plan.IsFirst(number)) BeginStep(metrics, isOnCpu);
            var interval = isOnCpu || sharded is not null ? 1 : BatchMetricsLog.Capacity;
            TrainBatch(batch, number, metrics, interval, cancellation);
            if (!Plan.IsLast(number++)) continue;

            if (Step == start + 1) checks.CheckNoNewParameters();
            Action? update = isOnCpu ? null : () => losses.Read(metrics, Plan);
            var record = metrics.ToStepRecord(Plan, Step, LearningRate, update);
            foreach (var callback in Callbacks) callback.OnStepEnd(record);
            isStateComplete = true;
            losses.ThrowIfDead(metrics, LearningRate);
            if (Step == MaxSteps || IsStopped(cancellation)) break;
            NotifyCheckpoint(CheckpointMoment.Step);
            if (Gate is { IsClosed: true }) Pause(metrics, cancellation);
            if (IsStopped(cancellation)) break;
        }

        losses.Check(metrics, Plan, LearningRate);
        losses.ThrowIfDead(metrics, LearningRate);
        metrics.Stop();
    }

    /// <summary>Adds a batch's gradients to the step's, and ends the step with its last batch.</summary>
    /// <param name="batch">The batch, or its first shard of this process.</param>
    /// <param name="number">Of the batch, from 0 within the epoch.</param>
    /// <param name="metrics">Of the epoch.</param>
    /// <param name="readInterval">The steps after which losses are read, and weights kept.</param>
    /// <param name="cancellation">Other processes are told of it.</param>
    private void TrainBatch(
        Batch batch, int number, EpochMetrics metrics, int readInterval, CancellationToken cancellation)
    {
        if (Plan.IsFirst(number))
        {
            SetLearningRate();
            optimizer.ZeroGrad();
        }

        metrics.BeginBatch(Plan.ItemsOf(number));
        var isDue = losses.IsDue(Step + 1, readInterval);
        if (sharded is null) TrainWhole(batch, number, metrics, isDue);
        else TrainShards(sharded, batch, number, metrics, cancellation.IsCancellationRequested);
        if (!Plan.IsLast(number)) return;

        if (isDue) losses.KeepWeights(Step + 1);
        if (MaxGradientNorm is { } norm) optimizer.Parameters.ClipGradNorm(norm);
        canUndoStep = false;
        optimizer.Step();
        Step++;
    }

    private void TrainWhole(Batch batch, int number, EpochMetrics metrics, bool isDue)
    {
        var y = model.Forward(batch.X);
        var value = loss.Forward(y, batch.Target);
        losses.Add(y, value, batch);
        if (isDue) losses.Check(metrics, Plan, LearningRate);
        var share = Plan.Share(number);
        if (share == 1) value.Backward();
        else (value * share).Backward();
    }

    /// <summary>Waits; the time does not count.</summary>
    private void Pause(EpochMetrics metrics, CancellationToken cancellation)
    {
        metrics.Stop();
        Gate!.Wait(cancellation);
        metrics.Continue();
    }

    private Measured? Evaluate(DataPart part, CancellationToken cancellation)
    {
        if (Others is not null && isStopAgreed) return null;
        var start = Stopwatch.GetTimestamp();
        var evaluation = part == DataPart.Validation ? ValidationEvaluation! : TestEvaluation!;
        if (evaluation.Run(Callbacks, cancellation) is not { } result)
        {
            isStopAgreed = true;
            return null;
        }

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        losses.Check(result, Step, LearningRate);
        Evaluated?.Invoke(part, result);
        var constant = result.ConstantClasses.Count;
        return new(result.Accuracy, result.Loss, seconds, constant > 0 ? constant : null);
    }

    /// <summary>Whether training ends with an epoch, of whose evaluation nothing is kept yet.</summary>
    private bool StopsEarly(int epoch, Measured validation) =>
        Step == (long)epoch * StepsPerEpoch && !best.IsImprovement(validation.Accuracy, validation.Loss)
        && IsOutOfPatience(epoch) && TestEvaluation is not null;

    private bool IsOutOfPatience(int epoch) => Patience is { } most && Best is { } kept && epoch - kept.Epoch >= most;

    private bool IsLast(int epoch, int epochs) => epoch == epochs || Step == MaxSteps;

    /// <summary>The items on which the model is to be evaluated after an epoch.</summary>
    private (bool Validation, bool Test) DueParts(int epoch, bool isLast) =>
        (ValidationEvaluation?.IsDue(epoch, isLast) == true, TestEvaluation?.IsDue(epoch, isLast) == true);

    /// <summary>Those on which it has been.</summary>
    private static (bool Validation, bool Test) PartsOf(EpochRecord epoch) => (
        epoch is not { ValidationAccuracy: null, ValidationLoss: null },
        epoch is not { TestAccuracy: null, TestLoss: null });

    /// <summary>
    /// An epoch is whole if a training that goes on has the same result for it: all steps are done, and it was
    /// evaluated because that was due, not because training ended. One whose last evaluation was canceled is not.
    /// </summary>
    private void EndEpoch(EpochRecord epoch, bool isTestDue)
    {
        var done = PartsOf(epoch);
        var isCanceled = isTestDue && !done.Test;
        if (Step < (long)epoch.Epoch * StepsPerEpoch || isCanceled || done != DueParts(epoch.Epoch, isLast: false))
        {
            EndPart(epoch);
            return;
        }

        history.Add(epoch);
        running = null;
        NotifyEpochEnd(epoch, double.IsFinite(epoch.TrainLoss) && best.Update(epoch, isWhole: true, Callbacks));
    }

    /// <param name="epoch">The result of the epoch so far.</param>
    /// <param name="fault">Whether a fault ended the epoch: then its weights are not kept as the best.</param>
    private void EndPart(EpochRecord epoch, bool fault = false)
    {
        part = epoch;
        if (!double.IsFinite(epoch.TrainLoss)) (running, isStateComplete) = (null, false);
        var isBest = !fault && running is not null && best.Update(epoch, isWhole: false, Callbacks);
        NotifyEpochEnd(epoch, isBest);
    }

    private void NotifyEpochEnd(EpochRecord epoch, bool isBest)
    {
        foreach (var callback in Callbacks) callback.OnEpochEnd(epoch, isBest);
        NotifyCheckpoint(CheckpointMoment.Epoch);
    }

    /// <summary>Reports the steps before a fault, so that they can be saved.</summary>
    /// <remarks>
    /// On a CPU a step whose optimizer had not begun is undone, and the state is that of the last whole step; on a GPU,
    /// or later in the step, it is not complete. Exceptions here are dropped, because the caller needs the first one:
    /// after a device has failed, all else fails too. Only a divergence, which may have caused the fault, takes its
    /// place.
    /// </remarks>
    private void EndFaultyEpoch(EpochMetrics metrics)
    {
        try
        {
            losses.Check(metrics, Plan, LearningRate);
        }
        catch (DivergenceException)
        {
            if (!CanRollBack) EndPart(metrics.ToEpochRecord(Step, LearningRate, diverged: true));
            throw;
        }
        catch (Exception)
        {
        }

        try
        {
            metrics.Stop();
            if (!isStateComplete && canUndoStep) metrics = UndoStep();
            var hasSteps = Step > (metrics.Epoch - 1L) * StepsPerEpoch;
            running = null;
            if (!metrics.HasResults || !hasSteps) return;

            // If it is not complete, batches of a step that is not whole may be among the sums.
            var epoch = metrics.ToEpochRecord(Step, LearningRate);
            running = isStateComplete ? metrics : EpochOf(SumsOf(epoch));
            EndPart(epoch, fault: true);
        }
        catch (Exception)
        {
        }
    }

    /// <summary>The result of an evaluation, and how long it took.</summary>
    private sealed record Measured(double? Accuracy, double? Loss, double Seconds, int? ConstantClasses);
}
