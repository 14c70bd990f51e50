using System.Diagnostics;

namespace PyNetSharp;

/// <summary>Sums over the images of an epoch, and its time.</summary>
internal sealed class EpochTally(int epoch)
{
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private double loss, earlier;       // seconds of a part of the epoch that an earlier run did
    private int batches, begun, images, correct;

    public int Epoch => epoch;

    /// <summary>Whether it is known of any image what it came to.</summary>
    public bool HasScores => images > 0;

    public double Loss => loss / images;

    private double? Accuracy => images > 0 ? (double)correct / images : null;

    private double Seconds => earlier + watch.Elapsed.TotalSeconds;

    private double ImagesPerSecond => begun / Math.Max(Seconds, 1e-9);

    /// <summary>Goes on with an epoch of which some batches are done.</summary>
    public void GoOnFrom(EpochRecord part, int batches, int images)
    {
        (this.batches, begun, this.images, earlier) = (batches, images, images, part.Seconds);
        loss = part.TrainLoss * images;
        correct = (int)Math.Round((part.TrainAccuracy ?? 0) * images);
    }

    /// <summary>A batch goes through the network; what it came to is known later.</summary>
    public void Begin(int count) => (batches, begun) = (batches + 1, begun + count);

    public void Add(ScoreNote note)
    {
        loss += (double)note.Loss * note.Items;
        (images, correct) = (images + note.Items, correct + note.Correct);
    }

    public void Stop() => watch.Stop();

    /// <param name="update">Called before the means are read, if they are read at all; null if they are up to date.</param>
    public StepRecord AsStep(int of, long step, double learningRate, Action? update)
    {
        var means = update is null ? new(Means()) : new Lazy<StepMeans>(() =>
        {
            update();
            return Means();
        });
        return new(epoch, batches, of, step, means, ImagesPerSecond, learningRate);
    }

    public EpochRecord AsEpoch(long step, double meanLoss, double? testAccuracy, double learningRate) =>
        new(epoch, step, meanLoss, Accuracy, testAccuracy, Seconds, ImagesPerSecond, learningRate);

    private StepMeans Means() => new(Loss, Accuracy ?? double.NaN);
}
