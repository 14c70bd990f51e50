using System.Globalization;
using System.Text;

namespace PyNetSharp.Benchmarks;

/// <summary>The command <c>report</c>: the tables of the README and of docs/results.md, made from the checked-in results.</summary>
internal static class Report
{
    private const string Begin = "<!-- begin: made by `Benchmarks -- report` -->", End = "<!-- end -->";

    /// <summary>Writes both files of the repository that lies at or above <paramref name="start"/>.</summary>
    public static void Write(string start)
    {
        var root = Root(start);
        foreach (var (path, table) in Tables(root))
        {
            File.WriteAllText(path, Insert(File.ReadAllText(path), table));
            Console.WriteLine($"wrote {Path.GetRelativePath(start, path)}");
        }
    }

    /// <summary>The files with tables, and what is to stand in each.</summary>
    public static IEnumerable<(string Path, string Table)> Tables(string root)
    {
        var results = Path.Combine(root, "Benchmarks", "results");
        string[] machines = Directory.Exists(results) ? [.. Directory.GetDirectories(results).Order(StringComparer.Ordinal)] : [];
        yield return (Path.Combine(root, "README.md"), ForAll(machines, Summary));
        yield return (Path.Combine(root, "docs", "results.md"), ForAll(machines, Details));
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

    /// <summary>One machine's comparison in short: our median, PyTorch's at its best, their ratio.</summary>
    public static string Summary(string folder)
    {
        var text = new StringBuilder();
        if (Comparison(folder) is not { } results) return "";
        text.Append(Heading(results));
        text.Append("| network | step | batch | PyNetSharp | PyTorch at its best | ratio |\n|---|---|---:|---:|---:|---:|\n");
        foreach (var row in results.Rows)
            text.Append(
                $"| `{row.Network}` | {Kind(row.Trains)} | {row.Batch} | {Time(row.Ours.Median)} | {Time(row.Best().Median)} | **{Number(row.Ratio(), "F2")}** |\n");
        return text.Append('\n').ToString();
    }

    /// <summary>One machine's comparison with every configuration, and its steps with their share of the peak.</summary>
    public static string Details(string folder)
    {
        var text = new StringBuilder();
        if (Comparison(folder) is { } results) AppendComparison(text, results);
        if (Path.Combine(folder, "steps.json") is var steps && File.Exists(steps)) AppendSteps(text, ResultFile<StepRow>.Read(steps));
        return text.ToString();
    }

    public static string Root(string start)
    {
        for (var folder = Path.GetFullPath(start); folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "PyNetSharp.sln")))
                return folder;
        throw new DirectoryNotFoundException($"No PyNetSharp.sln at or above {start}.");
    }

    private static string ForAll(string[] machines, Func<string, string> table)
    {
        var text = string.Concat(machines.Select(table));
        return text.Length > 0 ? $"\n{text}" : "\nNo results are checked in.\n\n";
    }

    private static ResultFile<ComparisonRow>? Comparison(string folder) =>
        Path.Combine(folder, "compare.json") is var path && File.Exists(path) ? ResultFile<ComparisonRow>.Read(path) : null;

    private static void AppendComparison(StringBuilder text, ResultFile<ComparisonRow> results)
    {
        text.Append(Heading(results));
        string[] programs = [.. results.Rows.SelectMany(row => row.Theirs).Select(times => times.Program).Distinct()];
        text.Append("| network | step | batch | ratio | PyNetSharp |").AppendJoin("", programs.Select(program => $" {program} |"));
        text.Append("\n|---|---|---:|---:|---:|").Append(string.Concat(programs.Select(_ => "---:|"))).Append('\n');
        foreach (var row in results.Rows)
        {
            text.Append($"| `{row.Network}` | {Kind(row.Trains)} | {row.Batch} | **{Number(row.Ratio(), "F2")}** | {TimeAndMemory(row.Ours)} |");
            foreach (var program in programs)
                text.Append($" {(row.Theirs.FirstOrDefault(times => times.Program == program) is { } times ? TimeAndMemory(times) : "")} |");
            text.Append('\n');
        }

        text.Append("\nMedian of a step; in parentheses the fastest step and the process's peak resident memory.\n\n");
    }

    private static void AppendSteps(StringBuilder text, ResultFile<StepRow> results)
    {
        text.Append(Heading(results));
        text.Append("| network | step | batch | threads | median | images/s | GFLOP/s | of the peak | resident | managed a step | new blocks | gen-2 |\n");
        text.Append("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        foreach (var row in results.Rows)
        {
            var rate = row.Operations / row.Seconds;
            text.Append(
                $"| `{row.Network}` | {Kind(row.Trains)} | {row.Batch} | {row.Threads} | {Time(row.Seconds)} | {Number(row.Batch / row.Seconds, "N0")} | " +
                $"{Number(rate / 1e9, "F0")} | {Number(100 * rate / row.Peak, "F0")} % of {Number(row.Peak / 1e9, "F0")} | {Megabytes(row.Resident)} | " +
                $"{Number(row.Managed / 1e3, "F0")} KB | {row.Blocks} | {row.Collections} |\n");
        }

        text.Append("\nGFLOP/s count the multiply-adds of direct convolution, so Winograd may exceed the peak.\n\n");
    }

    private static string Heading<TRow>(ResultFile<TRow> results) =>
        $"{results.Machine}; {string.Join(", ", results.Versions)}; {results.Date}:\n\n";

    private static string Kind(bool trains) => trains ? "training" : "inference";

    private static string TimeAndMemory(ProgramTimes times) =>
        $"{Time(times.Median)} ({Time(times.Fastest)}, {Megabytes(times.Resident)})";

    private static string Time(double seconds) => $"{Number(1e3 * seconds, seconds < 0.1 ? "F1" : "N0")} ms";

    private static string Megabytes(long bytes) => $"{Number(bytes / 1e6, "N0")} MB";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
