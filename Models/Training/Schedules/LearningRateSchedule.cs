namespace PyNetSharp.Training;

/// <summary>The learning rate as a pure function of time, so that a run that resumes has the same rates.</summary>
/// <remarks>
/// Time is a count of epochs or of steps, whichever the schedule's own numbers are in. Before the epoch or step
/// number t, the first being 0: <c>optimizer.LearningRate = schedule.At(t, start)</c>.
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
        return (float)(start * Factor(time));
    }

    /// <summary>The factor of the learning rate at a time, which is not negative.</summary>
    protected abstract double Factor(long time);

    private protected static double CheckGamma(double gamma) => double.IsFinite(gamma) && gamma > 0
        ? gamma
        : throw new ArgumentOutOfRangeException(
            nameof(gamma), FormattableString.Invariant($"{gamma}"),
            "The factor between stages must be a positive number.");
}
