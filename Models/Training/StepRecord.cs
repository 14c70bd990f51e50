namespace PyNetSharp;

/// <summary>Where training stands after a step.</summary>
/// <param name="Epoch">The number of the epoch, from 1.</param>
/// <param name="Batch">The epoch's batches so far, from 1.</param>
/// <param name="Batches">The epoch's batches in all.</param>
/// <param name="Step">The optimizer's steps so far, over all epochs.</param>
/// <param name="Loss">The mean loss over the epoch's images so far.</param>
/// <param name="Accuracy">The share of them that was classified rightly, 0 to 1.</param>
/// <param name="ImagesPerSecond">Training images per second, over the epoch so far.</param>
/// <param name="LearningRate">The step's learning rate.</param>
public readonly record struct StepRecord(
    int Epoch,
    int Batch,
    int Batches,
    long Step,
    double Loss,
    double Accuracy,
    double ImagesPerSecond,
    double LearningRate);
