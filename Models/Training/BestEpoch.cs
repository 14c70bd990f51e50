namespace PyNetSharp.Training;

/// <summary>
/// The best epoch of a run and its weights: by accuracy, or by loss where items have no labels; on the test items, or
/// without any on the training items.
/// </summary>
/// <param name="model">The model that is trained.</param>
/// <param name="byLoss">Whether the lowest loss is the best, not the highest accuracy.</param>
/// <param name="onTest">Whether the test items decide.</param>
internal sealed class BestEpoch(Module model, bool byLoss, bool onTest)
{
    private readonly BestWeights weights = new(model);

    /// <summary>Null while there is none.</summary>
    public EpochRecord? Epoch { get; private set; }

    /// <summary>Takes the epochs of an earlier run into account, without their weights.</summary>
    public void Resume(IReadOnlyList<EpochRecord> epochs)
    {
        Epoch = byLoss
            ? epochs.Where(epoch => Loss(epoch) is { } loss && double.IsFinite(loss)).MinBy(Loss)
            : epochs.Where(epoch => Accuracy(epoch) is >= 0).MaxBy(Accuracy);
        weights.Resume(
            Epoch is null || byLoss ? null : Accuracy(Epoch), Epoch is null || !byLoss ? null : Loss(Epoch));
    }

    /// <summary>Takes an epoch into account, and keeps the model's weights if it is the best.</summary>
    /// <param name="epoch">The result of the epoch.</param>
    /// <param name="callbacks">
    /// Their <see cref="ITrainingCallback.ApplyEvaluationWeights"/> is called before the weights are kept.
    /// </param>
    /// <returns>Whether it is.</returns>
    public bool Update(EpochRecord epoch, IReadOnlyList<ITrainingCallback> callbacks)
    {
        var isBest = byLoss
            ? weights.UpdateLoss(Loss(epoch), callbacks)
            : weights.Update(Accuracy(epoch), callbacks);
        if (isBest) Epoch = epoch;
        return isBest;
    }

    /// <exception cref="InvalidOperationException">There are none: an earlier run had the best epoch.</exception>
    public void RestoreWeights() => weights.Restore();

    private double? Accuracy(EpochRecord epoch) => onTest ? epoch.TestAccuracy : epoch.TrainAccuracy;

    private double? Loss(EpochRecord epoch) => onTest ? epoch.TestLoss : epoch.TrainLoss;
}
