using System.Xml.Linq;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>
/// The page that compares runs: results, curves of one kind in one chart, and what their settings differ in.
/// </summary>
internal static class ComparisonSections
{
    private const int Styles = 8, MaxPoints = 400;

    private static readonly (string Title, string Format, Func<EpochRecord, double?> Value)[] Quantities =
    [
        ("Training loss", "loss", e => e.TrainLoss), ("Validation loss", "loss", e => e.ValidationLoss),
        ("Test loss", "loss", e => e.TestLoss), ("Training accuracy", "share", e => e.TrainAccuracy),
        ("Validation accuracy", "share", e => e.ValidationAccuracy), ("Test accuracy", "share", e => e.TestAccuracy),
        ("Learning rate", "number", e => e.LearningRate), ("Training images/s", "rate", e => e.ImagesPerSecond),
    ];

    public static IEnumerable<XElement> All(RunComparison comparison)
    {
        var (runs, names) = (comparison.Runs, comparison.Names);
        yield return Html.Tag(
            "section", "head", Html.Tag("h1", null, comparison.Title),
            ReportPage.Table(
                "numbers", ["Run", "", "Epochs", "Best validation", "Best test", "Last training loss", "Training time"],
                runs.Select((run, i) => Row(run, names[i], i))));
        yield return ReportPage.Section("curves", "Curves", Html.Tag("div", "charts", Charts(runs, names)));
        var differences = comparison.Differences;
        yield return ReportPage.Section(
            "settings", "Settings that differ",
            differences.Count == 0 ? Html.Tag("p", "muted", "None.") : ReportPage.Table(
                null, names.Prepend("Setting"), differences.Select(
                    setting => setting.Values.Prepend(setting.Name.Replace('_', ' ')))),
            Html.Tag("p", "muted", "These commands repeat the runs:"),
            runs.Select(run => Html.Tag(
                "pre", "command", Html.Attribute("tabindex", 0), SettingsSections.Command(run.Config))));
    }

    private static object[] Row(RunReport run, string name, int index) =>
    [
        Html.Tag("th", null, Html.Attribute("scope", "row"), Html.Tag("span", $"key {Style(index)}", name)),
        Html.Tag("td", "words", run.Title),
        NumberFormatting.Count(run.Epochs.Count), Best(run, e => e.ValidationAccuracy), Best(run, e => e.TestAccuracy),
        run.Epochs is [.., var last] ? NumberFormatting.Loss(last.TrainLoss) : "–",
        NumberFormatting.Time(run.Epochs.Sum(epoch => epoch.Seconds)),
    ];

    private static string Best(RunReport run, Func<EpochRecord, double?> value) =>
        run.Epochs.Where(epoch => value(epoch) is { } x && double.IsFinite(x)).MaxBy(value) is { } best
            ? $"{NumberFormatting.Percent(value(best)!.Value)} (epoch {best.Epoch})" : "–";

    private static IEnumerable<XElement> Charts(IReadOnlyList<RunReport> runs, IReadOnlyList<string> names)
    {
        var epochs = runs.Select(Thin).ToArray();
        foreach (var (title, format, value) in Quantities)
        {
            ReportCurve[] curves =
            [
                .. names.Select((name, i) => ReportCurve.Of(name, Style(i), epochs[i], value))
                    .Where(curve => curve.Points.Count > 0),
            ];
            if (curves.Length == 0) continue;
            var chart = new ReportChart(title, format, curves)
            {
                Limit = format == "share" ? 1 : double.PositiveInfinity,
            };
            yield return format == "loss"
                ? chart.DrawWithLogarithm(title.Split(' ')[0].ToLowerInvariant() + "-loss") : chart.Draw();
        }
    }

    private static IReadOnlyList<EpochRecord> Thin(RunReport run)
    {
        var every = Math.Max(1, (run.Epochs.Count + MaxPoints - 1) / MaxPoints);
        return [.. run.Epochs.Where((_, i) => i % every == 0 || i == run.Epochs.Count - 1)];
    }

    private static string Style(int run) => $"run{run % Styles}";
}
