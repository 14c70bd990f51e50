namespace PyNetSharp.Training;

/// <summary>Watches a network's scores for signs that they still depend on anything.</summary>
/// <remarks>
/// Where the last ReLUs are dead, all classes score zero; where those of an earlier layer are, all items score the
/// same. Both are exact, because a dead ReLU gives zeros, so equality to the last bit tells them from a network that is
/// merely bad. A single such batch may be an accident; many in a row are none.
/// </remarks>
internal sealed class DeadReluDetector
{
    /// <summary>After so many batches in a row without a sign of life the network is dead.</summary>
    public const int Patience = 10;

    private int constantBatches;

    /// <summary>The step at which it was found dead; null while it lives.</summary>
    public long? DetectedAtStep { get; private set; }

    /// <param name="isFlat">Whether a training batch's scores show no sign of life.</param>
    /// <param name="step">The batch's.</param>
    public void Update(bool isFlat, long step)
    {
        constantBatches = isFlat ? constantBatches + 1 : 0;
        if (constantBatches >= Patience) DetectedAtStep ??= step;
    }
}
