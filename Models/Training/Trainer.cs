using System.Globalization;

namespace PyNetSharp;

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
/// On a GPU nobody waits for a step: losses and right answers are noted there (<see cref="ScoreLog"/>) and looked at every
/// <see cref="ScoreLog.Capacity"/> steps, when an observer asks for them, and at the end of the epoch. A loss that is not
/// finite is found then, at the latest after that many steps, and the weights go back to those of the last look that was due.
/// </para>
/// </remarks>
public sealed class Trainer
{
    private readonly Module model;
    private readonly Loader train;
    private readonly Loader? test;
    private readonly Optimizer optimizer;
    private readonly ILoss loss;
    private readonly LearningRateSchedule? schedule;
    private readonly float startRate;
    private readonly List<EpochRecord> history = [];
    private readonly Snapshot lastGood;
    private readonly TrainingChecks checks;
    private readonly LifeSigns life = new();
    private readonly ScoreLog log = new();
    private (long Step, double Loss)? fault;        // the first loss that was not finite
    private long read, safe;                        // the last step whose loss is known; the one whose weights are lastGood's
    private Snapshot? best;

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
        Module model, Loader train, Loader? test, Optimizer optimizer,
        ILoss? loss = null, LearningRateSchedule? schedule = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(optimizer);
        (this.model, this.train, this.test, this.optimizer) = (model, train, test, optimizer);
        (this.loss, this.schedule, startRate) = (loss ?? new CrossEntropyLoss(), schedule, optimizer.LearningRate);
        lastGood = new(model);
        checks = new(model, train, optimizer);
        checks.LastBatch(lastGood);
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
    public IReadOnlyList<ITrainingObserver> Observers { get; init; } = [];

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
    /// <exception cref="DeadNetworkException">The network gives the same scores for everything.</exception>
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
        checks.OptimizerFits();
        if (checks.IsAllInEvaluation) model.Train();
        if (history is [.., var last] && last.Epoch == done && last.TestAccuracy is null && IsDue(done, epochs)) done--;    // stopped before
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
    public void GoOnFrom(IReadOnlyList<EpochRecord> epochs)
    {
        ArgumentNullException.ThrowIfNull(epochs);
        if (Step > 0) throw new InvalidOperationException("Trainer: it has begun already.");
        history.AddRange(epochs);
        Step = read = safe = epochs is [.., var last] ? last.Step : 0;
        Best = epochs.Where(epoch => Accuracy(epoch) is >= 0).MaxBy(Accuracy);
    }

    /// <summary>Puts the weights of the epoch <see cref="Best"/> back into the model.</summary>
    /// <exception cref="InvalidOperationException">No epoch has been measured yet, or the best was an earlier trainer's.</exception>
    public void RestoreBest()
    {
        if (best is null) throw new InvalidOperationException("Trainer: the best epoch's weights are not here.");
        best.Restore();
    }

