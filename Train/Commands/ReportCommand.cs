using System.CommandLine;
using PyNetSharp.Data;

namespace PyNetSharp.Train;

/// <summary><c>pynet report</c>: makes a run's page again, or one that compares runs.</summary>
internal sealed class ReportCommand : ConsoleCommand
{
    private readonly Argument<string[]> runs = new("RUN…")
    {
        Arity = ArgumentArity.OneOrMore,
        Description = "The folder of a run; or several, which are compared.",
    };

    private readonly Option<string?> output = CheckedOption.Path(
        "--out", "FILE",
        "The file to write. Default: report.html in the run's folder; for several, ./comparison.html.");

    private readonly DataOptions data = new();

    private readonly DeviceOptions device = new();

    public ReportCommand()
        : base("report", "report RUN…", "Write a page of a run, or one that compares several.")
    {
        Add(runs);
        AddGroup("Output", output);
        AddGroup("Test", data.Folder, device.Name, device.Threads, device.Precision);
        Examples.AddRange(
        [
            ("pynet report runs/first",
                "Write runs/first/report.html again, from its metrics, weights and test images."),
            ("pynet report runs/first runs/second --out both.html",
                "Compare two runs: curves, settings, accuracies."),
        ]);
    }

    protected override int Run(ParseResult parse)
    {
        RunFolder[] folders = [.. parse.GetValue(runs)!.Select(path => new RunFolder(UserPath.Expand(path)))];
        var path = parse.GetValue(output);
        var screen = new ConsoleOutput();
        using var stop = new StopSignals();
        string page;
        if (folders is [var only])
        {
            var reader = new RunReportReader(only, parse.GetValue(data.Folder), screen);
            if (reader.Read(device.Open(parse), stop.Token) is not { } report)
            {
                ConsoleOutput.WriteError("stopped before all items were measured");
                return stop.ExitCode;
            }

            foreach (var note in report.Notes) screen.WriteInfo(note);
            page = ReportPage.Write(report);
            path ??= only.ReportPath;
        }
        else
        {
            var twice = folders.GroupBy(FullPath).FirstOrDefault(same => same.Count() > 1);
            if (twice is not null)
                throw new InputException($"'{twice.First().Folder}' is given twice; expected different runs.");
            page = ReportPage.Write(new RunComparison([.. folders.Select(RunReportReader.ReadEpochs)]));
            path ??= "comparison.html";
        }

        ReportPage.Save(path, page);
        screen.WriteResult($"{path}: {NumberFormatting.Bytes(page.Length)}");
        return 0;
    }

    private static string FullPath(RunFolder folder) =>
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder.Folder));
}
