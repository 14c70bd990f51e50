namespace PyNetSharp.Training;

/// <summary>The progress of training after a step.</summary>
/// <remarks>
/// On a GPU, training does not wait for the results of a step. Reading <see cref="Loss"/> or <see cref="Accuracy"/>
/// waits, and belongs into <see cref="ITrainingCallback.OnStepEnd"/>: read later, the means include later steps.
/// </remarks>
public readonly record struct StepRecord
{
    private readonly Lazy<RunningMeans> means;

    private readonly int firstBatch;            // of the step, from 1

    internal StepRecord(
        int epoch, int batch, AccumulationPlan plan, long step, Lazy<RunningMeans> means, double seconds,
        double imagesPerSecond, double learningRate)
    {
        (Epoch, Batch, Batches, Step, this.means) = (epoch, batch, plan.BatchCount, step, means);
        (Seconds, ImagesPerSecond, LearningRate) = (seconds, imagesPerSecond, learningRate);
        firstBatch = plan.FirstOfStep(batch - 1) + 1;
    }

    /// <summary>The number of the epoch, from 1.</summary>
    public int Epoch { get; }

    /// <summary>The epoch's batches so far, from 1: several per step where gradients are accumulated.</summary>
    public int Batch { get; }

    /// <summary>All batches of an epoch.</summary>
    public int Batches { get; }

    /// <summary>The optimizer's steps so far, over all epochs.</summary>
    public long Step { get; }

    /// <summary>The mean loss over the epoch's items so far.</summary>
    public double Loss => means.Value.Loss;

    /// <summary>The share of them that was classified correctly, 0 to 1; null where items have no labels.</summary>
    public double? Accuracy => means.Value.Accuracy;

    /// <summary>The time spent on the epoch so far, by runs that were stopped within it too.</summary>
    public double Seconds { get; }

    /// <summary>Training items per second, over the epoch so far.</summary>
    public double ImagesPerSecond { get; }

    /// <summary>The step's learning rate.</summary>
    public double LearningRate { get; }

    /// <summary>
    /// Whether one of the step's batches is the epoch's <paramref name="every"/>th, or twice or three times that and so
    /// on: then this step is the one after which to act.
    /// </summary>
    /// <param name="every">In batches; 0 or less for never.</param>
    internal bool HasMultipleOf(int every) => every > 0 && Batch / every > (firstBatch - 1) / every;
}

/// <summary>Means over the items of an epoch so far.</summary>
internal sealed record RunningMeans(double Loss, double? Accuracy);
