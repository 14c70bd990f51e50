using PyNetSharp.Layers;
using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>Saves the weights after every epoch, those of the best epoch to a file of their own.</summary>
/// <param name="model">The model that is trained.</param>
/// <param name="lastPath">The file for the weights of the last epoch.</param>
/// <param name="bestPath">The file for the weights of the best epoch.</param>
/// <param name="metadata">The metadata of both files; null for none.</param>
/// <param name="average">The average of the weights, which is saved in their place; null for the weights.</param>
public sealed class WeightsWriter(
    Module model, string lastPath, string bestPath, IReadOnlyDictionary<string, string>? metadata = null,
    ExponentialMovingAverage? average = null)
    : ITrainingCallback
{
    /// <inheritdoc/>
    /// <exception cref="InputException">A file cannot be written.</exception>
    public void OnEpochEnd(EpochRecord epoch, bool isBest)
    {
        using var averaged = average?.Apply();
        model.Save(lastPath, metadata);
        if (isBest) model.Save(bestPath, metadata);
    }
}
