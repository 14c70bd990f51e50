using System.Diagnostics;
using PyNetSharp.Layers;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// The command <c>passes</c>: the three passes of each large convolution, each beside the peak at that time.
/// </summary>
internal static class PassTable
{
    private const long MinOperations = 1_000_000_000;       // operations in one pass
    private const int Rounds = 9, PeakRuns = 3;

    public static void Print(IReadOnlyList<Workload> workloads, string filter, int threads, string? json)
    {
        var (device, rows) = (new CpuDevice(threads), new List<PassRow>());
        Console.WriteLine(
            $"{"pass",-63} {"ms",8} {"GFLOP/s",8} {"peak",6} {"% of peak",9} {"best of best",12}   networks");
        foreach (var kernel in KernelCatalog.LayerPasses(workloads).Where(IsSelected))
        {
            var (rates, peaks) = Measure(kernel, device);
            var row = new PassRow(
                kernel.Name, kernel.Networks, kernel.Operations / Statistics.Median(rates), kernel.Operations,
                Statistics.Median(peaks), Statistics.Median(rates.Zip(peaks, (work, peak) => work / peak)));
            Console.WriteLine(
                $"{row.Pass,-63} {1e3 * row.Seconds,8:F2} {row.Operations / row.Seconds / 1e9,8:F1} " +
                $"{row.Peak / 1e9,6:F0} {row.Share,9:P0} {rates.Max() / peaks.Max(),12:P0}   {row.Networks}");
            rows.Add(row);
        }

        if (json is not null) ResultFile<PassRow>.Create([$".NET {Environment.Version}"], rows).Write(json);

        bool IsSelected(KernelCase kernel) =>
            IsLargeConvolution(kernel) && kernel.Name.Contains(filter, StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsLargeConvolution(KernelCase kernel) =>
        kernel.Operations > MinOperations && kernel.Name.StartsWith(nameof(Conv2d), StringComparison.Ordinal);

    /// <summary>Operations per second of each run, and of the machine just before or after it.</summary>
    private static (double[] Rates, double[] Peaks) Measure(KernelCase kernel, CpuDevice device)
    {
        var run = kernel.Prepare(device);
        run();
        run();
        var (rates, peaks) = (new double[Rounds], new double[Rounds]);
        for (var i = 0; i < Rounds; i++)
        {
            var before = Peak.Best.Measure(device, PeakRuns);
            var start = Stopwatch.GetTimestamp();
            run();
            rates[i] = kernel.Operations / Stopwatch.GetElapsedTime(start).TotalSeconds;
            peaks[i] = Math.Max(before, Peak.Best.Measure(device, PeakRuns));
        }

        return (rates, peaks);
    }
}
