using System.Diagnostics;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// The command <c>kernels --device</c>: each kernel on each of several devices, beside the device's limits, and beside
/// cuBLAS where its library is installed and the kernel is a matrix product.
/// </summary>
internal static class DeviceKernelTable
{
    private const int Batches = 9;
    private const double BatchSeconds = 5e-3;       // so long that the synchronization at its end hardly counts

    public static void Print(string filter, IReadOnlyList<Device> devices, string? json)
    {
        var rows = new List<KernelRow>();
        var gpus = devices.Select(device => Machine.DescribeGpu(device.Name)).OfType<string>();
        string[] versions = [$".NET {Environment.Version}", .. gpus];
        var peers = devices.Select(CuBlasPeer.TryCreate).ToArray();
        var hasPeer = peers.Any(peer => peer is not null);
        Console.WriteLine(
            $"{"kernel",-62} {"device",-9} {"ms",9} {"GFLOP/s",8} {"% of peak",9} {"GB/s",7} {"% of limit",10} " +
            $"{"speedup",7}{(hasPeer ? $" {"cuBLAS ms",9} {"ratio",6}" : "")}");
        foreach (var kernel in KernelCatalog.Find(filter, onGpu: devices.Any(device => device is not CpuDevice)))
        {
            var first = 0.0;
            foreach (var (device, peer) in devices.Zip(peers))
            {
                if (device is not CpuDevice && kernel.IsCpuOnly) continue;
                var row = Measure(kernel, device, peer);
                Console.WriteLine(FormatRow(row, first, hasPeer));
                if (first == 0) first = row.Seconds;
                rows.Add(row);
                if (json is not null) ResultFile<KernelRow>.Create(versions, rows).Write(json);
            }
        }
    }

    /// <summary>The median of a run, and the higher of the limits before and after.</summary>
    private static KernelRow Measure(KernelCase kernel, Device device, CuBlasPeer? peer)
    {
        var before = Roofline.Measure(device, withMemory: kernel.IsMemoryBound);
        var run = kernel.Prepare(device);
        var (seconds, runsPerBatch) = MedianTime(device, run);
        var sensors = SensorReading.During(device, () => Repeat(run, runsPerBatch));
        var limits = Roofline.Max(before, Roofline.Measure(device, withMemory: kernel.IsMemoryBound));
        return new(
            kernel.Name, kernel.Networks, device.Name, $"{device.Precision}".ToLowerInvariant(), seconds,
            kernel.Operations, kernel.Bytes,
            kernel.IsMemoryBound ? limits.BytesPerSecond : limits.OperationsPerSecond)
        {
            Sensors = sensors,
            CuBlasSeconds = peer is not null && kernel.Product is { } product
                ? MedianTime(device, peer.Prepare(product)).Seconds
                : null,
        };
    }

    private static (double Seconds, int RunsPerBatch) MedianTime(Device device, Action run)
    {
        Time(1);                                // compiles, and allocates every block of memory
        var once = Time(1);
        var runs = (int)Math.Clamp(Math.Ceiling(BatchSeconds / once), 1, 10_000);
        var batches = once > 0.5 ? 3 : Batches;
        return (Statistics.Median(Enumerable.Range(0, batches).Select(_ => Time(runs) / runs).ToArray()), runs);

        double Time(int count)
        {
            var start = Stopwatch.GetTimestamp();
            Repeat(run, count);
            device.Synchronize();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }

    private static void Repeat(Action run, int count)
    {
        for (var i = 0; i < count; i++) run();
    }

    /// <param name="first">Seconds on the first device; 0 if this is it.</param>
    /// <param name="hasPeer">Whether the table has cuBLAS's columns.</param>
    internal static string FormatRow(KernelRow row, double first, bool hasPeer)
    {
        var rates = row.Operations == 0
            ? $"{"",18} {row.Bytes / row.Seconds / 1e9,7:F1} {row.Share,10:P0}"
            : $"{row.Operations / row.Seconds / 1e9,8:F1} {row.Share,9:P0} {"",18}";
        var speedup = first > 0 ? $"{first / row.Seconds,7:F1}" : $"{"",7}";
        var peer = !hasPeer ? ""
            : row.CuBlasSeconds is { } theirs ? $" {1e3 * theirs,9:F3} {row.Seconds / theirs,6:F2}"
            : $" {"",9} {"",6}";
        var text = $"{row.Kernel,-62} {row.Device,-9} {1e3 * row.Seconds,9:F3} {rates} {speedup}{peer}";
        return (text + SensorReading.Column(row.Sensors)).TrimEnd();
    }
}
