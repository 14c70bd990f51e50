namespace PyNetSharp.Training;

/// <summary>Keeps a copy of the weights that reached the highest accuracy, or the lowest loss.</summary>
/// <param name="model">The model that is trained.</param>
public sealed class BestWeights(Module model)
{
    private Snapshot? weights;

    /// <summary>The highest accuracy so far, 0 to 1; null before the first.</summary>
    public double? Accuracy { get; private set; }

    /// <summary>The lowest loss so far, where epochs are compared by <see cref="UpdateLoss"/>; null at first.</summary>
    public double? Loss { get; private set; }

    /// <summary>Copies the model's weights if their accuracy is higher than any before.</summary>
    /// <param name="accuracy">0 to 1; null or NaN is never the best.</param>
    /// <param name="callbacks">
    /// Their <see cref="ITrainingCallback.ApplyEvaluationWeights"/> is called before; null for none.
    /// </param>
    /// <returns>Whether it is the highest.</returns>
    public bool Update(double? accuracy, IReadOnlyList<ITrainingCallback>? callbacks = null)
    {
        if (!(accuracy > (Accuracy ?? -1))) return false;
        Accuracy = accuracy;
        KeepWeights(callbacks);
        return true;
    }

    /// <summary>Copies the model's weights if their loss is lower than any before.</summary>
    /// <param name="loss">Null or NaN is never the best.</param>
    /// <param name="callbacks">As for <see cref="Update"/>.</param>
    /// <returns>Whether it is the lowest.</returns>
    public bool UpdateLoss(double? loss, IReadOnlyList<ITrainingCallback>? callbacks = null)
    {
        if (!(loss < (Loss ?? double.PositiveInfinity))) return false;
        Loss = loss;
        KeepWeights(callbacks);
        return true;
    }

    /// <summary>Sets what an earlier run reached: only weights that are better are kept.</summary>
    /// <param name="accuracy">The highest accuracy; null for none.</param>
    /// <param name="loss">The lowest loss; null for none.</param>
    public void Resume(double? accuracy, double? loss = null) => (Accuracy, Loss) = (accuracy, loss);

    /// <summary>How often weights were kept.</summary>
    internal long Changes { get; private set; }

    /// <summary>The best weights, in the order of the model's state; null where they are not here.</summary>
    internal IReadOnlyList<Tensor>? Kept => weights?.Copies;

    /// <summary>Takes the weights that an earlier run kept.</summary>
    internal void Keep(IReadOnlyList<float[]> values)
    {
        weights ??= new(model);
        weights.Replace(values);
        Changes++;
    }

    /// <summary>Puts the best weights back into the model.</summary>
    /// <exception cref="InvalidOperationException">
    /// There are none, or an earlier run had the best.
    /// </exception>
    public void Restore()
    {
        if (weights is null) throw new InvalidOperationException("BestWeights: the best epoch's weights are not here.");
        weights.Restore();
    }

    private void KeepWeights(IReadOnlyList<ITrainingCallback>? callbacks)
    {
        using var evaluated = new EvaluationWeights(callbacks);
        if (weights is null) weights = new(model);
        else weights.Update();
        Changes++;
    }
}
