namespace PyNetSharp.Training;

/// <summary>Where training stands after a step.</summary>
/// <remarks>
/// On a GPU, steps go on without waiting for what they come to. Whoever asks for <see cref="Loss"/> or
/// <see cref="Accuracy"/> waits, and should ask while hearing of the step: later the means are those of later.
/// </remarks>
public readonly record struct StepRecord
{
    private readonly Lazy<RunningMeans> means;

    internal StepRecord(
        int epoch, int batch, int batches, long step, Lazy<RunningMeans> means, double imagesPerSecond, double learningRate)
    {
        (Epoch, Batch, Batches, Step, this.means) = (epoch, batch, batches, step, means);
        (ImagesPerSecond, LearningRate) = (imagesPerSecond, learningRate);
    }

    /// <summary>The number of the epoch, from 1.</summary>
    public int Epoch { get; }

    /// <summary>The epoch's batches so far, from 1.</summary>
    public int Batch { get; }

    /// <summary>The epoch's batches in all.</summary>
    public int Batches { get; }

    /// <summary>The optimizer's steps so far, over all epochs.</summary>
    public long Step { get; }

    /// <summary>The mean loss over the epoch's images so far.</summary>
    public double Loss => means.Value.Loss;

    /// <summary>The share of them that was classified rightly, 0 to 1.</summary>
    public double Accuracy => means.Value.Accuracy;

    /// <summary>Training images per second, over the epoch so far.</summary>
    public double ImagesPerSecond { get; }

    /// <summary>The step's learning rate.</summary>
    public double LearningRate { get; }
}

/// <summary>Means over the images of an epoch so far.</summary>
internal sealed record RunningMeans(double Loss, double Accuracy);
