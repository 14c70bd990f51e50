using System.Xml.Linq;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>The head of a run's page, and its curves.</summary>
internal static class OverviewSections
{
    private const int MaxPoints = 1000;             // of a curve; more would neither be seen nor fit

    public static IEnumerable<XElement> All(RunReport report)
    {
        yield return Html.Tag(
            "section", "head", Html.Tag("h1", null, report.Title),
            Html.Tag("p", "muted", $"{report.State} · {report.Folder}"),
            Html.Tag("dl", "tiles", Tiles(report).Select(tile => Html.Tag(
                "div", null, Html.Tag("dt", null, tile.Name), Html.Tag("dd", null, tile.Value)))),
            report.Notes.Select(note => Html.Tag("p", "note", note)));
        if (report.Epochs.Count > 0)
            yield return ReportPage.Section(
                "curves", "Curves", Thinned(report.Epochs, out var epochs), Html.Tag("div", "charts", Charts(epochs)));
    }

    private static IEnumerable<(string Name, string Value)> Tiles(RunReport report)
    {
        yield return ("epochs", $"{report.Epochs.Count} of {NumberFormatting.Count(report.Config.Epochs)}");
        if (report.Epochs is not [.., var last]) yield break;
        yield return ("last training loss", NumberFormatting.Loss(last.TrainLoss));
        if (last.TrainAccuracy is { } train) yield return ("last training accuracy", NumberFormatting.Percent(train));
        if (LearningCurves.Best(report.Epochs) is var (best, name, share))
            yield return ($"best {name} accuracy, epoch {best.Epoch}", NumberFormatting.Percent(share));
        if (report.Evaluation is { Items: "test", Result.Accuracy: { } tested } evaluation)
            yield return ($"test accuracy, {evaluation.Weights}", NumberFormatting.Percent(tested));
        yield return ("training time", NumberFormatting.Time(report.Epochs.Sum(epoch => epoch.Seconds)));
        yield return ("speed in the last epoch", NumberFormatting.Rate(last.ImagesPerSecond));
    }

    /// <summary>The epochs to draw, and what is said where they are not all.</summary>
    private static XElement? Thinned(IReadOnlyList<EpochRecord> all, out IReadOnlyList<EpochRecord> shown)
    {
        shown = all;
        if (all.Count <= MaxPoints) return null;
        var every = (all.Count + MaxPoints - 1) / MaxPoints;
        shown = [.. all.Where((epoch, i) => i % every == 0 || i == all.Count - 1)];
        return Html.Tag("p", "muted", $"One of {every} epochs is shown; metrics.jsonl has all.");
    }

    private static IEnumerable<XElement> Charts(IReadOnlyList<EpochRecord> epochs)
    {
        ReportCurve[] losses = [.. Measured(
            Curve("training", "train", e => e.TrainLoss), Curve("validation", "validation", e => e.ValidationLoss),
            Curve("test", "test", e => e.TestLoss))];
        yield return new ReportChart("Loss", "loss", losses).DrawWithLogarithm("loss");
        ReportCurve[] accuracies = [.. Measured(
            Curve("training", "train", e => e.TrainAccuracy),
            Curve("validation", "validation", e => e.ValidationAccuracy),
            Curve("test", "test", e => e.TestAccuracy))];
        if (accuracies.Length > 0)
            yield return new ReportChart("Accuracy", "share", accuracies) { Limit = 1 }.Draw();
        yield return new ReportChart(
            "Learning rate", "number", [Curve("learning rate", "train", e => e.LearningRate)]).Draw();
        yield return new ReportChart(
            "Training images/s", "rate", [Curve("images/s", "train", e => e.ImagesPerSecond)]).Draw();

        ReportCurve Curve(string name, string style, Func<EpochRecord, double?> value) =>
            ReportCurve.Of(name, style, epochs, value);
    }

    private static IEnumerable<ReportCurve> Measured(params ReportCurve[] curves) =>
        curves.Where(curve => curve.Points.Count > 0);
}
