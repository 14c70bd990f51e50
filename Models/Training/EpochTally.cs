using System.Diagnostics;

namespace PyNetSharp;

/// <summary>Sums over the images of an epoch, and its time.</summary>
internal sealed class EpochTally(int epoch)
{
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private double loss;
    private int batches, images, correct;

    public double Loss => loss / images;

    private double? Accuracy => images > 0 ? (double)correct / images : null;

    private double ImagesPerSecond => images / Math.Max(watch.Elapsed.TotalSeconds, 1e-9);

    public void Add(double meanLoss, int right, int count)
    {
        loss += meanLoss * count;
        (batches, images, correct) = (batches + 1, images + count, correct + right);
    }

    public void Stop() => watch.Stop();

    public StepRecord AsStep(int of, long step, double learningRate) =>
        new(epoch, batches, of, step, Loss, Accuracy ?? double.NaN, ImagesPerSecond, learningRate);

    public EpochRecord AsEpoch(long step, double meanLoss, double? testAccuracy, double learningRate) =>
        new(epoch, step, meanLoss, Accuracy, testAccuracy, watch.Elapsed.TotalSeconds, ImagesPerSecond, learningRate);
}
