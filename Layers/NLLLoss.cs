namespace PyNetSharp.Layers;

/// <summary>The negative log-likelihood of class labels, for a model whose last layer is a log-softmax.</summary>
/// <param name="weight">
/// [classes], without a gradient, on the outputs' device; null for 1. The mean is divided by the sum of the labels'
/// weights.
/// </param>
/// <param name="ignoreIndex">The label of items or pixels that do not count.</param>
/// <param name="reduction">Whether <see cref="Forward"/> returns the mean, the sum or all losses.</param>
public sealed class NLLLoss(
    Tensor? weight = null, int ignoreIndex = -100, LossReduction reduction = LossReduction.Mean) : ILoss
{
    /// <inheritdoc cref="ILoss.Forward" path="/summary"/>
    /// <param name="outputs">Logarithms of probabilities: [N, classes], or [N, classes, H, W].</param>
    /// <param name="target">Labels [N], or masks [N, H, W].</param>
    /// <exception cref="ShapeException">Outputs, labels and weights do not fit together.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is outside [0, classes) and not ignored.</exception>
    /// <exception cref="InvalidOperationException">The target is values.</exception>
    public Tensor Forward(Tensor outputs, Target target)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(target);
        return outputs.NllLoss(target.Labels, weight, ignoreIndex, reduction);
    }
}
