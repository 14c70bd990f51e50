using System.Globalization;
using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>Trains a model: the loop over epochs and steps, and the order of what happens in it.</summary>
/// <remarks>
/// Each step does: forward; <see cref="DivergenceGuard"/>; backward; the optimizer's step; <see cref="Callbacks"/>;
/// <see cref="DeadReluDetector"/>. Each epoch ends with <see cref="PeriodicEvaluation"/>,
/// <see cref="BestWeights"/> and <see cref="Callbacks"/>. Those types know nothing of the trainer, and a loop of one's
/// own can use them as well. The results depend on the seeds alone, bit for bit, not on the number of threads.
/// <para>
/// On a GPU the host does not wait for a step. Losses and correct answers are stored there
/// (<see cref="BatchMetricsLog"/>) and read every <see cref="BatchMetricsLog.Capacity"/> steps, when a callback reads
/// them, and at the end of the epoch. So a loss that is not finite is found at most that many steps later, and the
/// weights restored are those of the last regular reading.
/// </para>
/// </remarks>
public sealed class Trainer
{
    private readonly Module model;
    private readonly DataLoader train;
    private readonly DataLoader? test;
    private readonly Optimizer optimizer;
    private readonly ILoss loss;
    private readonly LearningRateSchedule? schedule;
    private readonly float initialLearningRate;
    private readonly List<EpochRecord> history = [];
    private readonly TrainingChecks checks;
    private readonly DivergenceGuard divergence;
    private readonly DeadReluDetector deadRelus = new();
    private readonly BestWeights bestWeights;
    private readonly BatchMetricsLog log = new();
    private long lastReadStep;              // the last step whose loss is known

    /// <summary>A trainer that has not begun.</summary>
    /// <param name="model">Outputs [N, classes]; already on its device.</param>
    /// <param name="train">The training items.</param>
    /// <param name="test">The test items; null to compare epochs by their training accuracy.</param>
    /// <param name="optimizer">Updates the model's parameters.</param>
    /// <param name="loss">The loss to minimize; null for cross-entropy.</param>
    /// <param name="schedule">
    /// Sets the learning rate before each step, in steps, from what the optimizer's is now; null leaves it alone.
    /// </param>
    /// <exception cref="ArgumentException">The model has no parameters.</exception>
    /// <exception cref="InputException">The model cannot learn from a batch of one, which an epoch has.</exception>
    public Trainer(
        Module model, DataLoader train, DataLoader? test, Optimizer optimizer,
        ILoss? loss = null, LearningRateSchedule? schedule = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(optimizer);
        (this.model, this.train, this.test, this.optimizer) = (model, train, test, optimizer);
        (this.loss, this.schedule) = (loss ?? new CrossEntropyLoss(), schedule);
        (initialLearningRate, Callbacks) = (optimizer.LearningRate, []);
        (divergence, bestWeights) = (new(model), new(model));
        checks = new(model, train, optimizer);
        checks.CheckSingleItemBatch(divergence.LastGoodWeights);
    }

    /// <summary>The epochs from one evaluation to the next, at least 1; the last is evaluated too.</summary>
    public int EvaluateEvery { get; init => field = (int)CheckPositive(value); } = 1;

    /// <summary>Training ends after this many steps, even within an epoch; null for no such limit.</summary>
    public long? MaxSteps { get; init => field = value is { } steps ? CheckPositive(steps) : null; }

    /// <summary>Called at steps and epochs, in this order.</summary>
    public IReadOnlyList<ITrainingCallback> Callbacks { get; init => field = schedule.WithCallbacks(value); }

    /// <summary>The steps done.</summary>
    public long Step { get; private set; }

    /// <summary>The results of all epochs.</summary>
    public IReadOnlyList<EpochRecord> History => history;

    /// <summary>The epoch of the highest test accuracy, without a test set train accuracy; null at first.</summary>
    public EpochRecord? Best { get; private set; }

    /// <summary>The highest train accuracy of any epoch, 0 to 1.</summary>
    public double? BestTrainAccuracy => history.Max(epoch => epoch.TrainAccuracy);

    /// <summary>The highest test accuracy of any epoch, 0 to 1.</summary>
    public double? BestTestAccuracy => history.Max(epoch => epoch.TestAccuracy);

