using PyNetSharp.Layers;

namespace PyNetSharp.Training;

/// <summary>
/// The best epoch of a run and its weights: by accuracy, or by loss where items have no labels.
/// </summary>
/// <remarks>
/// A part of an epoch, with which training ended, counts as long as training does not go on: a run that had not been
/// stopped there would not have compared it.
/// </remarks>
/// <param name="model">The model that is trained.</param>
/// <param name="byLoss">Whether the lowest loss is the best, not the highest accuracy.</param>
internal sealed class BestEpoch(Module model, bool byLoss)
{
    private readonly BestWeights weights = new(model);
    private EpochRecord? whole;
    private (EpochRecord Epoch, BestWeights Weights)? part;

    /// <summary>The items whose accuracy or loss decides.</summary>
    public DataPart DecidedBy { get; set; }

    /// <summary>Null while there is none.</summary>
    public EpochRecord? Epoch => part?.Epoch ?? whole;

    /// <summary>Counts the changes of <see cref="WholeWeights"/>.</summary>
    public long Changes => weights.Changes;

    /// <summary>The weights of the best whole epoch, in the order of the model's state; null where not here.</summary>
    public IReadOnlyList<Tensor>? WholeWeights => weights.Kept;

    /// <summary>The weights of <see cref="Epoch"/>; null where not here.</summary>
    public IReadOnlyList<Tensor>? Weights => part is { } p ? p.Weights.Kept : weights.Kept;

    /// <summary>Takes the whole epochs of an earlier run into account.</summary>
    /// <param name="epochs">Their results.</param>
    /// <param name="kept">The best epoch's weights, in the order of the model's state; null where not known.</param>
    public void Resume(IReadOnlyList<EpochRecord> epochs, IReadOnlyList<float[]>? kept = null)
    {
        whole = byLoss
            ? epochs.Where(epoch => Loss(epoch) is { } loss && double.IsFinite(loss)).MinBy(Loss)
            : epochs.Where(epoch => Accuracy(epoch) is >= 0).MaxBy(Accuracy);
        weights.Resume(
            whole is null || byLoss ? null : Accuracy(whole), whole is null || !byLoss ? null : Loss(whole));
        if (whole is not null && kept is not null) weights.Keep(kept);
        part = null;
    }

    /// <summary>Takes the best epoch's weights from a file of an earlier version, if they are there.</summary>
    public void TryLoad(string path)
    {
        if (whole is null || !File.Exists(path)) return;
        try
        {
            using var file = Safetensors.Open(path);
            var tensors = model.State().Select(s => (s.Tensor.Shape, Theirs: file.Find(s.Name))).ToArray();
            if (tensors.Any(t => t.Theirs is null || t.Theirs.Shape != t.Shape)) return;
            var values = tensors.Select(t => new float[t.Shape.Size]).ToArray();
            foreach (var ((_, theirs), part) in tensors.Zip(values)) file.Read(theirs!, part);
            weights.Keep(values);
        }
        catch (InputException)
        {
            // The file stays as it is until another epoch is the best.
        }
    }

    /// <summary>Takes an epoch into account, and keeps the model's weights if it is the best.</summary>
    /// <param name="epoch">The result of the epoch.</param>
    /// <param name="isWhole">Whether a run that goes on has the same result for it.</param>
    /// <param name="callbacks">
    /// Their <see cref="ITrainingCallback.ApplyEvaluationWeights"/> is called before the weights are kept.
    /// </param>
    /// <returns>Whether it is.</returns>
    public bool Update(EpochRecord epoch, bool isWhole, IReadOnlyList<ITrainingCallback> callbacks)
    {
        DropPart();
        var kept = isWhole ? weights : new BestWeights(model);
        kept.Resume(weights.Accuracy, weights.Loss);
        var isBest = byLoss ? kept.UpdateLoss(Loss(epoch), callbacks) : kept.Update(Accuracy(epoch), callbacks);
        if (!isBest) return false;
        if (isWhole) whole = epoch;
        else part = (epoch, kept);
        return true;
    }

    /// <summary>Whether a result is better than the best whole epoch's.</summary>
    public bool IsImprovement(double? accuracy, double? loss) => byLoss
        ? loss < (weights.Loss ?? double.PositiveInfinity)
        : accuracy > (weights.Accuracy ?? -1);

    /// <summary>Forgets the part of an epoch, because training goes on.</summary>
    public void DropPart() => part = null;

    /// <exception cref="InvalidOperationException">There are none: an earlier run had the best epoch.</exception>
    public void RestoreWeights() => (part?.Weights ?? weights).Restore();

    private double? Accuracy(EpochRecord epoch) => DecidedBy switch
    {
        DataPart.Validation => epoch.ValidationAccuracy,
        DataPart.Test => epoch.TestAccuracy,
        _ => epoch.TrainAccuracy,
    };

    private double? Loss(EpochRecord epoch) => DecidedBy switch
    {
        DataPart.Validation => epoch.ValidationLoss,
        DataPart.Test => epoch.TestLoss,
        _ => epoch.TrainLoss,
    };
}

/// <summary>The items that an accuracy or a loss is of.</summary>
internal enum DataPart
{
    /// <summary>Those that the model learns from.</summary>
    Train,

    /// <summary>Those that choose among epochs and settings.</summary>
    Validation,

    /// <summary>Those that measure what was chosen.</summary>
    Test,
}
