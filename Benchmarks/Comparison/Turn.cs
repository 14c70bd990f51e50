namespace PyNetSharp.Benchmarks;

/// <summary>
/// What a program does in its turn: timings, and each of as many steps as make the clock's cost irrelevant.
/// </summary>
internal readonly record struct Turn(int Timings, int Steps)
{
    private const double SecondsPerTurn = 0.5, SecondsPerTiming = 1e-3;
    private const int MaxTimings = 100, Estimates = 5;

    /// <summary>
    /// A timing beside a busy process. The system gives a core to each for some milliseconds by turns, and a timing has
    /// to span several of those: that of a short step would show one without the other.
    /// </summary>
    public const double BusySecondsPerTiming = 0.05;

    /// <param name="seconds">Of a step.</param>
    /// <param name="perTiming">The least seconds of a timing.</param>
    public static Turn For(double seconds, double perTiming = SecondsPerTiming)
    {
        var steps = (int)Math.Max(Math.Ceiling(perTiming / seconds), 1);
        return new((int)Math.Clamp(Math.Ceiling(SecondsPerTurn / (steps * seconds)), 1, MaxTimings), steps);
    }

    /// <summary>About how long a program's step takes, in seconds.</summary>
    public static double Estimate(StepProcess program)
    {
        var seconds = program.Run(1).Seconds[0];
        if (seconds > SecondsPerTurn) return seconds;
        seconds = program.Run(Estimates).Seconds.Min();
        return seconds < SecondsPerTiming ? program.Run(Estimates, For(seconds).Steps).Seconds.Min() : seconds;
    }

    /// <summary>Runs a quarter as much, uncounted, unless a step is long; then the timings.</summary>
    public StepReport Run(StepProcess program)
    {
        if (Timings > 1) program.Run(1 + Timings / 4, Steps);
        return program.Run(Timings, Steps);
    }
}
