namespace PyNetSharp.Layers;

/// <summary>
/// Softmax cross-entropy against class labels, masks or probabilities, in nats. Uniform guessing scores ln(classes).
/// </summary>
/// <param name="weight">
/// [classes], without a gradient, on the outputs' device; null for 1. The mean over labels is divided by the sum of
/// their weights, the mean over probabilities by the number of rows.
/// </param>
/// <param name="ignoreIndex">The label of items or pixels that do not count; of no effect on probabilities.</param>
/// <param name="labelSmoothing">The share of the probability that is spread over all classes: in [0, 1].</param>
/// <param name="reduction">Whether <see cref="Forward"/> returns the mean, the sum or all losses.</param>
public sealed class CrossEntropyLoss(
    Tensor? weight = null, int ignoreIndex = -100, float labelSmoothing = 0,
    LossReduction reduction = LossReduction.Mean) : ILoss
{
    /// <inheritdoc cref="ILoss.Forward" path="/summary"/>
    /// <param name="outputs">[N, classes], or [N, classes, H, W].</param>
    /// <param name="target">Labels [N], masks [N, H, W], or probabilities of the outputs' shape.</param>
    /// <exception cref="ShapeException">
    /// The outputs are neither [N, classes] nor [N, classes, H, W], or the target or the weights do not fit.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A label is outside [0, classes) and not ignored, or an argument of the constructor outside its range.
    /// </exception>
    public Tensor Forward(Tensor outputs, Target target)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(target);
        return target.HasLabels
            ? outputs.CrossEntropy(target.Labels, weight, ignoreIndex, labelSmoothing, reduction)
            : outputs.CrossEntropy(target.Values, weight, labelSmoothing, reduction);
    }
}
