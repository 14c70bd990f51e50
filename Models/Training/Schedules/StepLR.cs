namespace PyNetSharp.Training;

/// <summary>The learning rate is multiplied by a factor at regular intervals of epochs (or steps).</summary>
public sealed class StepLR : LearningRateSchedule
{
    private readonly long size;
    private readonly double gamma;

    /// <summary>A schedule in stages of equal length.</summary>
    /// <param name="size">The length of a stage, at least 1.</param>
    /// <param name="gamma">The factor from one stage to the next, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public StepLR(long size, double gamma = 0.1)
    {
        if (size < 1)
            throw new ArgumentOutOfRangeException(
                nameof(size), FormattableString.Invariant($"{size}"), "A stage of the schedule must last at least 1.");
        (this.size, this.gamma) = (size, CheckGamma(gamma));
    }

    /// <inheritdoc/>
    protected override string Describe() => FormattableString.Invariant($"size={size}, gamma={gamma}");

    /// <inheritdoc/>
    protected override double Factor(long time) => Math.Pow(gamma, time / size);
}
