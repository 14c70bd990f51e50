namespace PyNetSharp.Benchmarks;

/// <summary>
/// The tables of GPUs beside CPUs, from the files that <c>run-packed</c> writes, such as <c>steps-cuda.json</c> and
/// <c>kernels-tf32-cuda.json</c>.
/// </summary>
internal static partial class Report
{
    /// <summary>One machine's steps and kernels on several devices, and its comparison with PyTorch on a GPU.</summary>
    public static string Devices(string folder) =>
        ForFiles<StepRow>(folder, "steps-*.json", StepsByDevice) +
        ForFiles<ComparisonRow>(folder, "compare-*.json", Comparison) +
        ForFiles<KernelRow>(folder, "kernels-*.json", KernelsByDevice);

    private static string ForFiles<TRow>(string folder, string pattern, Func<ResultFile<TRow>, string> table)
    {
        var files = Directory.GetFiles(folder, pattern);
        Array.Sort(files, StringComparer.Ordinal);
        return string.Concat(files.Select(ResultFile<TRow>.Read).Select(results => Heading(results) + table(results)));
    }

    private static string StepsByDevice(ResultFile<StepRow> results)
    {
        var hasSensors = results.Rows.Any(row => row.Sensors is not null);
        string[] sensors = hasSensors ? ["clock, power, temperature, memory"] : [];
        var table = new MarkdownTable(
            4,
            [
                "network", "step", "device", "products in", "batch", "median", "images/s", "GFLOP/s", "of peak",
                "speedup", "launches", "tensors", "new blocks", .. sensors,
            ]);
        foreach (var row in results.Rows)
        {
            var rate = row.Operations / row.Seconds;
            var first = results.Rows.First(other => Work(other) == Work(row));
            table.Add(
            [
                $"`{row.Network}`", Kind(row.Trains), row.Device, row.Precision, $"{row.Batch}", Time(row.Seconds),
                Number(row.Batch / row.Seconds, "N0"), FormatRate(rate / 1e9),
                $"{Percent(rate / row.Peak)} of {Number(row.Peak / 1e9, "N0")}", Speedup(first.Seconds, row.Seconds),
                $"{row.Launches}", Megabytes(row.Tensors), $"{row.Blocks}", .. sensors.Select(_ => $"{row.Sensors}"),
            ]);
        }

        return $"{table}\nThe peak is of multiply-adds in the same precision, on the same device, beside the step.\n\n";

        static (string, bool, int) Work(StepRow row) => (row.Network, row.Trains, row.Batch);
    }

    private static string KernelsByDevice(ResultFile<KernelRow> results)
    {
        string[] devices = [.. results.Rows.Select(DeviceOf).Distinct()];
        string[] withPeer =
            [.. results.Rows.Where(row => row.CuBlasSeconds is not null).Select(DeviceOf).Distinct()];
        var table = new MarkdownTable(
            1,
            [
                "kernel", .. devices, .. devices[1..].Select(device => $"{device}, speedup"),
                .. withPeer.Select(device => $"{device}, cuBLAS (ratio)"),
            ]);
        foreach (var rows in results.Rows.GroupBy(row => row.Kernel))
        {
            var cells = devices.Select(Row).ToArray();
            table.Add(
            [
                rows.Key, .. cells.Select(Cell), .. cells[1..].Select(row => SpeedupOver(cells[0], row)),
                .. withPeer.Select(device => Peer(Row(device))),
            ]);

            KernelRow? Row(string device) => rows.FirstOrDefault(row => DeviceOf(row) == device);
        }

        return $"{table}\n" +
            "Median of a run, rate, and its share of the device's limit, measured beside it: the peak of\n" +
            "multiply-adds in the same precision, or the bandwidth." +
            (withPeer.Length > 0 ? " The ratio is our time over cuBLAS's.\n\n" : "\n\n");

        static string DeviceOf(KernelRow row) =>
            row.Precision == "float32" ? row.Device : $"{row.Device}, {row.Precision}";

        static string Cell(KernelRow? row) => row is null ? ""
            : $"{Time(row.Seconds)}, {Rate(row)}, {Percent(row.Share)}" +
                (row.Sensors is { } sensors ? $" ({sensors})" : "");

        static string Peer(KernelRow? row) =>
            row?.CuBlasSeconds is { } theirs ? $"{Time(theirs)} ({Number(row.Seconds / theirs, "F2")})" : "";

        static string Rate(KernelRow row) => row.Operations == 0
            ? $"{FormatRate(row.Bytes / row.Seconds / 1e9)} GB/s"
            : $"{FormatRate(row.Operations / row.Seconds / 1e9)} GFLOP/s";

        static string SpeedupOver(KernelRow? first, KernelRow? row) =>
            first is null || row is null ? "" : Speedup(first.Seconds, row.Seconds);
    }

    private static string FormatRate(double rate) => Number(rate, rate < 10 ? "F1" : "N0");

    private static string Speedup(double first, double seconds) =>
        $"{Number(first / seconds, first < seconds ? "F2" : "F1")}×";
}
