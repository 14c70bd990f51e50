using System.Diagnostics;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// The command <c>ladder</c>: from the naive loop to the networks' kernel, each rung correct before it is timed.
/// </summary>
internal static class ConvVariantTable
{
    private const double SecondsPerVariant = 0.4;     // for each rung, or one run
    private const double MaxError = 1e-5;
    private const int PeakRuns = 10;

    public static void Print(int threads, string? json)
    {
        var layer = new ConvProblem(images: 32, channels: 96, side: 16, outputs: 192, kernel: 5);   // `nin` has it
        Console.WriteLine(
            $"5×5 convolution of {layer.Images} images of {layer.Side}×{layer.Side}, " +
            $"{layer.Channels}→{layer.Outputs} channels");
        Console.WriteLine(
            $"{"rung",-36} {"cores",5} {"ms",9} {"GFLOP/s",8} {"gain",6} {"in all",7} {"% peak",7} {"error",8}");

        var (naive, rows) = (Array.Empty<float>(), new List<ConvVariantRow>());
        foreach (var rung in ConvVariant.All(layer, threads))
        {
            var seconds = Time(rung);
            if (naive.Length == 0) naive = rung.Result();
            var error = ConvVariant.RelativeError(rung.Result(), naive);
            if (!(error < MaxError))
                throw new InvalidOperationException($"'{rung.Name}' is wrong: relative error {error:G3}.");

            var row = new ConvVariantRow(
                rung.Name, rung.Threads, BestTime(rung, seconds), layer.Operations,
                Peak.Best.Measure(new(rung.Threads), PeakRuns), error);
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
            $"{last.Seconds / row.Seconds,5:F1}× {first.Seconds / row.Seconds,6:F0}× {rate / row.Peak,7:P0} {row.Error,8:G2}");
    }

    private static double BestTime(ConvVariant rung, double seconds)
    {
        for (var spent = seconds; spent < SecondsPerVariant;)
        {
            var again = Time(rung);
            (seconds, spent) = (Math.Min(seconds, again), spent + again);
        }

        return seconds;
    }

    private static double Time(ConvVariant rung)
    {
        var start = Stopwatch.GetTimestamp();
        rung.Compute();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
