namespace PyNetSharp.Benchmarks;

/// <summary>
/// The command <c>compare</c>: our steps beside the peers', by turns in one sitting, and the medians' ratio.
/// </summary>
/// <remarks>
/// All programs are started and warmed up first; then each in turn runs its steps while the others wait for input. The
/// first steps of a turn find the caches full of another program's data; they are not counted, unless a step is so
/// long that this does not matter.
/// </remarks>
internal static class ComparisonTable
{
    /// <summary>Between turns: the threads of the program before may still spin.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromMilliseconds(50);

    /// <param name="workloads">What to time.</param>
    /// <param name="peers">Whose steps to time beside ours.</param>
    /// <param name="settings">How.</param>
    /// <param name="json">The file for the figures; null for none.</param>
    public static void Print(
        IReadOnlyList<Workload> workloads, IReadOnlyList<Peer> peers, ComparisonSettings settings, string? json)
    {
        if (peers.Count == 0)
        {
            Console.WriteLine("There is nothing to compare with.");
            return;
        }

        var (rows, versions) = (new List<ComparisonRow>(), new List<string>());
        if (Machine.DescribeGpu(settings.Device) is { } gpu) versions.Add(gpu);
        foreach (var workload in workloads)
        {
            var able = Able(peers, workload, out var leftOut);
            foreach (var title in leftOut) Console.WriteLine($"{title} does not train: left out of {workload.Title}");
            if (able.Length == 0) continue;
            var row = Measure(workload, able, settings, versions);
            WriteRow(row);
            rows.Add(row);
            if (json is not null) ResultFile<ComparisonRow>.Create(versions, rows).Write(json);
        }

        WriteSummary(rows);
    }

    /// <summary>The peers that have this workload, and the names of the others.</summary>
    public static Peer[] Able(IReadOnlyList<Peer> peers, Workload workload, out string[] leftOut)
    {
        var able = peers.ToLookup(peer => peer.Trains || !workload.Trains);
        leftOut = [.. able[false].Select(peer => peer.Title).Distinct()];
        return [.. able[true]];
    }

    private static ComparisonRow Measure(
        Workload workload, IReadOnlyList<Peer> peers, ComparisonSettings settings, List<string> versions)
    {
        var programs = new List<StepProcess>();
        try
        {
            // One after the other: beside others that warm up it would do so for long, and badly.
            programs.Add(Warm(StepProcess.StartPyNetSharp(
                workload, settings.Threads, settings.Device, settings.Precision)));
            foreach (var peer in peers) programs.Add(Warm(StepProcess.Start(peer, workload, settings.Threads)));
            versions.AddRange(programs.Select(program => $"{program.Version}").Distinct().Except(versions).ToArray());

            double[] seconds = [.. programs.Select(Estimate)];
            var alone = TakeTurns(programs, [.. seconds.Select(s => Turn.For(s))], settings.Rounds);
            if (settings.BesideBusy)
            {
                using var busy = BusyProcess.Start();
                var turns = seconds.Select(s => Turn.For(s, Turn.BusySecondsPerTiming)).ToArray();
                var beside = TakeTurns(programs, turns, settings.Rounds);
                alone = [.. alone.Zip(beside, (times, slower) => times with { Busy = slower.Median })];
            }

            return new(
                workload.Network.Name, workload.Trains, workload.Batch, settings.Threads, settings.Rounds, alone[0],
                alone[1..]);
        }
        finally
        {
            foreach (var program in programs) program.Dispose();
        }
    }

    private static StepProcess Warm(StepProcess program)
    {
        _ = program.Version;        // which it writes when it is warm
        return program;
    }

    private static double Estimate(StepProcess program)
    {
        Thread.Sleep(IdleTime);
        return Turn.Estimate(program);
    }

    private static ProgramTimes[] TakeTurns(List<StepProcess> programs, Turn[] turns, int rounds)
    {
        var reports = programs.Select(_ => new List<StepReport>()).ToArray();
        for (var round = 0; round < rounds; round++)
            for (var turn = 0; turn < programs.Count; turn++)
            {
                var i = (round + turn) % programs.Count;        // another program is first in each round
                Thread.Sleep(IdleTime);
                reports[i].Add(turns[i].Run(programs[i]));
            }

        return [.. programs.Select((program, i) => Times(program.Name, reports[i], turns[i]))];
    }

    private static ProgramTimes Times(string program, List<StepReport> reports, Turn turn)
    {
        double[] seconds = [.. reports.SelectMany(report => report.Seconds)];
        return new(
            program, Statistics.Median(seconds), seconds.Min(), seconds.Length * turn.Steps, reports[^1].Resident)
        {
            Sensors = reports[^1].Sensors,
        };
    }

    private static void WriteRow(ComparisonRow row)
    {
        Console.WriteLine(
            $"{row.Network}, {(row.Trains ? "training" : "inference")}, batch {row.Batch}, {row.Threads} threads, " +
            $"{row.Rounds} rounds by turns");
        foreach (var times in row.Theirs.Prepend(row.Ours))
            Console.WriteLine(
                $"  {times.Program,-58} median {1e3 * times.Median,9:F3} ms   best {1e3 * times.Fastest,9:F3} ms   " +
                $"{times.Resident / 1e6,5:F0} MB   {times.Steps} steps" +
                (times.Busy is { } busy ? $"   beside a busy one {1e3 * busy,9:F3} ms, {times.BusyFactor:F2}×" : "") +
                SensorReading.Column(times.Sensors));
        Console.WriteLine($"  ratio of medians, to {row.Best().Peer} at its best: {row.Ratio():F2}\n");
    }

    private static void WriteSummary(List<ComparisonRow> rows)
    {
        Console.WriteLine($"{"network",-15} {"step",-9} {"batch",5} {"ours ms",9} {"best ms",9} {"ratio",6}  of");
        foreach (var row in rows)
            Console.WriteLine(
                $"{row.Network,-15} {(row.Trains ? "training" : "inference"),-9} {row.Batch,5} " +
                $"{1e3 * row.Ours.Median,9:F3} {1e3 * row.Best().Median,9:F3} {row.Ratio(),6:F2}  " +
                row.Best().Program);
    }
}

/// <summary>How a comparison is made.</summary>
/// <param name="Rounds">In which each program has a turn.</param>
/// <param name="Threads">Of each program.</param>
/// <param name="Device">Where we compute; the peers do so on a device of the same kind.</param>
/// <param name="Precision">Of products on a GPU.</param>
/// <param name="BesideBusy">Whether to repeat all of it beside a process that keeps one core busy.</param>
internal sealed record ComparisonSettings(int Rounds, int Threads, string Device, string Precision, bool BesideBusy);
