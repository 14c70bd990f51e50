using PyNetSharp.Layers;

namespace PyNetSharp.Training;

/// <summary>Saves the weights after every epoch, those of the best epoch to a file of their own.</summary>
/// <param name="model">The model that is trained.</param>
/// <param name="lastPath">The file for the weights of the last epoch.</param>
/// <param name="bestPath">The file for the weights of the best epoch.</param>
/// <param name="metadata">The metadata of both files; null for none.</param>
public sealed class WeightsWriter(
    Module model, string lastPath, string bestPath, IReadOnlyDictionary<string, string>? metadata = null)
    : ITrainingCallback
{
    /// <inheritdoc/>
    /// <exception cref="InputException">A file cannot be written.</exception>
    public void OnEpochEnd(EpochRecord epoch, bool isBest)
    {
        model.Save(lastPath, metadata);
        if (isBest) model.Save(bestPath, metadata);
    }
}
