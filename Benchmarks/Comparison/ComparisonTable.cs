namespace PyNetSharp.Benchmarks;

/// <summary>
/// The command <c>compare</c>: our steps beside PyTorch's, by turns in one sitting, and the medians' ratio.
/// </summary>
/// <remarks>
/// All programs are started and warmed up first; then each in turn runs its steps while the others wait for input. The
/// first steps of a turn find the caches full of another program's data; they are not counted, unless a step is so
/// long that this does not matter.
/// </remarks>
internal static class ComparisonTable
{
    private const double SecondsPerTurn = 0.5;
    private const int MaxSteps = 20;

    /// <summary>Between turns: the threads of the program before may still spin.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromMilliseconds(50);

    public static void Print(
        IReadOnlyList<Workload> workloads, int rounds, int threads, string device, string precision,
        string? pythonOption, string? json)
    {
        var onGpu = device != "cpu";
        string[] pythons = pythonOption is null ? ["python3", "/usr/bin/python3"] : [pythonOption];
        if (PyTorch.Find(onGpu, pythons) is not { } python)
        {
            Console.WriteLine(
                $"Skipped: {pythonOption ?? "python3"} has no PyTorch{(onGpu ? " that sees a CUDA device" : "")}. " +
                "Debian: apt install python3-torch python3-numpy libopenblas0-pthread; elsewhere: pip install torch " +
                "numpy. --python PATH names another Python.");
            return;
        }

        var (rows, versions) = (new List<ComparisonRow>(), new List<string>());
        if (Machine.DescribeGpu(device) is { } gpu) versions.Add(gpu);
        foreach (var workload in workloads)
        {
            var row = Measure(
                workload, rounds, threads, device, precision, PyTorch.Configurations(onGpu, precision), python,
                versions);
            WriteRow(row);
            rows.Add(row);
            if (json is not null) ResultFile<ComparisonRow>.Create(versions, rows).Write(json);
        }

        Console.WriteLine($"{"network",-15} {"step",-9} {"batch",5} {"ours ms",9} {"PyTorch ms",10} {"ratio",6}");
        foreach (var (workload, row) in workloads.Zip(rows))
            Console.WriteLine(
                $"{workload.Title} {1e3 * row.Ours.Median,9:F1} {1e3 * row.Best().Median,10:F1} {row.Ratio(),6:F2}");
    }

    private static ComparisonRow Measure(
        Workload workload, int rounds, int threads, string device, string precision, IReadOnlyList<PyTorch> peers,
        string python, List<string> versions)
    {
        StepProcess[] programs =
        [
            StepProcess.StartPyNetSharp(workload, threads, device, precision),
            .. peers.Select(peer => StepProcess.StartPyTorch(peer, python, workload, threads)),
        ];
        try
        {
            versions.AddRange(programs.Select(program => program.Version).Except(versions).ToArray());
            var steps = programs.Select(StepsPerTurn).ToArray();
            var reports = programs.Select(_ => new List<StepReport>()).ToArray();
            for (var round = 0; round < rounds; round++)
                for (var turn = 0; turn < programs.Length; turn++)
                {
                    var i = (round + turn) % programs.Length;      // another program is first in each round
                    Thread.Sleep(IdleTime);
                    if (steps[i] > 1) programs[i].Run(1 + steps[i] / 4);
                    reports[i].Add(programs[i].Run(steps[i]));
                }

            var times = programs.Zip(reports, (program, turns) => Times(program.Name, turns)).ToArray();
            return new(workload.Network.Name, workload.Trains, workload.Batch, threads, rounds, times[0], times[1..]);
        }
        finally
        {
            foreach (var program in programs) program.Dispose();
        }
    }

    private static int StepsPerTurn(StepProcess program) =>
        (int)Math.Clamp(Math.Ceiling(SecondsPerTurn / program.Run(2).Seconds.Min()), 1, MaxSteps);

    private static ProgramTimes Times(string program, List<StepReport> turns)
    {
        double[] seconds = [.. turns.SelectMany(turn => turn.Seconds)];
        return new(program, Statistics.Median(seconds), seconds.Min(), seconds.Length, turns[^1].Resident)
        {
            Sensors = turns[^1].Sensors,
        };
    }

    private static void WriteRow(ComparisonRow row)
    {
        Console.WriteLine(
            $"{row.Network}, {(row.Trains ? "training" : "inference")}, batch {row.Batch}, {row.Threads} threads, " +
            $"{row.Rounds} rounds by turns");
        foreach (var times in row.Theirs.Prepend(row.Ours))
            Console.WriteLine(
                $"  {times.Program,-45} median {1e3 * times.Median,8:F1} ms   best {1e3 * times.Fastest,8:F1} ms   " +
                $"{times.Resident / 1e6,5:F0} MB   {times.Steps} steps{SensorReading.Column(times.Sensors)}");
        Console.WriteLine($"  ratio of medians, to PyTorch at its best: {row.Ratio():F2}\n");
    }
}
