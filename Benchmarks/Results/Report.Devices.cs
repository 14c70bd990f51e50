namespace PyNetSharp.Benchmarks;

/// <summary>
/// The tables of docs/gpu.md: what a machine's GPU does beside its CPU, from the files that <c>run-packed</c> leaves,
/// such as <c>steps-cuda.json</c> and <c>kernels-tf32-cuda.json</c>.
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
        var table = new MarkdownTable(
            4, "network", "step", "device", "products in", "batch", "median", "images/s", "GFLOP/s", "of the peak",
            "gain", "launches", "tensors", "new blocks");
        foreach (var row in results.Rows)
        {
            var rate = row.Operations / row.Seconds;
            var first = results.Rows.First(other => Work(other) == Work(row));
            table.Add(
                $"`{row.Network}`", Kind(row.Trains), row.Device, row.Precision, $"{row.Batch}", Time(row.Seconds),
                Number(row.Batch / row.Seconds, "N0"), FormatRate(rate / 1e9),
                $"{Percent(rate / row.Peak)} of {Number(row.Peak / 1e9, "N0")}", Speedup(first.Seconds, row.Seconds),
                $"{row.Launches}", Megabytes(row.Tensors), $"{row.Blocks}");
        }

        return $"{table}\nThe peak is of multiply-adds in the same precision, on the same device, beside the step.\n\n";

        static (string, bool, int) Work(StepRow row) => (row.Network, row.Trains, row.Batch);
    }

    private static string KernelsByDevice(ResultFile<KernelRow> results)
    {
        string[] devices = [.. results.Rows.Select(Place).Distinct()];
        var table = new MarkdownTable(1, ["kernel", .. devices, .. devices[1..].Select(device => $"{device}, gain")]);
        foreach (var rows in results.Rows.GroupBy(row => row.Kernel))
        {
            var cells = devices.Select(device => rows.FirstOrDefault(row => Place(row) == device)).ToArray();
            table.Add([rows.Key, .. cells.Select(Cell), .. cells[1..].Select(row => GainOver(cells[0], row))]);
        }

        return $"{table}\nMedian of a run, rate, and its share of the device's peak of multiply-adds in the same " +
            "precision or of its bandwidth, beside it.\n\n";

        static string Place(KernelRow row) =>
            row.Precision == "float32" ? row.Device : $"{row.Device}, {row.Precision}";

        static string Cell(KernelRow? row) =>
            row is null ? "" : $"{Time(row.Seconds)}, {Rate(row)}, {Percent(row.Share)}";

        static string Rate(KernelRow row) => row.Operations == 0
            ? $"{FormatRate(row.Bytes / row.Seconds / 1e9)} GB/s"
            : $"{FormatRate(row.Operations / row.Seconds / 1e9)} GFLOP/s";

        static string GainOver(KernelRow? first, KernelRow? row) =>
            first is null || row is null ? "" : Speedup(first.Seconds, row.Seconds);
    }

    private static string FormatRate(double rate) => Number(rate, rate < 10 ? "F1" : "N0");

    private static string Speedup(double first, double seconds) =>
        $"{Number(first / seconds, first < seconds ? "F2" : "F1")}×";
}
