namespace PyNetSharp.Training;

/// <summary>The shape of a change of the learning rate.</summary>
public enum AnnealStrategy
{
    /// <summary>Along half a cosine.</summary>
    Cosine,

    /// <summary>Along a straight line.</summary>
    Linear,
}

/// <summary>The one-cycle policy: the learning rate rises to its maximum, then falls far below its start.</summary>
/// <remarks>
/// <para>
/// The optimizer's learning rate is the maximum. The first is maximum / divFactor, the last the first / finalDivFactor.
/// The rise ends at time riseShare·total − 1, the fall at total − 1. With three phases the rate falls as long as it
/// rose, to where it began, and then to the last.
/// </para>
/// <para>
/// Values are those of PyTorch's <c>OneCycleLR</c> with <c>cycle_momentum=False</c>: the momentum is not changed.
/// </para>
/// </remarks>
/// <seealso href="https://arxiv.org/abs/1708.07120">Smith and Topin, 2018, §3</seealso>
public sealed class OneCycleLR : LearningRateSchedule
{
    private readonly AnnealStrategy anneal;
    private readonly (double End, double From, double To)[] phases;     // factors of the maximum
    private readonly string description;

    /// <summary>A schedule for a training of known length.</summary>
    /// <param name="total">The steps of the training, at least 1.</param>
    /// <param name="riseShare">The share of the training in which the rate rises, in [0, 1]: <c>pct_start</c>.</param>
    /// <param name="anneal">The shape of each phase.</param>
    /// <param name="divFactor">The maximum divided by the first rate, positive.</param>
    /// <param name="finalDivFactor">The first rate divided by the last, positive.</param>
    /// <param name="threePhase">
    /// Whether the rate first falls to where it began; then <paramref name="riseShare"/> is at most 0.5.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public OneCycleLR(
        long total, double riseShare = 0.3, AnnealStrategy anneal = AnnealStrategy.Cosine, double divFactor = 25,
        double finalDivFactor = 1e4, bool threePhase = false)
    {
        CheckTotal(total);
        if (!(riseShare >= 0 && riseShare <= (threePhase ? 0.5 : 1)))
            throw new ArgumentOutOfRangeException(
                nameof(riseShare), FormattableString.Invariant($"{riseShare}"),
                $"The share of the rise must be from 0 to {(threePhase ? "0.5, as the fall takes as long" : "1")}.");
        if (!Enum.IsDefined(anneal))
            throw new ArgumentOutOfRangeException(nameof(anneal), anneal, "Cosine or Linear was expected.");
        CheckDivisor(divFactor, nameof(divFactor));
        CheckDivisor(finalDivFactor, nameof(finalDivFactor));

        var (first, last, rise) = (1 / divFactor, 1 / divFactor / finalDivFactor, riseShare * total);
        this.anneal = anneal;
        description = FormattableString.Invariant(
            $"total={total}, rise_share={riseShare}, anneal={anneal}, div_factor={divFactor}, ") +
            FormattableString.Invariant($"final_div_factor={finalDivFactor}, three_phase={threePhase}");
        phases = threePhase
            ? [(rise - 1, first, 1), (2 * rise - 2, 1, first), (total - 1, first, last)]
            : [(rise - 1, first, 1), (total - 1, 1, last)];
    }

    /// <inheritdoc/>
    protected override string Describe() => description;

    /// <inheritdoc/>
    protected override double Factor(long time)
    {
        var begin = 0.0;
        foreach (var (end, from, to) in phases[..^1])
        {
            if (time <= end) return Anneal(from, to, end > begin ? (time - begin) / (end - begin) : 1);
            begin = end;
        }

        var (last, start, final) = phases[^1];
        return time < last ? Anneal(start, final, (time - begin) / (last - begin)) : final;
    }

    private double Anneal(double from, double to, double share) => anneal == AnnealStrategy.Linear
        ? (to - from) * share + from
        : to + (from - to) / 2 * (1 + Math.Cos(Math.PI * share));

    private static void CheckDivisor(double value, string name)
    {
        if (!double.IsFinite(value) || value <= 0)
            throw new ArgumentOutOfRangeException(
                name, FormattableString.Invariant($"{value}"), "A divisor of the rate must be a positive number.");
    }
}
