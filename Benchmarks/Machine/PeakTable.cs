namespace PyNetSharp.Benchmarks;

/// <summary>
/// The command <c>peak</c>: the highest rates of this machine, with one core, with all, and of its GPUs.
/// </summary>
internal static class PeakTable
{
    public static void Print(int threads, IReadOnlyList<Device> devices)
    {
        Console.WriteLine($"{Machine.Current}");
        Console.WriteLine($"{"threads",7} {"GFLOP/s",9} {"read GB/s",10} {"copy GB/s",10} {"triad GB/s",10}");
        foreach (var count in new[] { 1, threads }.Distinct())
        {
            var device = new CpuDevice(count);
            var bandwidth = Bandwidth.Measure(device);
            Console.WriteLine(
                $"{count,7} {Peak.Best.Measure(device, runs: 50) / 1e9,9:F1} {bandwidth.Read / 1e9,10:F1} " +
                $"{bandwidth.Copy / 1e9,10:F1} {bandwidth.Triad / 1e9,10:F1}");
        }

        foreach (var gpu in devices.Where(device => device is not CpuDevice))
        {
            var limits = Roofline.Measure(gpu, runs: 20, withMemory: true);
            var sensors = SensorReading.Now(gpu);       // clock and power fall only later
            Console.WriteLine(
                $"{gpu.Name,7} {limits.OperationsPerSecond / 1e9,9:F1} {"",10} {limits.BytesPerSecond / 1e9,10:F1} " +
                $"{"",10} {(gpu.Precision == Precision.Tf32 ? "tf32 on tensor cores; " : "")}" +
                Machine.DescribeGpu(gpu.Name) + SensorReading.Column(sensors));
        }
    }
}
