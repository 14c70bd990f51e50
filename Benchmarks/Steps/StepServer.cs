using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// The command <c>serve</c>: runs as many steps as each line of its input says; answers with a line of JSON.
/// </summary>
/// <remarks>
/// A process of its own for each workload makes its peak memory its own, and lets programs take turns without starting
/// again. <c>peers/steps.py --serve</c> speaks the same way.
/// </remarks>
internal static class StepServer
{
    private const int PeakRuns = 3;

    public static void Serve(Workload workload, Device device)
    {
        var step = new Step(workload, device);
        step.WarmUp();
        Say(new { version = $".NET {Environment.Version}" });
        while (Console.ReadLine() is { } line) Say(Report(step, int.Parse(line, CultureInfo.InvariantCulture)));

        static void Say<T>(T what) => Console.WriteLine(JsonSerializer.Serialize(what, StepReport.Json));
    }

    private static StepReport Report(Step step, int count)
    {
        var before = Limits.Measure(step.Device, PeakRuns);
        var launches = Launches(step.Device);
        var (managed, collections) = (GC.GetTotalAllocatedBytes(true), GC.CollectionCount(2));
        var blocks = step.Device.Memory.BlocksTaken;
        var seconds = step.Measure(count);
        return new(seconds, Resident())
        {
            Managed = GC.GetTotalAllocatedBytes(true) - managed,
            Blocks = step.Device.Memory.BlocksTaken - blocks,
            Collections = GC.CollectionCount(2) - collections,
            Tensors = step.Device.Memory.Peak,
            Launches = Launches(step.Device) - launches,
            Peak = Math.Max(before.Operations, Limits.Measure(step.Device, PeakRuns).Operations),
        };
    }

    private static long Launches(Device device) => (device as GpuDevice)?.Launches ?? 0;

    private static long Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
