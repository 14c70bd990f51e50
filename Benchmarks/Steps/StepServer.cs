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
internal static partial class StepServer
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
        var (launchesBefore, launches) = (0L, 0L);
        CountLaunches(step.Device, ref launchesBefore);
        var (managed, collections) = (GC.GetTotalAllocatedBytes(true), GC.CollectionCount(2));
        var blocks = step.Device.Memory.BlocksTaken;
        var seconds = step.Measure(count);
        CountLaunches(step.Device, ref launches);
        return new(seconds, Resident())
        {
            Managed = GC.GetTotalAllocatedBytes(true) - managed,
            Blocks = step.Device.Memory.BlocksTaken - blocks,
            Collections = GC.CollectionCount(2) - collections,
            Tensors = step.Device.Memory.Peak,
            Launches = launches - launchesBefore,
            Peak = Math.Max(before.Operations, Limits.Measure(step.Device, PeakRuns).Operations),
        };
    }

    static partial void CountLaunches(Device device, ref long launches);

    private static long Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
