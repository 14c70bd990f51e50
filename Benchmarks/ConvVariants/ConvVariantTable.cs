using System.Diagnostics;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// The command <c>conv-variants</c>: from the naive loop to the networks' kernel, each variant checked before it is
/// timed.
/// </summary>
internal static class ConvVariantTable
{
    private const double SecondsPerVariant = 0.4;     // or one run, if that is longer
    private const double MaxError = 1e-5;
    private const int PeakRuns = 10;

    public static void Print(int threads, string? json)
    {
        var problem = new ConvProblem(images: 32, channels: 96, side: 16, outputs: 192, kernel: 5);   // `nin` has it
        Console.WriteLine(
            $"5×5 convolution of {problem.Images} images of {problem.Side}×{problem.Side}, " +
            $"{problem.Channels}→{problem.Outputs} channels");
        Console.WriteLine(
            $"{"variant",-36} {"cores",5} {"ms",9} {"GFLOP/s",8} {"speedup",7} {"total speedup",13} " +
            $"{"% of peak",9} {"error",8}");

        var (naive, rows) = (Array.Empty<float>(), new List<ConvVariantRow>());
        foreach (var variant in ConvVariant.All(problem, threads))
        {
            var seconds = Time(variant);
            if (naive.Length == 0) naive = variant.Result();
            var error = ConvVariant.RelativeError(variant.Result(), naive);
            if (!(error < MaxError))
                throw new InvalidOperationException($"'{variant.Name}' is wrong: relative error {error:G3}.");

            var row = new ConvVariantRow(
                variant.Name, variant.Threads, BestTime(variant, seconds), problem.Operations,
                Peak.Best.Measure(new(variant.Threads), PeakRuns), error);
            rows.Add(row);
            WriteRow(row, rows[0], rows[Math.Max(0, rows.Count - 2)]);
        }

        if (json is not null) ResultFile<ConvVariantRow>.Create([$".NET {Environment.Version}"], rows).Write(json);
    }

    private static void WriteRow(ConvVariantRow row, ConvVariantRow first, ConvVariantRow last)
    {
        var rate = row.Operations / row.Seconds;
        Console.WriteLine(
            $"{row.Variant,-36} {row.Cores,5} {1e3 * row.Seconds,9:F1} {rate / 1e9,8:F1} " +
            $"{last.Seconds / row.Seconds,6:F1}× {first.Seconds / row.Seconds,12:F0}× {rate / row.Peak,9:P0} " +
            $"{row.Error,8:G2}");
    }

    private static double BestTime(ConvVariant variant, double seconds)
    {
        for (var spent = seconds; spent < SecondsPerVariant;)
        {
            var again = Time(variant);
            (seconds, spent) = (Math.Min(seconds, again), spent + again);
        }

        return seconds;
    }

    private static double Time(ConvVariant variant)
    {
        var start = Stopwatch.GetTimestamp();
        variant.Compute();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
