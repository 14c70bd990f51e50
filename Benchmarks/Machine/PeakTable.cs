namespace PyNetSharp.Benchmarks;

/// <summary>The command <c>peak</c>: what this machine can do at most, with one core and with all.</summary>
internal static class PeakTable
{
    public static void Print(int threads)
    {
        Console.WriteLine($"{Machine.Here}");
        Console.WriteLine($"{"threads",7} {"GFLOP/s",9} {"read GB/s",10} {"copy GB/s",10} {"triad GB/s",10}");
        foreach (var count in new[] { 1, threads }.Distinct())
        {
            var device = new CpuDevice(count);
            var bandwidth = Bandwidth.Measure(device);
            Console.WriteLine(
                $"{count,7} {Peak.Best.Measure(device, runs: 50) / 1e9,9:F1} {bandwidth.Read / 1e9,10:F1} " +
                $"{bandwidth.Copy / 1e9,10:F1} {bandwidth.Triad / 1e9,10:F1}");
        }
    }
}
