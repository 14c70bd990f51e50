namespace PyNetSharp.Training;

/// <summary>A linear warm-up before any other schedule.</summary>
/// <remarks>
/// In a warm-up of w, the times 0, 1, … w − 1 have 1/w, 2/w, … 1 of the rate with which the schedule after it starts;
/// or with a start factor f the shares f + (1 − f)·t/w, as PyTorch's <c>LinearLR</c> before another schedule in a
/// <c>SequentialLR</c>. At time w the other schedule starts, with its time 0.
/// </remarks>
/// <seealso href="https://arxiv.org/abs/1706.02677">Goyal et al., 2017, §2.2</seealso>
public sealed class LinearWarmupLR : LearningRateSchedule, ITrainingCallback
{
    private readonly long warmup;
    private readonly double? startFactor;

    /// <summary>A warm-up before a schedule.</summary>
    /// <param name="warmup">The epochs (or steps) of the warm-up, from 0 up.</param>
    /// <param name="schedule">What follows.</param>
    /// <param name="startFactor">The share of the rate at time 0, above 0 and up to 1; null for 1/w.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public LinearWarmupLR(long warmup, LearningRateSchedule schedule, double? startFactor = null)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        if (warmup < 0)
            throw new ArgumentOutOfRangeException(
                nameof(warmup), FormattableString.Invariant($"{warmup}"), "The warm-up must not be negative.");
        if (startFactor is not (null or (> 0 and <= 1)))
            throw new ArgumentOutOfRangeException(
                nameof(startFactor), FormattableString.Invariant($"{startFactor}"),
                "The start factor must be above 0 and up to 1.");
        (this.warmup, Schedule, this.startFactor) = (warmup, schedule, startFactor);
    }

    /// <summary>The schedule after the warm-up.</summary>
    public LearningRateSchedule Schedule { get; }

    void ITrainingCallback.OnEpochStart(int epoch) => (Schedule as ITrainingCallback)?.OnEpochStart(epoch);

    void ITrainingCallback.OnStepEnd(StepRecord step) => (Schedule as ITrainingCallback)?.OnStepEnd(step);

    void ITrainingCallback.OnEpochEnd(EpochRecord epoch, bool isBest) =>
        (Schedule as ITrainingCallback)?.OnEpochEnd(epoch, isBest);

    /// <inheritdoc/>
    protected override string Describe() => 
        FormattableString.Invariant($"warmup={warmup}, schedule={Schedule}") +
        (startFactor is { } factor ? FormattableString.Invariant($", start_factor={factor}") : "");

    /// <inheritdoc/>
    protected override double Factor(long time) => Rate(time, 1);

    private protected override double Rate(long time, float start) =>
        Share(time) * RateOf(Schedule, Math.Max(0, time - warmup), start);

    private double Share(long time) =>
        time >= warmup ? 1
        : startFactor is { } first ? first + (1 - first) * time / warmup
        : (time + 1.0) / warmup;
}
