using System.Globalization;
using System.Xml.Linq;
using PyNetSharp.Layers;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>Draws a run's loss and accuracies over its epochs, as an SVG picture.</summary>
internal static class LearningCurves
{
    private const double Width = 1040;
    private const double Height = 428;
    private const double Margin = 32;
    private const int MaxTitleLength = 96;

    /// <summary>Draws the run's curves into a file, replacing the one of that name.</summary>
    /// <param name="path">The file, as a rule <c>curves.svg</c>.</param>
    /// <param name="epochs">The run so far, in order.</param>
    /// <param name="title">The title above the charts, as "nin on cifar10".</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<EpochRecord> epochs, string title)
    {
        var picture = new XDocument(Draw(epochs, title));
        AtomicFile.Write(path, picture.Save);
    }

    /// <summary>Draws the run's curves.</summary>
    /// <param name="epochs">
    /// The run so far, in order. Values are connected across epochs without one; a value that is not finite leaves a
    /// gap.
    /// </param>
    /// <param name="title">The title above the charts, as "nin on cifar10".</param>
    /// <returns>The root element of the picture, which has a white background also in dark viewers.</returns>
    public static XElement Draw(IReadOnlyList<EpochRecord> epochs, string title)
    {
        ArgumentNullException.ThrowIfNull(epochs);
        ArgumentNullException.ThrowIfNull(title);
        if (title.Length > MaxTitleLength) title = title[..(MaxTitleLength - 1)] + "…";

        var x = epochs.Count == 0 ? ChartAxis.ForEpochs(1, 1) : ChartAxis.ForEpochs(epochs[0].Epoch, epochs[^1].Epoch);
        return Svg.Element(
            "svg",
            new XAttribute("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {Width} {Height}")),
            Svg.Number("width", Width),
            Svg.Number("height", Height),
            new XAttribute("role", "img"),
            new XAttribute("font-family", "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"),
            Svg.Element("title", ErrorText.Clean(title)),
            Svg.Element(
                "rect",
                Svg.Number("x", 0.5),
                Svg.Number("y", 0.5),
                Svg.Number("width", Width - 1),
                Svg.Number("height", Height - 1),
                Svg.Number("rx", 8),
                new XAttribute("fill", "white"),
                new XAttribute("stroke", ChartColors.Grid)),
            Svg.Text(Margin, 42, title, ChartColors.Text, 19, weight: 600),
            Svg.Text(Margin, 65, Summary(epochs), ChartColors.Muted, 13),
            Loss(epochs, x),
            Accuracy(epochs, x));
    }

    private static XElement Loss(IReadOnlyList<EpochRecord> epochs, ChartAxis x)
    {
        var validation = Measured(epochs, e => e.ValidationLoss);
        var test = Measured(epochs, e => e.TestLoss);
        var y = ChartAxis.Covering(
            [.. epochs.Select(e => e.TrainLoss), .. validation.Concat(test).Select(point => point.Value)]);
        var panel = new ChartPanel("Mean loss", x, y, Margin + 50);
        panel.Add("train", ChartColors.Train, [.. epochs.Select(e => (e.Epoch, e.TrainLoss))]);
        if (validation.Length > 0) panel.Add("validation", ChartColors.Validation, validation);
        if (test.Length > 0) panel.Add("test", ChartColors.Test, test);
        if (epochs.FirstOrDefault(e => !double.IsFinite(e.TrainLoss)) is { } dead)
            panel.MarkMissing(dead.Epoch, $"not finite in epoch {dead.Epoch}", ChartColors.Error);
        return panel.Draw();
    }

    private static XElement Accuracy(IReadOnlyList<EpochRecord> epochs, ChartAxis x)
    {
        var train = Measured(epochs, e => 100 * e.TrainAccuracy);
        var validation = Measured(epochs, e => 100 * e.ValidationAccuracy);
        var test = Measured(epochs, e => 100 * e.TestAccuracy);
        var y = ChartAxis.Covering(
            train.Concat(validation).Concat(test).Select(point => point.Value), limit: 100);
        var panel = new ChartPanel("Accuracy (%)", x, y, Width - Margin - ChartPanel.Width);
        panel.Add("train", ChartColors.Train, train);
        if (validation.Length > 0) panel.Add("validation", ChartColors.Validation, validation);
        panel.Add("test", ChartColors.Test, test);
        if (Best(epochs) is var (best, name, share))
            panel.MarkPoint(
                best.Epoch, 100 * share, $"best {NumberFormatting.Percent(share)}",
                name == "test" ? ChartColors.Test : ChartColors.Validation);
        return panel.Draw();
    }

    private static string Summary(IReadOnlyList<EpochRecord> epochs)
    {
        if (epochs.Count == 0) return "no epoch finished yet";
        var last = epochs[^1];
        List<string> parts = [NumberFormatting.Count(epochs.Count, "epoch")];
        if (double.IsFinite(last.TrainLoss))
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"last loss {last.TrainLoss:0.0000}"));
        if (last.TrainAccuracy is { } train) parts.Add($"last train accuracy {NumberFormatting.Percent(train)}");
        if (Best(epochs) is var (best, name, share))
            parts.Add($"best {name} accuracy {NumberFormatting.Percent(share)} in epoch {best.Epoch}");
        return string.Join(" · ", parts);
    }

    /// <summary>The first epoch of the highest validation accuracy, without any of the highest test accuracy.</summary>
    public static (EpochRecord Epoch, string Name, double Share)? Best(IReadOnlyList<EpochRecord> epochs) =>
        Highest(epochs, "validation", e => e.ValidationAccuracy) ?? Highest(epochs, "test", e => e.TestAccuracy);

    private static (EpochRecord Epoch, string Name, double Share)? Highest(
        IReadOnlyList<EpochRecord> epochs, string name, Func<EpochRecord, double?> share) =>
        epochs.Where(e => share(e) is { } x && double.IsFinite(x)).MaxBy(share) is { } best
            ? (best, name, share(best)!.Value)
            : null;

    private static (int Epoch, double Value)[] Measured(
        IEnumerable<EpochRecord> epochs, Func<EpochRecord, double?> value) =>
        [.. epochs.Where(e => value(e) is not null).Select(e => (e.Epoch, value(e)!.Value))];
}
