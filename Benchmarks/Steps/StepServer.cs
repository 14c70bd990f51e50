using System.Text.Json;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// The command <c>serve</c>: runs as many steps as each line of its input says, and writes a line of JSON for each,
/// with what only we can say of a step; <see cref="StepLoop"/> has the protocol.
/// </summary>
/// <remarks>
/// A workload has a process of its own, so that the peak memory is that of the workload, and programs can take turns
/// without starting again.
/// </remarks>
internal static class StepServer
{
    private const int PeakRuns = 3;

    public static void Serve(Workload workload, Device device)
    {
        var step = new BenchmarkStep(workload, device);
        StepLoop.WarmUp(step.RunToEnd);
        WriteLine(new { version = $".NET {Environment.Version}" });
        while (Console.ReadLine() is { } line) WriteLine(Report(step, StepLoop.ParseRequest(line)));

        static void WriteLine<T>(T value) => Console.WriteLine(JsonSerializer.Serialize(value, StepReport.Json));
    }

    private static StepReport Report(BenchmarkStep step, (int Timings, int Steps) request)
    {
        var before = Roofline.Measure(step.Device, PeakRuns);
        var launches = Launches(step.Device);
        var (managed, collections) = (GC.GetTotalAllocatedBytes(true), GC.CollectionCount(2));
        var blocks = step.Device.Memory.SystemAllocations;
        var seconds = StepLoop.Time(step.RunToEnd, request.Timings, request.Steps);
        var report = new StepReport(seconds, StepLoop.Resident())
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
}
