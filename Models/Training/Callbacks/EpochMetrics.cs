using System.Diagnostics;

namespace PyNetSharp.Training;

/// <summary>The running loss, accuracy and speed of one epoch; time counts from its construction.</summary>
/// <remarks>
/// <code>
/// var metrics = new EpochMetrics(epoch);
/// foreach (var (x, labels) in train.Epoch(epoch))
/// {
///     metrics.BeginBatch(labels.Count);
///     …
///     log.Add(scores, loss, labels);          // a BatchMetricsLog
///     foreach (var batch in log.Drain()) metrics.Add(batch);
/// }
///
/// metrics.Stop();
/// MetricsFile.Append(path, metrics.ToEpochRecord(step, optimizer.LearningRate));
/// </code>
/// On a GPU, draining the log once per epoch saves waiting for every step.
/// </remarks>
/// <param name="epoch">The number of the epoch, from 1.</param>
public sealed class EpochMetrics(int epoch)
{
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private double lossSum, earlierSeconds;       // seconds that an earlier run spent on the epoch's first batches
    private int batches, startedItems, items;
    private int? correct;                         // null while no batch had labels

    /// <summary>The number of the epoch, from 1.</summary>
    public int Epoch => epoch;

    /// <summary>Whether the loss of any item is known.</summary>
    public bool HasResults => items > 0;

    /// <summary>The mean loss over the items added; NaN if there are none.</summary>
    public double Loss => lossSum / items;

    /// <summary>
    /// The share of them that was classified correctly, 0 to 1; null if there are none, or they have no labels.
    /// </summary>
    public double? Accuracy => items > 0 ? (double?)correct / items : null;

    private double Seconds => earlierSeconds + watch.Elapsed.TotalSeconds;

    private double ImagesPerSecond => startedItems / Math.Max(Seconds, 1e-9);

    /// <summary>Starts from the results of an earlier run that stopped within the epoch.</summary>
    /// <param name="part">Its results.</param>
    /// <param name="batches">The batches that it did.</param>
    /// <param name="items">The items in them.</param>
    public void Resume(EpochRecord part, int batches, int items)
    {
        ArgumentNullException.ThrowIfNull(part);
        (this.batches, startedItems, this.items, earlierSeconds) = (batches, items, items, part.Seconds);
        lossSum = part.TrainLoss * items;
        correct = part.TrainAccuracy is { } share ? (int)Math.Round(share * items) : null;
    }

    /// <summary>Starts from the sums of an earlier run that stopped within the epoch, to the last bit.</summary>
    internal void Resume(RunningEpoch sums)
    {
        (batches, startedItems, items, earlierSeconds) = (sums.Batches, sums.Items, sums.Items, sums.Seconds);
        (lossSum, correct) = (sums.LossSum, sums.Correct);
    }

    /// <summary>The sums so far; the results of all batches must have been added.</summary>
    internal RunningEpoch ToSums() => new(epoch, batches, items, lossSum, correct, Seconds);

    /// <summary>Counts the time on after <see cref="Stop"/>.</summary>
    internal void Continue() => watch.Start();

    /// <summary>Counts a batch whose results are added later.</summary>
    /// <param name="count">Its items.</param>
    public void BeginBatch(int count) => (batches, startedItems) = (batches + 1, startedItems + count);

    /// <summary>Adds the results of a batch.</summary>
    public void Add(BatchMetrics batch)
    {
        lossSum += (double)batch.Loss * batch.BatchSize;
        items += batch.BatchSize;
        if (batch.Correct is { } right) correct = (correct ?? 0) + right;
    }

    /// <summary>Stops the time, so that evaluation does not count.</summary>
    public void Stop() => watch.Stop();

    /// <summary>The epoch's line of <c>metrics.jsonl</c>.</summary>
    /// <param name="step">The optimizer's steps so far, over all epochs.</param>
    /// <param name="learningRate">The learning rate of the last step.</param>
    /// <param name="testAccuracy">The accuracy on the test set, 0 to 1; null where not measured.</param>
    /// <param name="diverged">Whether a loss was not finite: then the record's loss is NaN.</param>
    /// <param name="testLoss">The mean loss on the test set; null where not measured.</param>
    /// <param name="testSeconds">The duration of the evaluation; null where there was none.</param>
    public EpochRecord ToEpochRecord(
        long step, double learningRate, double? testAccuracy = null, bool diverged = false, double? testLoss = null,
        double? testSeconds = null) =>
        new(
            epoch, step, diverged ? double.NaN : Loss, Accuracy, testAccuracy, Seconds, ImagesPerSecond, learningRate,
            testLoss, testSeconds);

    /// <param name="plan">Which batches are in which step.</param>
    /// <param name="step">The optimizer's steps so far, over all epochs.</param>
    /// <param name="learningRate">The learning rate of the step.</param>
    /// <param name="update">Called before the means are read; null if they are up to date.</param>
    internal StepRecord ToStepRecord(AccumulationPlan plan, long step, double learningRate, Action? update)
    {
        var means = update is null ? new(GetMeans()) : new Lazy<RunningMeans>(() =>
        {
            update();
            return GetMeans();
        });
        return new(epoch, batches, plan, step, means, Seconds, ImagesPerSecond, learningRate);
    }

    private RunningMeans GetMeans() => new(Loss, Accuracy);
}
