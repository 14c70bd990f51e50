using System.Globalization;
using System.Xml.Linq;

namespace PyNetSharp;

/// <summary>Draws how a run went: loss and accuracies over its epochs, as an SVG picture.</summary>
public static class Curves
{
    private const double Width = 1040;
    private const double Height = 428;
    private const double Margin = 32;
    private const int LongestTitle = 96;

    /// <summary>Draws the run's curves into a file, replacing the one of that name.</summary>
    /// <param name="path">The file, as a rule <c>curves.svg</c>.</param>
    /// <param name="epochs">The run so far, in order.</param>
    /// <param name="title">Stands above the charts, as "nin on cifar10".</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<EpochRecord> epochs, string title)
    {
        var picture = new XDocument(Draw(epochs, title));
        AtomicFile.Write(path, picture.Save);
    }

    /// <summary>Draws the run's curves.</summary>
    /// <param name="epochs">
    /// The run so far, in order. What was measured is connected, however many epochs lie between; what was measured and
    /// is not finite leaves a gap.
    /// </param>
    /// <param name="title">Stands above the charts, as "nin on cifar10".</param>
    /// <returns>The root element of the picture. It brings its own white background, for viewers that are dark.</returns>
    public static XElement Draw(IReadOnlyList<EpochRecord> epochs, string title)
    {
        ArgumentNullException.ThrowIfNull(epochs);
        ArgumentNullException.ThrowIfNull(title);
        if (title.Length > LongestTitle) title = title[..(LongestTitle - 1)] + "…";

        var x = epochs.Count == 0 ? Axis.OfEpochs(1, 1) : Axis.OfEpochs(epochs[0].Epoch, epochs[^1].Epoch);
        return Svg.Element(
            "svg",
            new XAttribute("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {Width} {Height}")),
            Svg.Number("width", Width),
            Svg.Number("height", Height),
            new XAttribute("role", "img"),
            new XAttribute("font-family", "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"),
            Svg.Element("title", Svg.Legal(title)),
            Svg.Element(
                "rect",
                Svg.Number("x", 0.5),
                Svg.Number("y", 0.5),
                Svg.Number("width", Width - 1),
                Svg.Number("height", Height - 1),
                Svg.Number("rx", 8),
                new XAttribute("fill", "white"),
                new XAttribute("stroke", Ink.Grid)),
            Svg.Text(Margin, 42, title, Ink.Text, 19, weight: 600),
            Svg.Text(Margin, 65, Summary(epochs), Ink.Muted, 13),
            Loss(epochs, x),
            Accuracy(epochs, x));
    }

    private static XElement Loss(IReadOnlyList<EpochRecord> epochs, Axis x)
    {
        var panel = new CurvePanel("Mean training loss", x, Axis.Over(epochs.Select(e => e.TrainLoss)), Margin + 50);
        panel.Add("train", Ink.Train, [.. epochs.Select(e => (e.Epoch, e.TrainLoss))]);
        if (epochs.FirstOrDefault(e => !double.IsFinite(e.TrainLoss)) is { } dead)
            panel.CrossOut(dead.Epoch, $"not finite in epoch {dead.Epoch}", Ink.Alarm);
        return panel.Draw();
    }

    private static XElement Accuracy(IReadOnlyList<EpochRecord> epochs, Axis x)
    {
        var train = Measured(epochs, e => e.TrainAccuracy);
        var test = Measured(epochs, e => e.TestAccuracy);
        var y = Axis.Over(train.Concat(test).Select(point => point.Percent), limit: 100);
        var panel = new CurvePanel("Accuracy (%)", x, y, Width - Margin - CurvePanel.Width);
        panel.Add("train", Ink.Train, train);
        panel.Add("test", Ink.Test, test);
        if (Best(epochs) is { TestAccuracy: { } share } best)
            panel.Mark(best.Epoch, 100 * share, $"best {Shown(share)}", Ink.Test);
        return panel.Draw();
    }

    private static string Summary(IReadOnlyList<EpochRecord> epochs)
    {
        if (epochs.Count == 0) return "no epoch finished yet";
        var last = epochs[^1];
        List<string> parts = [epochs.Count == 1 ? "1 epoch" : $"{epochs.Count} epochs"];
        if (double.IsFinite(last.TrainLoss))
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"last loss {last.TrainLoss:0.0000}"));
        if (last.TrainAccuracy is { } train) parts.Add($"last train accuracy {Shown(train)}");
        if (Best(epochs) is { TestAccuracy: { } test } best)
            parts.Add($"best test accuracy {Shown(test)} in epoch {best.Epoch}");
        return string.Join(" · ", parts);
    }

    /// <summary>The first epoch of the highest test accuracy.</summary>
    private static EpochRecord? Best(IEnumerable<EpochRecord> epochs) =>
        epochs.Where(e => e.TestAccuracy is { } share && double.IsFinite(share)).MaxBy(e => e.TestAccuracy);

    private static (int Epoch, double Percent)[] Measured(
        IEnumerable<EpochRecord> epochs, Func<EpochRecord, double?> share) =>
        [.. epochs.Where(e => share(e) is not null).Select(e => (e.Epoch, 100 * share(e)!.Value))];

    private static string Shown(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.0#} %");
}
