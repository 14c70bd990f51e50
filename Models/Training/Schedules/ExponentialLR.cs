namespace PyNetSharp.Training;

/// <summary>The learning rate is multiplied by a factor after every epoch (or step): start·gammaᵗ.</summary>
public sealed class ExponentialLR : LearningRateSchedule
{
    private readonly double gamma;

    /// <summary>A schedule of any length.</summary>
    /// <param name="gamma">The factor, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is not positive.</exception>
    public ExponentialLR(double gamma) => this.gamma = CheckGamma(gamma);

    /// <inheritdoc/>
    protected override string Describe() => FormattableString.Invariant($"gamma={gamma}");

    /// <inheritdoc/>
    protected override double Factor(long time) => Math.Pow(gamma, time);
}
