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
    private readonly LossMonitor losses;
    private readonly BestEpoch best;

    /// <summary>A trainer that has not begun.</summary>
    /// <param name="model">
    /// Outputs [N, classes] where each item has one label, otherwise what the loss takes; already on its device.
    /// </param>
    /// <param name="train">The training items.</param>
    /// <param name="test">The test items; null to compare epochs by their training accuracy or loss.</param>
    /// <param name="optimizer">Updates the model's parameters.</param>
    /// <param name="loss">The loss to minimize; null for cross-entropy against labels.</param>
    /// <param name="schedule">
    /// Sets the learning rate before each step, in steps, from what the optimizer's is now; null leaves it alone.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The model has no parameters, training and test items have targets of different kinds, or the targets are values
    /// and no loss was given.
    /// </exception>
    /// <exception cref="InputException">The model cannot learn from a batch of one, which an epoch has.</exception>
    public Trainer(
        Module model, DataLoader train, DataLoader? test, Optimizer optimizer,
        ILoss? loss = null, LearningRateSchedule? schedule = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(optimizer);
        (this.model, this.train, this.test, this.optimizer) = (model, train, test, optimizer);
        TrainingChecks.CheckTargets(train, test);
        (this.loss, this.schedule) = (TrainingChecks.LossFor(train, loss, "Trainer"), schedule);
        (initialLearningRate, Callbacks) = (optimizer.LearningRate, []);
        (losses, checks) = (new(model, train, test), new(model, train, optimizer));
        best = new(model, byLoss: !train.HasLabelPerItem, onTest: test is not null);
        checks.CheckSingleItemBatch(losses.LastGoodWeights);
    }

    /// <summary>
    /// The batches of one step, at least 1: their gradients are summed, each weighted by the batch's share of the
    /// step's items. So the step is that of one large batch; an epoch's last step has the batches that are left.
    /// </summary>
    /// <remarks>
    /// Batch normalization takes its statistics from each batch, and a loss whose mean is weighted itself, by classes
    /// or without ignored labels, counts by its items all the same.
    /// </remarks>
    public int AccumulateSteps { get; init => field = (int)CheckPositive(value); } = 1;

    /// <summary>The optimizer's steps of an epoch.</summary>
    public int StepsPerEpoch => Plan.StepsPerEpoch;

    /// <summary>The epochs from one evaluation to the next, at least 1; the last is evaluated too.</summary>
    public int EvaluateEvery { get; init => field = (int)CheckPositive(value); } = 1;

    /// <summary>Training ends after this many steps, even within an epoch; null for no such limit.</summary>
    public long? MaxSteps { get; init => field = value is { } steps ? CheckPositive(steps) : null; }

    /// <summary>Called at steps and epochs, in this order.</summary>
    public IReadOnlyList<ITrainingCallback> Callbacks { get; init => field = schedule.WithCallbacks(value); }

    /// <summary>The optimizer's steps done.</summary>
    public long Step { get; private set; }

    /// <summary>The results of all epochs.</summary>
    public IReadOnlyList<EpochRecord> History => history;

    /// <summary>
    /// The epoch of the highest test accuracy, of the lowest test loss where items have no labels; without a test set
    /// of the training accuracy or loss. Null at first.
    /// </summary>
    public EpochRecord? Best => best.Epoch;

    /// <summary>The highest train accuracy of any epoch, 0 to 1.</summary>
    public double? BestTrainAccuracy => history.Max(epoch => epoch.TrainAccuracy);

    /// <summary>The highest test accuracy of any epoch, 0 to 1.</summary>
    public double? BestTestAccuracy => history.Max(epoch => epoch.TestAccuracy);

    /// <summary>The rate as a double with the float's digits: 0.05, not 0.05000000074505806.</summary>
    private double LearningRate =>
        double.Parse(optimizer.LearningRate.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private AccumulationPlan Plan => field ??= new(train, AccumulateSteps);

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
    /// Whatever is thrown within an epoch, the callbacks receive the epoch up to its last step. Modules that are
    /// frozen, and those in evaluation mode while the model around them is in training mode, stay so.
    /// </remarks>
    public void Run(int epochs, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        checks.CheckOptimizer();
        if (checks.IsWholeModelInEvaluation) model.Train();
        var done = (int)(Step / StepsPerEpoch);
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
        Step = epochs is [.., var last] ? last.Step : 0;
        // As the last step had it: an epoch that only lacks its evaluation reports it without a step.
        if (schedule is not null && Step > 0) optimizer.LearningRate = schedule.At(Step - 1, initialLearningRate);
        losses.Resume(Step, Plan.BatchesBefore(Step));
        best.Resume(epochs);
    }

    /// <summary>Puts the weights of the epoch <see cref="Best"/> back into the model.</summary>
    /// <exception cref="InvalidOperationException">There are none: an earlier run had the best epoch.</exception>
    public void RestoreBest() => best.RestoreWeights();

    /// <summary>Whether an epoch was trained but not evaluated: it is run again, without any step.</summary>
    private bool LacksEvaluation(int epoch, int epochs) =>
        history is [.., { TestAccuracy: null, TestLoss: null } last] && last.Epoch == epoch
        && IsEvaluationDue(epoch, epochs);

    private void RunEpoch(int epoch, int epochs, CancellationToken cancellation)
    {
        foreach (var callback in Callbacks) callback.OnEpochStart(epoch);
        var metrics = new EpochMetrics(epoch);
        var firstBatch = (int)(Plan.BatchesBefore(Step) - (epoch - 1L) * train.BatchCount);
        if (history is [.., var part] && part.Epoch == epoch && double.IsFinite(part.TrainLoss))
        {
            metrics.Resume(part, firstBatch, Math.Min(firstBatch * train.BatchSize, train.Count));
            history.RemoveAt(history.Count - 1);
        }

        Evaluation? test = null;
        try
        {
            TrainBatches(metrics, firstBatch, cancellation);
            if (IsEvaluationDue(epoch, epochs)) test = Evaluate(cancellation);
        }
        catch (Exception fault) when (fault is DivergenceException or DeadReluException)
        {
            EndEpoch(metrics.ToEpochRecord(Step, LearningRate, diverged: fault is DivergenceException));
            throw;
        }
        catch (Exception)
        {
            EndFaultyEpoch(metrics);
            throw;
        }

        EndEpoch(metrics.ToEpochRecord(Step, LearningRate, test?.Accuracy, testLoss: test?.Loss));
    }

    private void TrainBatches(EpochMetrics metrics, int firstBatch, CancellationToken cancellation)
    {
        var (start, number) = (Step, firstBatch);
        foreach (var batch in train.Epoch(metrics.Epoch, firstBatch))
        {
            if (Step >= MaxSteps) break;        // only the evaluation is left
            var isOnCpu = batch.X.Device is CpuDevice;
            TrainBatch(batch, number, metrics, readInterval: isOnCpu ? 1 : BatchMetricsLog.Capacity);
            if (!Plan.IsLast(number++)) continue;

            if (Step == start + 1) checks.CheckNoNewParameters();
            Action? update = isOnCpu ? null : () => losses.Read(metrics, Plan);
            var record = metrics.ToStepRecord(train.BatchCount, Step, LearningRate, update);
            foreach (var callback in Callbacks) callback.OnStepEnd(record);
            losses.ThrowIfDead(metrics, LearningRate);
            if (Step == MaxSteps || cancellation.IsCancellationRequested) break;
        }

        losses.Check(metrics, Plan, LearningRate);
        losses.ThrowIfDead(metrics, LearningRate);
        metrics.Stop();
    }

    /// <summary>Adds a batch's gradients to the step's, and ends the step with its last batch.</summary>
    private void TrainBatch(Batch batch, int number, EpochMetrics metrics, int readInterval)
    {
        if (Plan.IsFirst(number))
        {
            if (schedule is not null) optimizer.LearningRate = schedule.At(Step, initialLearningRate);
            optimizer.ZeroGrad();
        }

        metrics.BeginBatch(batch.Count);
        var y = model.Forward(batch.X);
        var value = loss.Forward(y, batch.Target);
        losses.Add(y, value, batch);
        var isDue = losses.IsDue(Step + 1, readInterval);
        if (isDue) losses.Check(metrics, Plan, LearningRate);
        var share = Plan.Share(number);
        if (share == 1) value.Backward();
        else (value * share).Backward();
        if (!Plan.IsLast(number)) return;

        if (isDue) losses.KeepWeights(Step + 1);
        optimizer.Step();
        Step++;
    }

    private Evaluation? Evaluate(CancellationToken cancellation)
    {
        if (TestEvaluation?.Run(Callbacks, cancellation) is not { } result) return null;    // or canceled
        losses.Check(result, Step, LearningRate);
        return result;
    }

    private bool IsEvaluationDue(int epoch, int epochs) =>
        TestEvaluation?.IsDue(epoch, isLast: epoch == epochs || Step == MaxSteps) == true;

    /// <param name="isFaulty">Whether a fault ended the epoch: then its weights are not kept as the best.</param>
    private void EndEpoch(EpochRecord epoch, bool isFaulty = false)
    {
        history.Add(epoch);
        var isBest = !isFaulty && double.IsFinite(epoch.TrainLoss) && best.Update(epoch, Callbacks);
        foreach (var callback in Callbacks) callback.OnEpochEnd(epoch, isBest);
    }

    /// <summary>Reports the steps before a fault, so that they can be saved.</summary>
    /// <remarks>
    /// Exceptions here are dropped, because the caller needs the first one: after a device has failed, all else fails
    /// too. Only a divergence, which may have caused the fault, takes its place.
    /// </remarks>
    private void EndFaultyEpoch(EpochMetrics metrics)
    {
        try
        {
            losses.Check(metrics, Plan, LearningRate);
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
            var hasSteps = Step > (metrics.Epoch - 1L) * StepsPerEpoch;
            if (metrics.HasResults && hasSteps) EndEpoch(metrics.ToEpochRecord(Step, LearningRate), isFaulty: true);
        }
        catch (Exception)
        {
        }
    }

    private static long CheckPositive(long value) =>
        value >= 1 ? value : throw new ArgumentOutOfRangeException(
            nameof(value), value.ToString(CultureInfo.InvariantCulture), "At least 1 was expected.");
}
