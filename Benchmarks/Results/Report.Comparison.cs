namespace PyNetSharp.Benchmarks;

/// <summary>The tables of comparisons with peers.</summary>
internal static partial class Report
{
    /// <summary>
    /// One machine's comparison in short: our median, each peer's at its best, the ratio to the best.
    /// </summary>
    public static string Summary(string folder)
    {
        if (Read<ComparisonRow>(folder, "compare.json") is not { } results) return "";
        var peers = PeersOf(results);
        var table = new MarkdownTable(
            2, ["network", "step", "batch", "PyNetSharp", .. peers.Select(peer => $"{peer} at its best"), "ratio"]);
        foreach (var row in results.Rows)
            table.Add(
            [
                .. Beginning(row), Time(row.Ours.Median),
                .. peers.Select(peer => row.Best(peer) is { } times ? Time(times.Median) : ""), Ratio(row),
            ]);
        return $"{Heading(results)}{table}\n{RatioNote(peers)}";
    }

    private static string Comparison(string folder) =>
        Read<ComparisonRow>(folder, "compare.json") is { } results ? Heading(results) + Comparison(results) : "";

    /// <summary>Every configuration of a single peer; of several, each at its best.</summary>
    private static string Comparison(ResultFile<ComparisonRow> results)
    {
        var peers = PeersOf(results);
        string[] programs = [.. results.Rows.SelectMany(row => row.Theirs).Select(times => times.Program).Distinct()];
        var table = new MarkdownTable(
            2, ["network", "step", "batch", "ratio", "PyNetSharp", .. peers.Length > 1 ? peers : programs]);
        foreach (var row in results.Rows)
        {
            var theirs = peers.Length > 1
                ? peers.Select(peer => TimeMemoryAndConfiguration(row.Best(peer)))
                : programs.Select(name => TimeAndMemory(row.Theirs.FirstOrDefault(times => times.Program == name)));
            table.Add([.. Beginning(row), Ratio(row), TimeAndMemory(row.Ours), .. theirs]);
        }

        var note = peers.Length > 1
            ? "Median of a step (fastest step, peak resident memory, the configuration that was the best).\n"
            : "Median of a step (fastest step, peak resident memory).\n";
        return $"{table}\n{note}\n{RatioNote(peers)}{BesideBusy(results, peers)}";
    }

    /// <summary>The steps that were also timed beside a busy process; nothing if none was.</summary>
    private static string BesideBusy(ResultFile<ComparisonRow> results, string[] peers)
    {
        var rows = results.Rows.Where(row => row.Ours.Busy is not null).ToArray();
        if (rows.Length == 0) return "";
        var table = new MarkdownTable(2, ["network", "step", "batch", "PyNetSharp", .. peers]);
        foreach (var row in rows)
            table.Add(
            [
                .. Beginning(row), Busy(row.Ours.Busy, row.Ours),
                .. peers.Select(peer => Busy(row.BestBusy(peer), row.Best(peer))),
            ]);
        return $"Beside a process that keeps one core busy, and how many times as long that is:\n\n{table}\n";

        static string Busy(double? seconds, ProgramTimes? alone) => seconds is null ? "" :
            $"{Time(seconds.Value)} ({Number(seconds.Value / alone!.Median, "F2")}×)";
    }

    private static string[] PeersOf(ResultFile<ComparisonRow> results) =>
        [.. results.Rows.SelectMany(row => row.Theirs).Select(times => times.Peer).Distinct()];

    private static string[] Beginning(ComparisonRow row) => [$"`{row.Network}`", Kind(row.Trains), $"{row.Batch}"];

    private static string RatioNote(string[] peers) =>
        peers.Length > 1 ? "The ratio is to the best of the others.\n\n" : "";

    private static string Ratio(ComparisonRow row) => $"**{Number(row.Ratio(), "F2")}**";

    private static string TimeAndMemory(ProgramTimes? times) =>
        times is null ? "" : $"{Time(times.Median)} ({Time(times.Fastest)}, {Megabytes(times.Resident)})";

    private static string TimeMemoryAndConfiguration(ProgramTimes? times) => times is null ? "" :
        $"{Time(times.Median)} ({Time(times.Fastest)}, {Megabytes(times.Resident)}" +
        $"{times.Program[times.Peer.Length..]})";
}
