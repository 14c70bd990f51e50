namespace PyNetSharp.Layers;

/// <summary>The absolute error of values, smoothed by a square up to a distance of β.</summary>
/// <param name="beta">β, from 0 and finite.</param>
/// <param name="reduction">Whether <see cref="Forward"/> returns the mean, the sum or all of them.</param>
public sealed class SmoothL1Loss(float beta = 1, LossReduction reduction = LossReduction.Mean) : ILoss
{
    /// <inheritdoc cref="ILoss.Forward" path="/summary"/>
    /// <param name="outputs">Any shape.</param>
    /// <param name="target">Values of the outputs' shape.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">β is negative or not finite.</exception>
    /// <exception cref="InvalidOperationException">The target is class labels.</exception>
    public Tensor Forward(Tensor outputs, Target target)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(target);
        return outputs.SmoothL1Loss(target.Values, beta, reduction);
    }
}
