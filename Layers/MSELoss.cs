namespace PyNetSharp.Layers;

/// <summary>The mean squared error of values.</summary>
/// <param name="reduction">Whether <see cref="Forward"/> returns the mean, the sum or all of them.</param>
public sealed class MSELoss(LossReduction reduction = LossReduction.Mean) : ILoss
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
        return outputs.MseLoss(target.Values, reduction);
    }
}
