namespace PyNetSharp.Training;

/// <summary>The learning rate is multiplied by a factor at each of given times.</summary>
public sealed class MultiStepLR : LearningRateSchedule
{
    private readonly long[] milestones;
    private readonly double gamma;

    /// <summary>A schedule in stages of any length.</summary>
    /// <param name="milestones">
    /// The times at which the learning rate is multiplied, in any order; one given twice counts twice.
    /// </param>
    /// <param name="gamma">The factor from one stage to the next, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">A milestone is negative, or the factor not positive.</exception>
    public MultiStepLR(IEnumerable<long> milestones, double gamma = 0.1)
    {
        this.milestones = [.. milestones];
        this.gamma = CheckGamma(gamma);
        foreach (var milestone in this.milestones)
            if (milestone < 0)
                throw new ArgumentOutOfRangeException(
                    nameof(milestones), FormattableString.Invariant($"{milestone}"),
                    "A milestone of the schedule must not be negative.");
    }

    /// <inheritdoc/>
    protected override string Describe() => FormattableString.Invariant(
        $"milestones=[{string.Join(", ", milestones)}], gamma={gamma}");

    /// <inheritdoc/>
    protected override double Factor(long time) => Math.Pow(gamma, milestones.Count(milestone => milestone <= time));
}
