namespace PyNetSharp.Benchmarks;

/// <summary>The command <c>steps</c>: a line per workload, each measured in a process of its own.</summary>
internal static class StepTable
{
    public static void Print(IReadOnlyList<Workload> workloads, int repeat, int threads, string? json)
    {
        Console.WriteLine(
            $"{"network",-15} {"step",-9} {"batch",5} {"median ms",10} {"images/s",9} {"GFLOP/s",8} {"% peak",7} " +
            $"{"peak",5} {"resident MB",11} {"managed KB",10} {"new blocks",10} {"gen-2",5}");

        var (rows, version) = (new List<StepRow>(), "");
        foreach (var workload in workloads)
        {
            using var process = StepProcess.Ours(workload, threads);
            version = process.Version;
            var row = Measure(process, workload, repeat, threads);
            var rate = row.Operations / row.Seconds;
            Console.WriteLine(
                $"{workload.Title} {1e3 * row.Seconds,10:F1} {row.Batch / row.Seconds,9:F0} {rate / 1e9,8:F1} " +
                $"{rate / row.Peak,7:P0} {row.Peak / 1e9,5:F0} {row.Resident / 1e6,11:F0} " +
                $"{row.Managed / 1e3,10:F1} {row.Blocks,10} {row.Collections,5}");
            rows.Add(row);
        }

        if (json is not null) ResultFile<StepRow>.Of([version], rows).Write(json);
    }

    /// <summary>One step at a time, so that the peak is measured beside each.</summary>
    private static StepRow Measure(StepProcess process, Workload workload, int repeat, int threads)
    {
        var reports = Enumerable.Range(0, repeat).Select(_ => process.Run(1)).ToArray();
        return new(
            workload.Network.Name, workload.Trains, workload.Batch, threads, repeat,
            Statistics.Median(reports.SelectMany(report => report.Seconds)), workload.Operations,
            Statistics.Median(reports.Select(report => report.Peak)), reports[^1].Resident,
            (long)Statistics.Median(reports.Select(report => (double)report.Managed)),
            reports.Sum(report => report.Blocks), reports.Sum(report => report.Collections));
    }
}
