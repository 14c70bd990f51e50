namespace PyNetSharp.Training;

/// <summary>Keeps a copy of the weights that reached the highest accuracy.</summary>
/// <param name="model">The model that is trained.</param>
public sealed class BestWeights(Module model)
{
    private Snapshot? weights;

    /// <summary>The highest accuracy so far, 0 to 1; null before the first.</summary>
    public double? Accuracy { get; private set; }

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
        using var evaluated = new EvaluationWeights(callbacks);
        if (weights is null) weights = new(model);
        else weights.Update();
        return true;
    }

    /// <summary>Sets the accuracy that an earlier run reached: only weights that exceed it are kept.</summary>
    public void Resume(double? accuracy) => Accuracy = accuracy;

    /// <summary>Puts the best weights back into the model.</summary>
    /// <exception cref="InvalidOperationException">
    /// There are none, or an earlier run reached the highest accuracy.
    /// </exception>
    public void Restore()
    {
        if (weights is null) throw new InvalidOperationException("BestWeights: the best epoch's weights are not here.");
        weights.Restore();
    }
}
