namespace PyNetSharp.Training;

/// <summary>The learning rate rises linearly in a warm-up, if any, then falls along half a cosine to zero.</summary>
/// <remarks>
/// With a warm-up of w, the first w times have 1/w, 2/w, … 1 of it; then time t has ½·(1 + cos(π·(t − w)/(total − w))),
/// which is 0 from the end on.
/// </remarks>
/// <seealso href="https://arxiv.org/abs/1608.03983">Loshchilov and Hutter, 2017, eq. 5, without restarts</seealso>
/// <seealso href="https://arxiv.org/abs/1706.02677">Goyal et al., 2017, §2.2, the warm-up</seealso>
public sealed class CosineAnnealingLR : LearningRateSchedule
{
    private readonly long total, warmup;

    /// <summary>A schedule for a training of known length.</summary>
    /// <param name="total">The epochs (or steps) of the training, at least 1.</param>
    /// <param name="warmup">Those of the warm-up, from 0 up to, not including, <paramref name="total"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public CosineAnnealingLR(long total, long warmup = 0)
    {
        if (total < 1)
            throw new ArgumentOutOfRangeException(
                nameof(total), FormattableString.Invariant($"{total}"), "The schedule must last at least 1.");
        if (warmup < 0 || warmup >= total)
            throw new ArgumentOutOfRangeException(
                nameof(warmup), FormattableString.Invariant($"{warmup}"),
                $"The warm-up must be from 0 up to, not including, the schedule's whole length, {total}.");
        (this.total, this.warmup) = (total, warmup);
    }

    /// <inheritdoc/>
    protected override string Describe() => FormattableString.Invariant($"total={total}, warmup={warmup}");

    /// <inheritdoc/>
    protected override double Factor(long time) =>
        time < warmup ? (time + 1.0) / warmup
        : time < total ? (1 + Math.Cos(Math.PI * (time - warmup) / (total - warmup))) / 2
        : 0;
}
