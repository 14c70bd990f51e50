using System.Globalization;
using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>Trains a model, measures it after its epochs, and keeps the best weights.</summary>
/// <remarks>
/// Nothing here is hidden from a loop of your own, which needs no more than
/// <code>
/// foreach (var (x, labels) in train.Epoch(epoch))
/// {
///     optimizer.ZeroGrad();
///     var loss = model.Forward(x).CrossEntropy(labels);
///     loss.Backward();
///     optimizer.Step();
/// }
/// </code>
/// What comes out depends on the seeds alone, bit for bit, and not on the number of threads.
/// <para>
/// On a GPU nobody waits for a step: losses and right answers are noted there (<see cref="BatchMetricsLog"/>) and looked at every
/// <see cref="BatchMetricsLog.Capacity"/> steps, when an observer asks for them, and at the end of the epoch. A loss that is not
/// finite is found then, at the latest after that many steps, and the weights go back to those of the last look that was due.
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
    private readonly Snapshot lastGoodWeights;
    private readonly TrainingChecks trainingChecks;
    private readonly DeadReluDetector deadRelus = new();
    private readonly BatchMetricsLog log = new();
    private (long Step, double Loss)? firstNonFiniteLoss;        // the first loss that was not finite
    private long lastReadStep, lastGoodStep;                        // the last step whose loss is known; the one whose weights are lastGood's
    private Snapshot? bestWeights;

    /// <summary>A trainer that has not begun.</summary>
    /// <param name="model">Gives [batch, classes]; already on its device.</param>
    /// <param name="train">What to learn from.</param>
    /// <param name="test">What to measure on; null to measure on the training batches only.</param>
    /// <param name="optimizer">Changes the model's parameters.</param>
    /// <param name="loss">What to make small; null for cross-entropy.</param>
    /// <param name="schedule">
    /// Sets the learning rate before each step, in steps, from what the optimizer's is now; null leaves it alone.
    /// </param>
    /// <exception cref="ArgumentException">The model has no parameters.</exception>
    /// <exception cref="InputException">An epoch would end with a single item, from which the model cannot learn.</exception>
    public Trainer(
        Module model, DataLoader train, DataLoader? test, Optimizer optimizer,
        ILoss? loss = null, LearningRateSchedule? schedule = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(optimizer);
        (this.model, this.train, this.test, this.optimizer) = (model, train, test, optimizer);
        (this.loss, this.schedule, initialLearningRate) = (loss ?? new CrossEntropyLoss(), schedule, optimizer.LearningRate);
        lastGoodWeights = new(model);
        trainingChecks = new(model, train, optimizer);
        trainingChecks.CheckSingleItemBatch(lastGoodWeights);
    }

    /// <summary>The test accuracy is measured every so many epochs, and after the last; at least 1.</summary>
    public int EvaluateEvery
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), FormattableString.Invariant($"{value}"), "At least 1 was expected.");
    } = 1;

    /// <summary>Training ends after so many steps, even within an epoch; null for no such limit.</summary>
    public long? MaxSteps
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), FormattableString.Invariant($"{value}"), "At least 1 was expected.");
    }

    /// <summary>Who hears of steps and epochs, in this order.</summary>
    public IReadOnlyList<ITrainingCallback> Callbacks { get; init; } = [];

    /// <summary>The steps taken.</summary>
    public long Step { get; private set; }

    /// <summary>What all epochs came to.</summary>
    public IReadOnlyList<EpochRecord> History => history;

    /// <summary>The epoch of the highest test accuracy, without a test set train accuracy; null at first.</summary>
    public EpochRecord? Best { get; private set; }

    /// <summary>The highest train accuracy of any epoch, 0 to 1.</summary>
    public double? BestTrainAccuracy => history.Max(epoch => epoch.TrainAccuracy);

    /// <summary>The highest test accuracy of any epoch, 0 to 1.</summary>
    public double? BestTestAccuracy => history.Max(epoch => epoch.TestAccuracy);

    /// <summary>Trains until so many epochs or <see cref="MaxSteps"/> are done in all, or it is told to stop.</summary>
    /// <param name="epochs">At least 1.</param>
    /// <param name="cancellation">Ends training cleanly after the current step.</param>
    /// <exception cref="DivergenceException">
    /// The loss was not finite; the model has the weights from before the last update.
    /// </exception>
    /// <exception cref="DeadReluException">The network gives the same scores for everything.</exception>
    /// <exception cref="ShapeException">The model cannot take the items.</exception>
    /// <exception cref="InputException">The data cannot be read any more.</exception>
    /// <exception cref="InvalidOperationException">The optimizer trains none of the model's parameters.</exception>
    /// <remarks>
    /// Whatever is thrown within an epoch, observers are told of the epoch as far as it came. Modules that are frozen, and those
    /// that are in evaluation mode while the model around them is in training, stay so.
    /// </remarks>
    public void Run(int epochs, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        var done = (int)(Step / train.BatchCount);
        trainingChecks.CheckOptimizer();
        if (trainingChecks.IsWholeModelInEvaluation) model.Train();
        if (history is [.., var last] && last.Epoch == done && last.TestAccuracy is null && IsEvaluationDue(done, epochs)) done--;    // stopped before
        for (var epoch = done + 1; epoch <= epochs && !(Step >= MaxSteps); epoch++)
        {
            if (cancellation.IsCancellationRequested) return;
            RunEpoch(epoch, epochs, cancellation);
        }
    }

    /// <summary>
    /// Begins where an earlier trainer stopped, if need be within an epoch. Model and optimizer are as they were then: a
    /// <see cref="Checkpoint"/> has put them there before this trainer was made.
    /// </summary>
    /// <param name="epochs">What the epochs came to; the last may have been begun only.</param>
    /// <exception cref="InvalidOperationException">This trainer has begun already.</exception>
    public void Resume(IReadOnlyList<EpochRecord> epochs)
    {
        ArgumentNullException.ThrowIfNull(epochs);
        if (Step > 0) throw new InvalidOperationException("Trainer: it has begun already.");
        history.AddRange(epochs);
        Step = lastReadStep = lastGoodStep = epochs is [.., var last] ? last.Step : 0;
        Best = epochs.Where(epoch => MonitoredAccuracy(epoch) is >= 0).MaxBy(MonitoredAccuracy);
    }

    /// <summary>Puts the weights of the epoch <see cref="Best"/> back into the model.</summary>
    /// <exception cref="InvalidOperationException">No epoch has been measured yet, or the best was an earlier trainer's.</exception>
    public void RestoreBest()
    {
        if (bestWeights is null) throw new InvalidOperationException("Trainer: the best epoch's weights are not here.");
        bestWeights.Restore();
    }

    /// <summary>The rate as a double with the float's digits: 0.05, not 0.05000000074505806.</summary>
    private double LearningRate =>
        double.Parse(optimizer.LearningRate.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private void RunEpoch(int epoch, int epochs, CancellationToken cancellation)
    {
        var tally = new EpochAccumulator(epoch);
        var first = (int)(Step - (epoch - 1L) * train.BatchCount);
        if (history is [.., var part] && part.Epoch == epoch && double.IsFinite(part.TrainLoss))
        {
            tally.Resume(part, first, Math.Min(first * train.BatchSize, train.Count));
            history.RemoveAt(history.Count - 1);
        }

        double? testAccuracy = null;
        try
        {
            TrainBatches(tally, first, cancellation);
            if (IsEvaluationDue(epoch, epochs)) testAccuracy = Evaluate(tally, cancellation);
        }
        catch (Exception fault) when (fault is not (DivergenceException or DeadReluException))   // those have been reported
        {
            ReportPartialEpoch(tally);
            throw;
        }

        ReportEpoch(tally, tally.Loss, testAccuracy);
    }

    private void TrainBatches(EpochAccumulator tally, int first, CancellationToken cancellation)
    {
        var isFirst = true;
        foreach (var batch in train.Epoch(tally.Epoch, first))
        {
            var waits = batch.X.Device is CpuDevice;
            TrainStep(batch, tally, lookEvery: waits ? 1 : BatchMetricsLog.Capacity);
            if (isFirst) trainingChecks.CheckNoNewParameters();
            isFirst = false;
            var record = tally.ToStepRecord(train.BatchCount, Step, LearningRate, update: waits ? null : () => ReadLog(tally));
            foreach (var observer in Callbacks) observer.OnStepEnd(record);
            ThrowIfDead(tally);
            if (Step == MaxSteps || cancellation.IsCancellationRequested) break;
        }

        CheckLosses(tally);
        ThrowIfDead(tally);
        tally.Stop();
    }

    /// <summary>Reports an epoch that a fault has ended: what was learned until then is worth keeping.</summary>
    /// <remarks>The fault is what the caller must hear of, also where a device that has failed cannot tell any more or save.</remarks>
    private void ReportPartialEpoch(EpochAccumulator tally)
    {
        try
        {
            CheckLosses(tally);
        }
        catch (Exception other) when (other is not DivergenceException)
        {
        }

        try
        {
            if (tally.HasResults) ReportEpoch(tally, tally.Loss, testAccuracy: null, isPart: true);
        }
        catch (Exception)
        {
        }
    }

    private void TrainStep(Batch batch, EpochAccumulator tally, int lookEvery)
    {
        if (schedule is not null) optimizer.LearningRate = schedule.At(Step, initialLearningRate);
        optimizer.ZeroGrad();
        tally.BeginBatch(batch.Labels.Count);
        var y = model.Forward(batch.X);
        var value = loss.Forward(y, batch.Labels);
        log.Add(y, value, batch.Labels);

        var isDue = Step + 1 - lastGoodStep >= lookEvery;
        if (isDue) CheckLosses(tally);
        value.Backward();
        if (isDue)
        {
            lastGoodWeights.Update();                // the weights of a finite loss, before they change
            lastGoodStep = Step + 1;
        }

        optimizer.Step();
        Step++;
    }

    /// <summary>Takes what the log has into the sums, up to the first loss that is not finite.</summary>
    private void ReadLog(EpochAccumulator tally)
    {
        foreach (var note in log.Drain())
        {
            lastReadStep++;
            if (firstNonFiniteLoss is null && !float.IsFinite(note.Loss)) firstNonFiniteLoss = (lastReadStep, note.Loss);
            if (firstNonFiniteLoss is not null) continue;
            tally.Add(note);
            deadRelus.Update(note.IsConstantOutput, lastReadStep);
        }
    }

    private void CheckLosses(EpochAccumulator tally)
    {
        ReadLog(tally);
        if (firstNonFiniteLoss is { } found) ThrowDivergence(found.Loss, found.Step, tally);
    }

    private void ThrowIfDead(EpochAccumulator tally)
    {
        if (deadRelus.DetectedAtStep is not { } step) return;
        ReportEpoch(tally, tally.Loss, testAccuracy: null);
        throw new DeadReluException(step, DeadReluDetector.Patience, tally.Loss, LearningRate);
    }

    private double? Evaluate(EpochAccumulator tally, CancellationToken cancellation)
    {
        try
        {
            var result = Evaluation.Run(model, test!, loss, new EvaluationProgress(Callbacks, test!.Count), cancellation);
            var isData = result.NanCount > 0 && result.NanCount < result.Count;         // some test items' fault, not the model's
            if (!double.IsFinite(result.Loss) && !isData) ThrowDivergence(result.Loss, Step, tally);
            return result.Accuracy;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private void ThrowDivergence(double value, long step, EpochAccumulator tally)
    {
        lastGoodWeights.Restore();
        ReportEpoch(tally, double.NaN, testAccuracy: null);
        throw new DivergenceException(step, LearningRate, value);
    }

    /// <summary>Whether the test accuracy is wanted after this epoch.</summary>
    private bool IsEvaluationDue(int epoch, int epochs) =>
        test is not null && (epoch % EvaluateEvery == 0 || epoch == epochs || Step == MaxSteps);

    /// <summary>What the epochs are compared by.</summary>
    private double? MonitoredAccuracy(EpochRecord epoch) => test is null ? epoch.TrainAccuracy : epoch.TestAccuracy;

    /// <param name="isPart">Whether a fault has ended the epoch: it is not the best, whose weights a failed device could not copy.</param>
    private void ReportEpoch(EpochAccumulator tally, double meanLoss, double? testAccuracy, bool isPart = false)
    {
        var epoch = tally.ToEpochRecord(Step, meanLoss, testAccuracy, LearningRate);
        history.Add(epoch);

        var before = Best is null ? -1 : MonitoredAccuracy(Best);
        var isBest = !isPart && double.IsFinite(meanLoss) && MonitoredAccuracy(epoch) > before;     // no NaN is
        if (isBest)
        {
            Best = epoch;
            if (bestWeights is null) bestWeights = new(model);
            else bestWeights.Update();
        }

        foreach (var observer in Callbacks) observer.OnEpochEnd(epoch, isBest);
    }
}