    /// <summary>The rate as a double with the float's digits: 0.05, not 0.05000000074505806.</summary>
    private double LearningRate =>
        double.Parse(optimizer.LearningRate.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private PeriodicEvaluation? TestEvaluation => field ??= test is null ? null : new(model, test, loss, EvaluateEvery);

    /// <summary>
    /// Trains until <paramref name="epochs"/> epochs or <see cref="MaxSteps"/> steps are done in all, or canceled.
    /// </summary>
    /// <param name="epochs">At least 1.</param>
    /// <param name="cancellation">Ends training after the current step, with the end of its epoch.</param>
    /// <exception cref="DivergenceException">A loss was not finite; the last good weights are restored.</exception>
    /// <exception cref="DeadReluException">The network outputs the same scores for every input.</exception>
    /// <exception cref="ShapeException">The model cannot take the items.</exception>
    /// <exception cref="InputException">The data can no longer be read.</exception>
    /// <exception cref="InvalidOperationException">The optimizer trains none of the model's parameters.</exception>
    /// <remarks>
    /// Whatever is thrown within an epoch, the callbacks receive the epoch up to that step. Modules that are frozen,
    /// and those in evaluation mode while the model around them is in training mode, stay so.
    /// </remarks>
    public void Run(int epochs, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        checks.CheckOptimizer();
        if (checks.IsWholeModelInEvaluation) model.Train();
        var done = (int)(Step / train.BatchCount);
        var first = LacksEvaluation(done, epochs) ? done : done + 1;
        for (var epoch = first; epoch <= epochs && (!(Step >= MaxSteps) || LacksEvaluation(epoch, epochs)); epoch++)
        {
            if (cancellation.IsCancellationRequested) return;
            RunEpoch(epoch, epochs, cancellation);
        }
    }

    /// <summary>
    /// Begins where an earlier trainer stopped, if need be within an epoch. Model and optimizer must be as they were
    /// then: a <see cref="Checkpoint"/> has restored them before this trainer was constructed.
    /// </summary>
    /// <param name="epochs">The results of the epochs; the last epoch may be incomplete.</param>
    /// <exception cref="InvalidOperationException">This trainer has begun already.</exception>
    public void Resume(IReadOnlyList<EpochRecord> epochs)
    {
        ArgumentNullException.ThrowIfNull(epochs);
        if (Step > 0) throw new InvalidOperationException("Trainer: it has begun already.");
        history.AddRange(epochs);
        Step = lastReadStep = epochs is [.., var last] ? last.Step : 0;
        // As the last step had it: an epoch that only lacks its evaluation reports it without a step.
        if (schedule is not null && Step > 0) optimizer.LearningRate = schedule.At(Step - 1, initialLearningRate);
        divergence.Resume(Step);
        Best = epochs.Where(epoch => MonitoredAccuracy(epoch) is >= 0).MaxBy(MonitoredAccuracy);
        bestWeights.Resume(Best is null ? null : MonitoredAccuracy(Best));
    }

    /// <summary>Puts the weights of the epoch <see cref="Best"/> back into the model.</summary>
    /// <exception cref="InvalidOperationException">There are none: an earlier run had the best epoch.</exception>
    public void RestoreBest() => bestWeights.Restore();

    /// <summary>Whether an epoch was trained but not evaluated: it is run again, without any step.</summary>
    private bool LacksEvaluation(int epoch, int epochs) =>
        history is [.., var last] && last.Epoch == epoch && last.TestAccuracy is null && IsEvaluationDue(epoch, epochs);

    private void RunEpoch(int epoch, int epochs, CancellationToken cancellation)
    {
        foreach (var callback in Callbacks) callback.OnEpochStart(epoch);
        var metrics = new EpochMetrics(epoch);
        var firstBatch = (int)(Step - (epoch - 1L) * train.BatchCount);
        if (history is [.., var part] && part.Epoch == epoch && double.IsFinite(part.TrainLoss))
        {
            metrics.Resume(part, firstBatch, Math.Min(firstBatch * train.BatchSize, train.Count));
            history.RemoveAt(history.Count - 1);
        }

        double? testAccuracy = null;
        try
        {
            TrainBatches(metrics, firstBatch, cancellation);
            if (IsEvaluationDue(epoch, epochs)) testAccuracy = Evaluate(cancellation);
        }
        catch (DivergenceException)
        {
            EndEpoch(metrics.ToEpochRecord(Step, LearningRate, diverged: true));
            throw;
        }
        catch (DeadReluException)
        {
            EndEpoch(metrics.ToEpochRecord(Step, LearningRate));
            throw;
        }
        catch (Exception)
        {
            EndFaultyEpoch(metrics);
            throw;
        }

        EndEpoch(metrics.ToEpochRecord(Step, LearningRate, testAccuracy));
    }

    private void TrainBatches(EpochMetrics metrics, int firstBatch, CancellationToken cancellation)
    {
        var start = Step;
        foreach (var batch in train.Epoch(metrics.Epoch, firstBatch))
        {
            if (Step >= MaxSteps) break;        // only the evaluation is left
            var isOnCpu = batch.X.Device is CpuDevice;
            TrainStep(batch, metrics, readInterval: isOnCpu ? 1 : BatchMetricsLog.Capacity);
            if (Step == start + 1) checks.CheckNoNewParameters();

            Action? update = isOnCpu ? null : () => ReadLog(metrics);
            var record = metrics.ToStepRecord(train.BatchCount, Step, LearningRate, update);
            foreach (var callback in Callbacks) callback.OnStepEnd(record);
            deadRelus.ThrowIfDead(metrics.Loss, LearningRate);
            if (Step == MaxSteps || cancellation.IsCancellationRequested) break;
        }

        CheckLosses(metrics);
        deadRelus.ThrowIfDead(metrics.Loss, LearningRate);
        metrics.Stop();
    }

    private void TrainStep(Batch batch, EpochMetrics metrics, int readInterval)
    {
        if (schedule is not null) optimizer.LearningRate = schedule.At(Step, initialLearningRate);
        optimizer.ZeroGrad();
        metrics.BeginBatch(batch.Labels.Count);
        var y = model.Forward(batch.X);
        var value = loss.Forward(y, batch.Labels);
        log.Add(y, value, batch.Labels);

        var isDue = divergence.IsDue(Step + 1, readInterval);
        if (isDue) CheckLosses(metrics);
        value.Backward();
        if (isDue) divergence.KeepWeights(Step + 1);
        optimizer.Step();
        Step++;
    }

    /// <exception cref="DivergenceException">A loss was not finite.</exception>
    private void CheckLosses(EpochMetrics metrics)
    {
        ReadLog(metrics);
        divergence.ThrowIfDiverged(LearningRate);
    }

    /// <summary>Adds the log's batches to the metrics, up to the first loss that is not finite.</summary>
    private void ReadLog(EpochMetrics metrics)
    {
        foreach (var batch in log.Drain())
        {
            lastReadStep++;
            if (!divergence.Update(batch.Loss, lastReadStep)) continue;
            metrics.Add(batch);
            deadRelus.Update(batch.IsConstantOutput, lastReadStep);
        }
    }

    /// <returns>The test accuracy; null if it was canceled.</returns>
    private double? Evaluate(CancellationToken cancellation)
    {
        if (TestEvaluation?.Run(Callbacks, cancellation) is not { } result) return null;
        divergence.Update(result, Step);
        divergence.ThrowIfDiverged(LearningRate);
        return result.Accuracy;
    }

    private bool IsEvaluationDue(int epoch, int epochs) =>
        TestEvaluation?.IsDue(epoch, isLast: epoch == epochs || Step == MaxSteps) == true;

    /// <summary>The accuracy by which epochs are compared.</summary>
    private double? MonitoredAccuracy(EpochRecord epoch) => test is null ? epoch.TrainAccuracy : epoch.TestAccuracy;

    /// <param name="isFaulty">Whether a fault ended the epoch: then its weights are not kept as the best.</param>
    private void EndEpoch(EpochRecord epoch, bool isFaulty = false)
    {
        history.Add(epoch);
        var isBest = !isFaulty && double.IsFinite(epoch.TrainLoss)
            && bestWeights.Update(MonitoredAccuracy(epoch), Callbacks);
        if (isBest) Best = epoch;
        foreach (var callback in Callbacks) callback.OnEpochEnd(epoch, isBest);
    }

    /// <summary>Reports the steps before a fault, so that they can be saved.</summary>
    /// <remarks>
    /// Exceptions here are dropped, because the caller needs the first one; after a device has failed, reading losses
    /// and saving weights fail too. Only a divergence, which may have caused the fault, takes its place.
    /// </remarks>
    private void EndFaultyEpoch(EpochMetrics metrics)
    {
        try
        {
            CheckLosses(metrics);
        }
        catch (DivergenceException)
        {
            EndEpoch(metrics.ToEpochRecord(Step, LearningRate, diverged: true));
            throw;
        }
        catch (Exception)
        {
        }

        try
        {
            if (metrics.HasResults) EndEpoch(metrics.ToEpochRecord(Step, LearningRate), isFaulty: true);
        }
        catch (Exception)
        {
        }
    }

    private static long CheckPositive(long value) =>
        value >= 1 ? value : throw new ArgumentOutOfRangeException(
            nameof(value), value.ToString(CultureInfo.InvariantCulture), "At least 1 was expected.");
}
