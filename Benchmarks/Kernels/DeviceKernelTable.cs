using System.Diagnostics;

namespace PyNetSharp.Benchmarks;

/// <summary>The command <c>kernels --device</c>: each kernel on each of some devices, beside what the device can do at most.</summary>
internal static class DeviceKernelTable
{
    private const int Repetitions = 9;
    private const double RepetitionSeconds = 5e-3;       // a batch of runs is this long at least, so that waiting for it counts little

    public static void Print(string filter, IReadOnlyList<Device> devices, string? json)
    {
        var rows = new List<KernelRow>();
        var gpus = devices.Select(device => Machine.DescribeGpu(device.Name)).OfType<string>();
        string[] versions = [$".NET {Environment.Version}", .. gpus];
        Console.WriteLine(
            $"{"kernel",-62} {"device",-9} {"ms",9} {"GFLOP/s",8} {"% peak",7} {"GB/s",7} {"% most",7} {"gain",6}");
        foreach (var kernel in KernelCatalog.Find(filter, onGpu: devices.Any(device => device is not CpuDevice)))
        {
            var first = 0.0;
            foreach (var device in devices)
            {
                if (device is not CpuDevice && kernel.IsCpuOnly) continue;
                var (seconds, limits) = Measure(kernel, device);
                var row = new KernelRow(
                    kernel.Name, kernel.Networks, device.Name, $"{device.Precision}".ToLowerInvariant(),
                    seconds, kernel.Operations, kernel.Bytes, kernel.IsMemoryBound ? limits.BytesPerSecond : limits.OperationsPerSecond);
                Console.WriteLine(Line(row) + (first > 0 ? $" {first / seconds,6:F1}" : ""));
                if (first == 0) first = seconds;
                rows.Add(row);
                if (json is not null) ResultFile<KernelRow>.Create(versions, rows).Write(json);
            }
        }
    }

    /// <summary>The median of a run, and the better of the limits before and after.</summary>
    private static (double Seconds, Roofline Limits) Measure(KernelCase kernel, Device device)
    {
        var before = Roofline.Measure(device, withMemory: kernel.IsMemoryBound);
        var run = kernel.Prepare(device);
        Seconds(1);                             // compiles, and meets every block of memory
        var once = Seconds(1);
        var runs = (int)Math.Clamp(Math.Ceiling(RepetitionSeconds / once), 1, 10_000);
        var batches = once > 0.5 ? 3 : Repetitions;
        var median = Statistics.Median(Enumerable.Range(0, batches).Select(_ => Seconds(runs) / runs).ToArray());
        var after = Roofline.Measure(device, withMemory: kernel.IsMemoryBound);
        return (median, new(Math.Max(before.OperationsPerSecond, after.OperationsPerSecond), Math.Max(before.BytesPerSecond, after.BytesPerSecond)));

        double Seconds(int count)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < count; i++) run();
            device.Synchronize();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }

    private static string Line(KernelRow row)
    {
        var rates = row.Operations == 0
            ? $"{"",16} {row.Bytes / row.Seconds / 1e9,7:F1} {row.Share,7:P0}"
            : $"{row.Operations / row.Seconds / 1e9,8:F1} {row.Share,7:P0} {"",15}";
        return $"{row.Kernel,-62} {row.Device,-9} {1e3 * row.Seconds,9:F3} {rates}";
    }
}
