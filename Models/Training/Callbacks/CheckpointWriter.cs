using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>Saves a <see cref="Checkpoint"/> after every epoch whose losses are finite.</summary>
/// <param name="path">The file, replaced every time.</param>
/// <param name="model">The model that is trained.</param>
/// <param name="optimizer">The optimizer that trains it.</param>
/// <param name="others">What else has a state. Among a trainer's callbacks they come before this one.</param>
public sealed class CheckpointWriter(
    string path, Module model, Optimizer optimizer, params IReadOnlyList<ICheckpointed> others) : ITrainingCallback
{
    /// <inheritdoc/>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public void OnEpochEnd(EpochRecord epoch, bool isBest)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        if (double.IsFinite(epoch.TrainLoss)) Checkpoint.Save(path, model, optimizer, epoch.Step, others);
    }
}
