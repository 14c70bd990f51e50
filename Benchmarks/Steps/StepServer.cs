using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// The command <c>serve</c>: runs as many steps as each line of its input says, and writes a line of JSON for each.
/// </summary>
/// <remarks>
/// A workload has a process of its own, so that the peak memory is that of the workload, and programs can take turns
/// without starting again. <c>peers/steps.py --serve</c> has the same protocol.
/// </remarks>
internal static class StepServer
{
    private const int PeakRuns = 3;

    public static void Serve(Workload workload, Device device)
    {
        var step = new BenchmarkStep(workload, device);
        step.WarmUp();
        WriteLine(new { version = $".NET {Environment.Version}" });
        while (Console.ReadLine() is { } line) WriteLine(Report(step, int.Parse(line, CultureInfo.InvariantCulture)));

        static void WriteLine<T>(T value) => Console.WriteLine(JsonSerializer.Serialize(value, StepReport.Json));
    }

    private static StepReport Report(BenchmarkStep step, int count)
    {
        var before = Roofline.Measure(step.Device, PeakRuns);
        var launches = Launches(step.Device);
        var (managed, collections) = (GC.GetTotalAllocatedBytes(true), GC.CollectionCount(2));
        var blocks = step.Device.Memory.SystemAllocations;
        var seconds = step.Measure(count);
        var report = new StepReport(seconds, Resident())
        {
            Managed = GC.GetTotalAllocatedBytes(true) - managed,
            Blocks = step.Device.Memory.SystemAllocations - blocks,
            Collections = GC.CollectionCount(2) - collections,
            Tensors = step.Device.Memory.PeakAllocated,
            Launches = Launches(step.Device) - launches,
            Peak = Roofline.Max(before, Roofline.Measure(step.Device, PeakRuns)).OperationsPerSecond,
        };
        return report with { Sensors = SensorReading.During(step.Device, () => step.Run()) };
    }

    private static long Launches(Device device) => (device as GpuDevice)?.LaunchCount ?? 0;

    private static long Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
