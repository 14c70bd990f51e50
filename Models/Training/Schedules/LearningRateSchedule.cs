namespace PyNetSharp.Training;

/// <summary>The learning rate as a pure function of time, so that a run that resumes has the same rates.</summary>
/// <remarks>
/// Time is a count of epochs or of steps, whichever the schedule's own numbers are in. Before the epoch or step
/// number t, the first being 0: <c>optimizer.LearningRate = schedule.At(t, start)</c>. Only
/// <see cref="ReduceLROnPlateau"/> depends on more than time.
/// </remarks>
public abstract class LearningRateSchedule
{
    /// <summary>The learning rate at a time.</summary>
    /// <param name="time">Epochs or steps done, from 0 up.</param>
    /// <param name="start">The learning rate that the schedule starts from, or warms up to.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative.</exception>
    public float At(long time, float start)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(time);
        return (float)Rate(time, start);
    }

    /// <summary>The class and its parameters: <c>StepLR(size=30, gamma=0.1)</c>; the same in every culture.</summary>
    public override string ToString() => $"{GetType().Name}({Describe()})";

    /// <summary>The text in parentheses after the class's name when the schedule is printed.</summary>
    protected virtual string Describe() => "";

    /// <summary>The factor of the learning rate at a time, which is not negative.</summary>
    protected abstract double Factor(long time);

    /// <summary>The learning rate at a time: the start times the factor, unless there is a lowest one.</summary>
    private protected virtual double Rate(long time, float start) => start * Factor(time);

    /// <summary>The rate of another schedule, for one that is built on it.</summary>
    private protected static double RateOf(LearningRateSchedule other, long time, float start) =>
        other.Rate(time, start);

    private protected static double CheckGamma(double gamma) => double.IsFinite(gamma) && gamma > 0
        ? gamma
        : throw new ArgumentOutOfRangeException(
            nameof(gamma), FormattableString.Invariant($"{gamma}"),
            "The factor between stages must be a positive number.");

    private protected static long CheckTotal(long total) => total >= 1
        ? total
        : throw new ArgumentOutOfRangeException(
            nameof(total), FormattableString.Invariant($"{total}"), "The schedule must last at least 1.");
}

internal static class LearningRateScheduleExtensions
{
    /// <summary>The callbacks of a training with this schedule: the schedule first, if it is one itself.</summary>
    public static IReadOnlyList<ITrainingCallback> WithCallbacks(
        this LearningRateSchedule? schedule, IReadOnlyList<ITrainingCallback> callbacks) =>
        schedule is ITrainingCallback own ? [own, .. callbacks] : callbacks;
}
