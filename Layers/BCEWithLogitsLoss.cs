namespace PyNetSharp.Layers;

/// <summary>Binary cross-entropy of logits, in nats: of one yes-or-no question per output.</summary>
/// <param name="weight">Multiplies each loss; broadcast to the outputs' shape. Null for 1.</param>
/// <param name="posWeight">
/// Multiplies the part of the loss that is due to yes, as [classes] for outputs [N, classes]; broadcast to the
/// outputs' shape. Null for 1.
/// </param>
/// <param name="reduction">Whether <see cref="Forward"/> returns the mean, the sum or all losses.</param>
public sealed class BCEWithLogitsLoss(
    Tensor? weight = null, Tensor? posWeight = null, LossReduction reduction = LossReduction.Mean) : ILoss
{
    /// <inheritdoc cref="ILoss.Forward" path="/summary"/>
    /// <param name="outputs">Logits of any shape.</param>
    /// <param name="target">Probabilities of yes, as a rule 0 or 1, of the outputs' shape.</param>
    /// <exception cref="ShapeException">
    /// The shapes differ, or a weight cannot be broadcast to the outputs' shape.
    /// </exception>
    /// <exception cref="InvalidOperationException">The target is class labels.</exception>
    public Tensor Forward(Tensor outputs, Target target)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(target);
        return outputs.BinaryCrossEntropyWithLogits(target.Values, weight, posWeight, reduction);
    }
}
