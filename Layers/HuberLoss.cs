namespace PyNetSharp.Layers;

/// <summary>Huber's loss of values: squared up to a distance of δ, linear beyond.</summary>
/// <param name="delta">δ, above 0 and finite.</param>
/// <param name="reduction">Whether <see cref="Forward"/> returns the mean, the sum or all of them.</param>
public sealed class HuberLoss(float delta = 1, LossReduction reduction = LossReduction.Mean) : ILoss
{
    /// <inheritdoc cref="ILoss.Forward" path="/summary"/>
    /// <param name="outputs">Any shape.</param>
    /// <param name="target">Values of the outputs' shape.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">δ is not above 0 and finite.</exception>
    /// <exception cref="InvalidOperationException">The target is class labels.</exception>
    public Tensor Forward(Tensor outputs, Target target)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(target);
        return outputs.HuberLoss(target.Values, delta, reduction);
    }
}
