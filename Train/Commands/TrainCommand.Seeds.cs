using System.CommandLine;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <content>One training with several seeds.</content>
internal sealed partial class TrainCommand
{
    /// <returns>The exit code.</returns>
    private int RunSeeds(ParseResult parse, int count, ConsoleOutput screen, bool asJson)
    {
        if (parse.GetResult(run.Resume) is { Implicit: false })
            throw new InputException("--seeds: the runs resume with --out and --resume-or-start, not with --resume.");
        var resumes = parse.GetValue(run.ResumeOrStart);
        if (resumes && parse.GetValue(run.Out) is null)
            throw new InputException("--resume-or-start needs --out, the folder of the runs.");
        var first = ReadSettings(parse);
        var folder = first.RunFolder.Folder;
        var series = new SeedSeries(folder);
        var command = ContinuingCommand(folder, parse);
        if (!resumes)
            for (var i = 0; i < count; i++) new RunFolder(series.FolderOf(first.Seed + (ulong)i)).ThrowIfUsed();

        for (var i = 0; i < count; i++)
        {
            var number = first.Seed + (ulong)i;
            var held = new RunFolder(series.FolderOf(number));
            if (i > 0) screen.WriteInfo("");
            screen.WriteInfo($"seed {number}, {i + 1} of {count}");
            if (resumes && held.DivergedEpoch is { } epoch && CheckpointPolicyOf(parse, held).RollbackFactor is null)
            {
                series.Add(number, RunResult.OfDiverged(held.Folder, epoch));
                continue;
            }

            var settings = resumes && held.HoldsRun
                ? ResumeSettings(parse, held, withSeed: false) with { AcceptsComplete = true }
                : first with { Seed = number, RunFolder = held };
            var training = new TrainingRun(settings, screen) { PrintsEvents = asJson, SeriesCommand = command };
            var exitCode = StartOne(parse, settings, training, screen);
            if (training.Result is { } result) series.Add(number, result);
            if (exitCode == 0) continue;
            series.Show(screen);
            return exitCode;
        }

        screen.WriteInfo("");
        series.Show(screen);
        if (asJson) new TrainingEvents(Console.Out).WriteSeries(series.ToJson());
        return series.HasFailed ? 2 : 0;
    }

    private CheckpointPolicy CheckpointPolicyOf(ParseResult parse, RunFolder folder) =>
        run.Apply(CheckpointPolicy.Of(folder.ReadConfig()), parse);

    /// <summary>Trains with one seed; that the loss diverges, or the network dies, is a result as others.</summary>
    private int StartOne(ParseResult parse, TrainingSettings settings, TrainingRun training, ConsoleOutput screen)
    {
        try
        {
            return Start(parse, settings, training, screen);
        }
        catch (InputException fault) when (fault is DivergenceException or DeadReluException)
        {
            screen.WriteResult($"seed {settings.Seed} failed: {fault.Message}");
            return 0;
        }
    }

    /// <summary>This command line, as one that continues the series.</summary>
    private string ContinuingCommand(string folder, ParseResult parse)
    {
        var given = Environment.GetCommandLineArgs().Skip(1).ToArray();
        string[] output = parse.GetValue(run.Out) is null ? [run.Out.Name, ShellCommand.PathArgument(folder)] : [];
        string[] resume = parse.GetValue(run.ResumeOrStart) ? [] : [run.ResumeOrStart.Name];
        return ShellCommand.Of([.. given, .. output, .. resume]);
    }
}
