using System.Diagnostics;

namespace PyNetSharp.Benchmarks;

/// <summary>The command <c>ladder</c>: from the naive loop to the networks' kernel, each rung correct before it is timed.</summary>
internal static class LadderTable
{
    private const double Seconds = 0.4;     // for each rung, or one run
    private const double MostError = 1e-5;

    public static void Print(int threads)
    {
        var layer = new LadderLayer(images: 8, channels: 96, side: 16, outputs: 192, kernel: 5);       // the largest of `nin`
        Console.WriteLine(
            $"5×5 convolution of {layer.Images} images, {layer.Channels}→{layer.Outputs} channels, {layer.Side}×{layer.Side}");
        Console.WriteLine(
            $"{"rung",-36} {"cores",5} {"ms",9} {"GFLOP/s",8} {"gain",6} {"in all",7} {"% peak",7} {"error",8}");

        var (naive, first, last) = (Array.Empty<float>(), 0.0, 0.0);
        foreach (var rung in Rung.All(layer, threads))
        {
            var seconds = Time(rung);
            if (naive.Length == 0) (naive, first, last) = (rung.Result(), seconds, seconds);
            var error = Rung.Error(rung.Result(), naive);
            if (!(error < MostError))
                throw new InvalidOperationException($"'{rung.Name}' is wrong: relative error {error:G3}.");

            for (var spent = seconds; spent < Seconds;)
            {
                var again = Time(rung);
                (seconds, spent) = (Math.Min(seconds, again), spent + again);
            }

            var (rate, peak) = (layer.Operations / seconds, Peak.Best.Measure(new(rung.Threads)));
            Console.WriteLine(
                $"{rung.Name,-36} {rung.Threads,5} {1e3 * seconds,9:F1} {rate / 1e9,8:F1} {last / seconds,5:F1}× " +
                $"{first / seconds,6:F0}× {rate / peak,7:P0} {error,8:G2}");
            last = seconds;
        }
    }

    private static double Time(Rung rung)
    {
        var start = Stopwatch.GetTimestamp();
        rung.Compute();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
