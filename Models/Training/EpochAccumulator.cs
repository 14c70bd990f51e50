using System.Diagnostics;

namespace PyNetSharp.Training;

/// <summary>Sums over the images of an epoch, and its time.</summary>
internal sealed class EpochAccumulator(int epoch)
{
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private double loss, earlierSeconds;       // seconds of a part of the epoch that an earlier run did
    private int batches, startedImages, images, correct;

    public int Epoch => epoch;

    /// <summary>Whether it is known of any image what it came to.</summary>
    public bool HasResults => images > 0;

    public double Loss => loss / images;

    private double? Accuracy => images > 0 ? (double)correct / images : null;

    private double Seconds => earlierSeconds + watch.Elapsed.TotalSeconds;

    private double ImagesPerSecond => startedImages / Math.Max(Seconds, 1e-9);

    /// <summary>Goes on with an epoch of which some batches are done.</summary>
    public void Resume(EpochRecord part, int batches, int images)
    {
        (this.batches, startedImages, this.images, earlierSeconds) = (batches, images, images, part.Seconds);
        loss = part.TrainLoss * images;
        correct = (int)Math.Round((part.TrainAccuracy ?? 0) * images);
    }

    /// <summary>A batch goes through the network; what it came to is known later.</summary>
    public void BeginBatch(int count) => (batches, startedImages) = (batches + 1, startedImages + count);

    public void Add(BatchMetrics note)
    {
        loss += (double)note.Loss * note.BatchSize;
        (images, correct) = (images + note.BatchSize, correct + note.Correct);
    }

    public void Stop() => watch.Stop();

    /// <param name="update">Called before the means are read, if they are read at all; null if they are up to date.</param>
    public StepRecord ToStepRecord(int of, long step, double learningRate, Action? update)
    {
        var means = update is null ? new(GetMeans()) : new Lazy<RunningMeans>(() =>
        {
            update();
            return GetMeans();
        });
        return new(epoch, batches, of, step, means, ImagesPerSecond, learningRate);
    }

    public EpochRecord ToEpochRecord(long step, double meanLoss, double? testAccuracy, double learningRate) =>
        new(epoch, step, meanLoss, Accuracy, testAccuracy, Seconds, ImagesPerSecond, learningRate);

    private RunningMeans GetMeans() => new(Loss, Accuracy ?? double.NaN);
}
