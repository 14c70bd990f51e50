using System.Diagnostics;

namespace PyNetSharp.Benchmarks;

/// <summary>The command <c>steps --by-op</c>: how long each op takes in a step.</summary>
internal static class OpTimeTable
{
    private const int PeakRuns = 3;     // before each step

    public static void Print(Workload workload, int repeat, Device device)
    {
        var step = new BenchmarkStep(workload, device);
        StepLoop.WarmUp(step.RunToEnd);

        var profile = new OpProfile(device);
        var (seconds, peaks) = (new double[repeat], new double[repeat]);
        for (var i = 0; i < repeat; i++)
        {
            peaks[i] = Roofline.Measure(device, PeakRuns).OperationsPerSecond;
            var start = Stopwatch.GetTimestamp();
            OpObserver.Current = profile;
            step.Run(profile);
            OpObserver.Current = null;
            device.Synchronize();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        var peak = Statistics.Median(peaks);
        Console.WriteLine(
            $"{workload.Title} on {device}   mean of {repeat} steps: {1e3 * seconds.Average():F1} ms; " +
            $"peak beside it {peak / 1e9:F0} GFLOP/s" +
            SensorReading.Column(SensorReading.During(device, () => step.Run())));
        Console.WriteLine(
            $"  {"op",-17} {"shapes",-40} {"pass",-15} {"calls",5} {"ms",8} {"share",6} " +
            $"{"GFLOP/s",8} {"% of peak",9} {"GB/s",6}");
        foreach (var (key, cost) in profile.Costs.OrderByDescending(row => row.Value.Seconds)) Line(key, cost);
        var inOps = profile.Costs.Values.Sum(cost => cost.Seconds);
        Line(new("(between ops)", "", null), new() { Seconds = seconds.Sum() - inOps });
        Console.WriteLine();

        void Line(OpKey key, OpCost cost)
        {
            var rate = cost.Flops / cost.Seconds;
            Console.WriteLine((
                $"  {key.Op,-17} {key.Shapes,-40} {Text(key.Pass),-15} {cost.Calls / repeat,5} " +
                $"{1e3 * cost.Seconds / repeat,8:F2} {cost.Seconds / seconds.Sum(),6:P1} " +
                (rate > 0 ? $"{rate / 1e9,8:F1} {rate / peak,9:P0}"
                    : cost.Bytes > 0 ? $"{"",18} {cost.Bytes / cost.Seconds / 1e9,6:F1}" : "")).TrimEnd());
        }
    }

    private static string Text(Pass? pass) => pass switch
    {
        null => "",
        Pass.Forward => "forward",
        Pass.InputGradient => "input gradient",
        Pass.WeightGradient => "weight gradient",
        _ => "backward",
    };
}
