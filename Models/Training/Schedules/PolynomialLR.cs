namespace PyNetSharp.Training;

/// <summary>The learning rate falls to zero as a power of the time that is left: start·(1 − t/total)^power.</summary>
/// <seealso href="https://arxiv.org/abs/1606.00915">Chen et al., 2018, §4.3.1, the "poly" policy</seealso>
public sealed class PolynomialLR : LearningRateSchedule
{
    private readonly long total;
    private readonly double power;

    /// <summary>A schedule for a training of known length.</summary>
    /// <param name="total">The epochs (or steps) after which the rate is 0, at least 1.</param>
    /// <param name="power">The exponent, positive; 1 for a straight line.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public PolynomialLR(long total, double power = 1)
    {
        this.total = CheckTotal(total);
        this.power = double.IsFinite(power) && power > 0
            ? power
            : throw new ArgumentOutOfRangeException(
                nameof(power), FormattableString.Invariant($"{power}"), "The power must be a positive number.");
    }

    /// <inheritdoc/>
    protected override string Describe() => FormattableString.Invariant($"total={total}, power={power}");

    /// <inheritdoc/>
    protected override double Factor(long time) => Math.Pow(1 - (double)Math.Min(time, total) / total, power);
}
