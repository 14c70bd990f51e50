using System.Diagnostics;

namespace PyNetSharp.Benchmarks;

/// <summary>The command <c>kernels --device</c>: each kernel on each of some devices, beside what the device can do at most.</summary>
internal static class DeviceKernelTable
{
    private const int Batches = 9;
    private const double BatchSeconds = 5e-3;       // a batch of runs is this long at least, so that waiting for it counts little

    public static void Print(string filter, IReadOnlyList<Device> devices)
    {
        Console.WriteLine(
            $"{"kernel",-62} {"device",-9} {"ms",9} {"GFLOP/s",8} {"% peak",7} {"GB/s",7} {"% most",7} {"gain",6}");
        foreach (var kernel in KernelCatalogue.Find(filter, onGpu: devices.Any(device => device is not CpuDevice)))
        {
            var first = 0.0;
            foreach (var device in devices)
            {
                if (device is not CpuDevice && kernel.IsForCpu) continue;
                var (seconds, limits) = Measure(kernel, device);
                Console.WriteLine(Line(kernel, device, seconds, limits) + Gain(first, seconds));
                if (first == 0) first = seconds;
            }
        }
    }

    /// <summary>The median of a run, and the better of the limits before and after.</summary>
    private static (double Seconds, Limits Limits) Measure(Kernel kernel, Device device)
    {
        var before = Limits.Measure(device, withMemory: kernel.IsMemoryBound);
        var run = kernel.Prepare(device);
        Seconds(1);                             // compiles, and meets every block of memory
        var once = Seconds(1);
        var runs = (int)Math.Clamp(Math.Ceiling(BatchSeconds / once), 1, 10_000);
        var batches = once > 0.5 ? 3 : Batches;
        var median = Statistics.Median(Enumerable.Range(0, batches).Select(_ => Seconds(runs) / runs).ToArray());
        var after = Limits.Measure(device, withMemory: kernel.IsMemoryBound);
        return (median, new(Math.Max(before.Operations, after.Operations), Math.Max(before.Bytes, after.Bytes)));

        double Seconds(int count)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < count; i++) run();
            device.Synchronize();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }

    private static string Line(Kernel kernel, Device device, double seconds, Limits limits)
    {
        var (work, bytes) = (kernel.Operations / seconds, kernel.Bytes / seconds);
        var rates = kernel.IsMemoryBound
            ? $"{"",16} {bytes / 1e9,7:F1} {bytes / limits.Bytes,7:P0}"
            : $"{work / 1e9,8:F1} {work / limits.Operations,7:P0} {"",15}";
        return $"{kernel.Name,-62} {device.Name,-9} {1e3 * seconds,9:F3} {rates}";
    }

    private static string Gain(double first, double seconds) => first > 0 ? $" {first / seconds,6:F1}" : "";
}
