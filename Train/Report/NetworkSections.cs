using System.Globalization;
using System.Xml.Linq;

namespace PyNetSharp.Train;

/// <summary>What the weights look like, and the layers with their costs.</summary>
internal static class NetworkSections
{
    public static IEnumerable<XElement> All(RunReport report)
    {
        if (report.Pictures is { Filters: { } filters } weights)
            yield return ReportPage.Section(
                "filters", "First-layer filters",
                Html.Tag(
                    "p", "muted", $"{weights.FilterText}; {weights.Weights}. Each from its least to its largest " +
                    "weight."),
                ReportPage.Image(filters, "filters", Math.Clamp(700 / filters.Width, 1, 8)));
        if (report.Pictures is { Image: { } image, Activations.Count: > 0 } pictures)
            yield return ReportPage.Section(
                "activations", "Activations of one image",
                Html.Tag(
                    "p", "muted", $"Test item 0, {pictures.ImageText}; {pictures.Weights}. Each channel is divided " +
                    "by its largest value."),
                Html.Tag("div", "activations",
                    Html.Tag("figure", null, ReportPage.Image(image, "the image", Math.Max(1, 96 / image.Width)),
                        Html.Tag("figcaption", "muted", "the image")),
                    pictures.Activations.Select(layer => Html.Tag(
                        "figure", null,
                        ReportPage.Image(layer.Channels, layer.Layer, Math.Clamp(640 / layer.Channels.Width, 1, 6)),
                        Html.Tag("figcaption", "muted", layer.Layer)))));
        if (report.Layers.Count > 0) yield return Layers(report);
    }

    private static XElement Layers(RunReport report)
    {
        var isTimed = report.TimedItems is not null && report.Layers.Any(layer => layer.Seconds is not null);
        var times = report.Layers.Sum(layer => layer.Seconds ?? 0);
        var (parameters, multiplyAdds) = (
            report.Layers.Sum(layer => layer.Summary.Parameters),
            report.Layers.Sum(layer => layer.Summary.MultiplyAdds));
        string[] heading = ["Path", "Layer", "Output", "Parameters", "Multiply-adds", .. isTimed ? Time : []];
        var total = $"{NumberFormatting.Count(parameters)} parameters, {NumberFormatting.Count(multiplyAdds)} " +
            "multiply-adds per item.";
        if (isTimed)
            total += $" Times of a forward pass of {NumberFormatting.Count(report.TimedItems!.Value)} items, one " +
                $"layer after the other: {Milliseconds(times)} ms in all.";
        return ReportPage.Section(
            "layers", "Layers", Html.Tag("p", "muted", total),
            ReportPage.Table("numbers layers", heading, report.Layers.Select(Row)));

        IEnumerable<object> Row(ReportedLayer layer) =>
        [
            layer.Summary.Path, $"{layer.Summary.Module}", NumberFormatting.Shape(layer.Summary.Output.Skip(1)),
            Number(layer.Summary.Parameters), Number(layer.Summary.MultiplyAdds),
            .. !isTimed ? [] : layer.Seconds is { } seconds
                ? (object[])[Milliseconds(seconds), NumberFormatting.Percent(seconds / times)] : ["", ""],
        ];
    }

    private static string[] Time => ["Time (ms)", "Share"];

    private static string Number(long n) => n == 0 ? "" : NumberFormatting.Count(n);

    private static string Milliseconds(double seconds) =>
        (1000 * seconds).ToString("0.000", CultureInfo.InvariantCulture);
}
