using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace PyNetSharp.Benchmarks;

/// <summary>What every program that serves steps does: it warms up, and then times steps on request.</summary>
/// <remarks>
/// The protocol: one line of JSON when the program is warm (<c>version</c>, and <c>libraries</c> if there are any to
/// name); then, for each line of the input, <c>TIMINGS STEPS</c>, one with <c>seconds</c>, as many as timings, each the
/// mean of so many steps, and <c>resident</c>, the process's peak of memory in bytes. Steps that take microseconds are
/// timed many at a time, so that what reading the clock costs does not matter.
/// </remarks>
internal static class StepLoop
{
    private const double WarmUpSeconds = 1;

    /// <summary>The timings, and the steps in each, that a line of the input asks for.</summary>
    public static (int Timings, int Steps) ParseRequest(string line)
    {
        int[] numbers = [.. line.Split(' ').Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
        return (numbers[0], numbers.Length > 1 ? numbers[1] : 1);
    }

    /// <summary>Runs steps until the JIT has compiled for good and every block of memory is allocated.</summary>
    public static void WarmUp(Action step)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < 2 || Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds; i++) step();
    }

    /// <summary>Seconds per step: <paramref name="timings"/> means of <paramref name="steps"/> steps each.</summary>
    public static double[] Time(Action step, int timings, int steps)
    {
        var seconds = new double[timings];
        for (var i = 0; i < timings; i++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var j = 0; j < steps; j++) step();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds / steps;
        }

        return seconds;
    }

    /// <summary>Serves the steps of another library until the input ends.</summary>
    /// <param name="version">The library's name and version.</param>
    /// <param name="libraries">What computes in it.</param>
    /// <param name="step">One step.</param>
    public static void Serve(string version, string libraries, Action step)
    {
        WarmUp(step);
        Console.WriteLine(JsonSerializer.Serialize(new { version, libraries }));
        while (Console.ReadLine() is { } line)
        {
            var (timings, steps) = ParseRequest(line);
            var seconds = Time(step, timings, steps);
            Console.WriteLine(JsonSerializer.Serialize(new { seconds, resident = Resident() }));
        }
    }

    /// <summary>The process's peak of resident memory so far, in bytes.</summary>
    public static long Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
