using System.Globalization;

namespace PyNetSharp.Benchmarks;

/// <summary>The command <c>report</c>: the tables of README and docs, made from the checked-in results.</summary>
internal static partial class Report
{
    private const string Begin = "<!-- begin: made by `Benchmarks -- report` -->", End = "<!-- end -->";

    /// <summary>Writes the tables of the repository whose folder is <paramref name="start"/> or contains it.</summary>
    public static void Write(string start)
    {
        foreach (var (path, table) in Tables(FindRepository(start)))
        {
            File.WriteAllText(path, Insert(File.ReadAllText(path), table));
            Console.WriteLine($"wrote {Path.GetRelativePath(start, path)}");
        }
    }

    /// <summary>The files with tables, and the tables of each.</summary>
    public static IEnumerable<(string Path, string Table)> Tables(string root)
    {
        var results = Path.Combine(root, "Benchmarks", "results");
        string[] machines = Directory.Exists(results) ? Directory.GetDirectories(results) : [];
        Array.Sort(machines, StringComparer.Ordinal);
        yield return (Path.Combine(root, "README.md"), ForAll(machines, Summary));
        yield return (Path.Combine(root, "docs", "results.md"), ForAll(machines, AllDetails));
        yield return (Path.Combine(root, "docs", "how-convolution-is-fast.md"), ForAll(machines, ConvVariants));

        static string AllDetails(string machine) => Details(machine) + Devices(machine);
    }

    /// <summary>The document with this table between the markers.</summary>
    /// <exception cref="InvalidDataException">The markers are not there.</exception>
    public static string Insert(string document, string table)
    {
        var begin = document.IndexOf(Begin, StringComparison.Ordinal);
        var end = document.IndexOf(End, Math.Max(begin, 0), StringComparison.Ordinal);
        if (begin < 0 || end < 0) throw new InvalidDataException($"A line '{Begin}' and a line '{End}' were expected.");
        return $"{document[..(begin + Begin.Length)]}\n{table}{document[end..]}";
    }

    /// <summary>The repository's folder.</summary>
    /// <exception cref="DirectoryNotFoundException">There is none at or above <paramref name="start"/>.</exception>
    public static string FindRepository(string start)
    {
        for (var folder = Path.GetFullPath(start); folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "PyNetSharp.sln")))
                return folder;
        throw new DirectoryNotFoundException($"No PyNetSharp.sln at or above {start}.");
    }

    /// <summary>One machine's comparison with every configuration, its steps and its convolutions.</summary>
    public static string Details(string folder) => Comparison(folder) + Steps(folder) + Passes(folder);

    /// <summary>One machine's times of the variants of a convolution.</summary>
    public static string ConvVariants(string folder)
    {
        if (Read<ConvVariantRow>(folder, "conv-variants.json") is not { } results) return "";
        var table = new MarkdownTable(
            1, "variant", "cores", "time", "GFLOP/s", "speedup", "total speedup", "of peak", "error");
        var last = results.Rows[0];
        foreach (var row in results.Rows)
        {
            var rate = row.Operations / row.Seconds;
            table.Add(
                row.Variant, $"{row.Cores}", Time(row.Seconds), Number(rate / 1e9, "F1"), Speedup(last, row, "F1"),
                Speedup(results.Rows[0], row, "F0"), Percent(rate / row.Peak), Number(row.Error, "G2"));
            last = row;
        }

        return $"{Heading(results)}{table}\n";

        static string Speedup(ConvVariantRow from, ConvVariantRow to, string format) =>
            $"{Number(from.Seconds / to.Seconds, format)}×";
    }

    private static string Steps(string folder)
    {
        if (Read<StepRow>(folder, "steps.json") is not { } results) return "";
        var table = new MarkdownTable(
            2, "network", "step", "batch", "threads", "median", "images/s", "GFLOP/s", "of peak", "resident",
            "managed a step", "new blocks", "gen-2");
        foreach (var row in results.Rows)
        {
            var rate = row.Operations / row.Seconds;
            table.Add(
                $"`{row.Network}`", Kind(row.Trains), $"{row.Batch}", $"{row.Threads}", Time(row.Seconds),
                Number(row.Batch / row.Seconds, "N0"), Number(rate / 1e9, "F0"),
                $"{Percent(rate / row.Peak)} of {Number(row.Peak / 1e9, "F0")}", Megabytes(row.Resident),
                $"{Number(row.Managed / 1e3, "F0")} KB", $"{row.Blocks}", $"{row.Collections}");
        }

        return $"{Heading(results)}{table}\nGFLOP/s count direct convolution's multiply-adds.\n\n";
    }

    private static string Passes(string folder)
    {
        if (Read<PassRow>(folder, "passes.json") is not { } results) return "";
        var table = new MarkdownTable(2, "pass", "networks", "median", "GFLOP/s", "peak beside it", "share");
        foreach (var row in results.Rows)
            table.Add(
                row.Pass, row.Networks, Time(row.Seconds), Number(row.Operations / row.Seconds / 1e9, "F0"),
                Number(row.Peak / 1e9, "F0"), Percent(row.Share));
        return $"{Heading(results)}{table}\n";
    }

    private static string ForAll(string[] machines, Func<string, string> table)
    {
        var text = string.Concat(machines.Select(table));
        return text.Length > 0 ? $"\n{text}" : "\nNo results are checked in.\n\n";
    }

    private static ResultFile<TRow>? Read<TRow>(string folder, string file) =>
        Path.Combine(folder, file) is var path && File.Exists(path) ? ResultFile<TRow>.Read(path) : null;

    private static string Heading<TRow>(ResultFile<TRow> results) =>
        $"{results.Machine}; {string.Join(", ", results.Versions)}; {results.Date}:\n\n";

    private static string Kind(bool trains) => trains ? "training" : "inference";

    private static string Time(double seconds) =>
        $"{Number(1e3 * seconds, seconds < 1e-3 ? "F3" : seconds < 0.1 ? "F1" : "N0")} ms";

    private static string Percent(double share) => $"{Number(100 * share, "F0")} %";

    private static string Megabytes(long bytes) => $"{Number(bytes / 1e6, "N0")} MB";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