    /// <summary>The rate as a double with the float's digits: 0.05, not 0.05000000074505806.</summary>
    private double LearningRate =>
        double.Parse(optimizer.LearningRate.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private void RunEpoch(int epoch, int epochs, CancellationToken cancellation)
    {
        var tally = new EpochTally(epoch);
        var first = (int)(Step - (epoch - 1L) * train.BatchCount);
        if (history is [.., var part] && part.Epoch == epoch && double.IsFinite(part.TrainLoss))
        {
            tally.GoOnFrom(part, first, Math.Min(first * train.BatchSize, train.Count));
            history.RemoveAt(history.Count - 1);
        }

        double? testAccuracy = null;
        try
        {
            Learn(tally, first, cancellation);
            if (IsDue(epoch, epochs)) testAccuracy = MeasureTest(tally, cancellation);
        }
        catch (Exception fault) when (fault is not (DivergenceException or DeadNetworkException))   // those have been reported
        {
            ReportPart(tally);
            throw;
        }

        Report(tally, tally.Loss, testAccuracy);
    }

    private void Learn(EpochTally tally, int first, CancellationToken cancellation)
    {
        var isFirst = true;
        foreach (var batch in train.Epoch(tally.Epoch, first))
        {
            var waits = batch.X.Device is CpuDevice;
            TakeStep(batch, tally, lookEvery: waits ? 1 : ScoreLog.Capacity);
            if (isFirst) checks.NothingIsNew();
            isFirst = false;
            var record = tally.AsStep(train.BatchCount, Step, LearningRate, update: waits ? null : () => Read(tally));
            foreach (var observer in Observers) observer.StepDone(record);
            StopIfDead(tally);
            if (Step == MaxSteps || cancellation.IsCancellationRequested) break;
        }

        Look(tally);
        StopIfDead(tally);
        tally.Stop();
    }

    /// <summary>Reports an epoch that a fault has ended: what was learned until then is worth keeping.</summary>
    /// <remarks>The fault is what the caller must hear of, also where a device that has failed cannot tell any more or save.</remarks>
    private void ReportPart(EpochTally tally)
    {
        try
        {
            Look(tally);
        }
        catch (Exception other) when (other is not DivergenceException)
        {
        }

        try
        {
            if (tally.HasScores) Report(tally, tally.Loss, testAccuracy: null, isPart: true);
        }
        catch (Exception)
        {
        }
    }

    private void TakeStep(Batch batch, EpochTally tally, int lookEvery)
    {
        if (schedule is not null) optimizer.LearningRate = schedule.At(Step, startRate);
        optimizer.ZeroGrad();
        tally.Begin(batch.Labels.Count);
        var y = model.Forward(batch.X);
        var value = loss.Forward(y, batch.Labels);
        log.Note(y, value, batch.Labels);

        var isDue = Step + 1 - safe >= lookEvery;
        if (isDue) Look(tally);
        value.Backward();
        if (isDue)
        {
            lastGood.Take();                // the weights of a finite loss, before they change
            safe = Step + 1;
        }

        optimizer.Step();
        Step++;
    }

    /// <summary>Takes what the log has into the sums, up to the first loss that is not finite.</summary>
    private void Read(EpochTally tally)
    {
        foreach (var note in log.Read())
        {
            read++;
            if (fault is null && !float.IsFinite(note.Loss)) fault = (read, note.Loss);
            if (fault is not null) continue;
            tally.Add(note);
            life.Watch(note.IsFlat, read);
        }
    }

    private void Look(EpochTally tally)
    {
        Read(tally);
        if (fault is { } found) Diverge(found.Loss, found.Step, tally);
    }

    private void StopIfDead(EpochTally tally)
    {
        if (life.EndedAt is not { } step) return;
        Report(tally, tally.Loss, testAccuracy: null);
        throw new DeadNetworkException(step, LifeSigns.Patience, tally.Loss, LearningRate);
    }

    private double? MeasureTest(EpochTally tally, CancellationToken cancellation)
    {
        try
        {
            var result = Evaluation.Of(model, test!, loss, new TestProgress(Observers, test!.Count), cancellation);
            var isData = result.NanCount > 0 && result.NanCount < result.Count;         // some test items' fault, not the model's
            if (!double.IsFinite(result.Loss) && !isData) Diverge(result.Loss, Step, tally);
            return result.Accuracy;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private void Diverge(double value, long step, EpochTally tally)
    {
        lastGood.Restore();
        Report(tally, double.NaN, testAccuracy: null);
        throw new DivergenceException(step, LearningRate, value);
    }

    /// <summary>Whether the test accuracy is wanted after this epoch.</summary>
    private bool IsDue(int epoch, int epochs) =>
        test is not null && (epoch % EvaluateEvery == 0 || epoch == epochs || Step == MaxSteps);

    /// <summary>What the epochs are compared by.</summary>
    private double? Accuracy(EpochRecord epoch) => test is null ? epoch.TrainAccuracy : epoch.TestAccuracy;

    /// <param name="isPart">Whether a fault has ended the epoch: it is not the best, whose weights a failed device could not copy.</param>
    private void Report(EpochTally tally, double meanLoss, double? testAccuracy, bool isPart = false)
    {
        var epoch = tally.AsEpoch(Step, meanLoss, testAccuracy, LearningRate);
        history.Add(epoch);

        var before = Best is null ? -1 : Accuracy(Best);
        var isBest = !isPart && double.IsFinite(meanLoss) && Accuracy(epoch) > before;     // no NaN is
        if (isBest)
        {
            Best = epoch;
            if (best is null) best = new(model);
            else best.Take();
        }

        foreach (var observer in Observers) observer.EpochDone(epoch, isBest);
    }
}
