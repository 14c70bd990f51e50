namespace PyNetSharp.Layers;

/// <summary>The mean absolute error of values.</summary>
/// <param name="reduction">Whether <see cref="Forward"/> returns the mean, the sum or all of them.</param>
public sealed class L1Loss(LossReduction reduction = LossReduction.Mean) : ILoss
{
    /// <inheritdoc cref="ILoss.Forward" path="/summary"/>
    /// <param name="outputs">Any shape.</param>
    /// <param name="target">Values of the outputs' shape.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="InvalidOperationException">The target is class labels.</exception>
    public Tensor Forward(Tensor outputs, Target target)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(target);
        return outputs.L1Loss(target.Values, reduction);
    }
}
