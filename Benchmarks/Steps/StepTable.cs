namespace PyNetSharp.Benchmarks;

/// <summary>The command <c>steps</c>: a line per workload and device, each measured in a process of its own.</summary>
internal static class StepTable
{
    public static void Print(
        IReadOnlyList<Workload> workloads, IReadOnlyList<string> devices, int repeat, int threads, string precision,
        string? json)
    {
        Console.WriteLine(
            $"{"network",-15} {"step",-9} {"batch",5} {"device",-9} {"median ms",10} {"images/s",9} {"GFLOP/s",8} " +
            $"{"% of peak",9} {"peak",6} {"resident MB",11} {"tensors MB",10} {"managed KB",10} {"new blocks",10} " +
            $"{"gen-2",5} {"launches",8} {"speedup",7}");

        var (rows, versions, faults) = (new List<StepRow>(), new List<string>(), 0);
        versions.AddRange(devices.Select(Machine.DescribeGpu).OfType<string>());
        foreach (var workload in workloads)
        {
            var first = 0.0;
            foreach (var device in devices)
            {
                try
                {
                    using var process = StepProcess.StartPyNetSharp(workload, threads, device, precision);
                    if (!versions.Contains($"{process.Version}")) versions.Insert(0, $"{process.Version}");
                    var row = Measure(process, workload, repeat, threads);
                    row = row with { Device = device, Precision = precision };
                    Console.WriteLine(FormatRow(workload, row, first));
                    if (first == 0) first = row.Seconds;
                    rows.Add(row);
                    if (json is not null) ResultFile<StepRow>.Create(versions, rows).Write(json);
                }
                catch (InputException fault)        // such as too large for this device; others may fit
                {
                    Console.WriteLine($"{workload.Title} {device,-9} {fault.Message}");
                    faults++;
                }
            }
        }

        if (faults > 0) throw new InputException($"{faults} steps could not be measured.");
    }

    /// <param name="first">Seconds on the first device; 0 if this is it.</param>
    private static string FormatRow(Workload workload, StepRow row, double first)
    {
        var rate = row.Operations / row.Seconds;
        var text =
            $"{workload.Title} {row.Device,-9} {1e3 * row.Seconds,10:F1} {row.Batch / row.Seconds,9:F0} " +
            $"{rate / 1e9,8:F1} {rate / row.Peak,9:P0} {row.Peak / 1e9,6:F0} {row.Resident / 1e6,11:F0} " +
            $"{row.Tensors / 1e6,10:F0} {row.Managed / 1e3,10:F1} {row.Blocks,10} {row.Collections,5} " +
            $"{row.Launches,8} {(first > 0 ? $"{first / row.Seconds,7:F1}" : $"{"",7}")}";
        return (text + SensorReading.Column(row.Sensors)).TrimEnd();
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
            reports.Sum(report => report.Blocks), reports.Sum(report => report.Collections))
        {
            Tensors = reports[^1].Tensors,
            Launches = (long)Statistics.Median(reports.Select(report => (double)report.Launches)),
            Sensors = reports[^1].Sensors,
        };
    }
}
