using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>Saves a <see cref="Checkpoint"/> after every epoch whose losses are finite.</summary>
/// <param name="path">The file, replaced every time.</param>
/// <param name="model">The model that is trained.</param>
/// <param name="optimizer">The optimizer that trains it.</param>
public sealed class CheckpointWriter(string path, Module model, Optimizer optimizer) : ITrainingCallback
{
    /// <inheritdoc/>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public void OnEpochEnd(EpochRecord epoch, bool isBest)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        if (double.IsFinite(epoch.TrainLoss)) Checkpoint.Save(path, model, optimizer, epoch.Step);
    }
}
