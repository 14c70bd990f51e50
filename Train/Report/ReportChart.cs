using System.Globalization;
using System.Xml.Linq;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>A curve of a chart.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Style">The class that has its color: "train", "run3".</param>
/// <param name="Points">What was measured, in ascending order of epochs.</param>
internal sealed record ReportCurve(string Name, string Style, IReadOnlyList<(int Epoch, double Value)> Points)
{
    /// <summary>The values that were measured, of a run's epochs.</summary>
    public static ReportCurve Of(
        string name, string style, IEnumerable<EpochRecord> epochs, Func<EpochRecord, double?> value) =>
        new(name, style, [.. epochs.Where(e => value(e) is not null).Select(e => (e.Epoch, value(e)!.Value))]);
}

/// <summary>A chart of a page: curves over epochs that show their values under the pointer.</summary>
/// <remarks>
/// The plot is as wide as the page has room, with text of one size: positions are shares of it, in percent. The script
/// reads the values from the <c>data-</c> attributes.
/// </remarks>
/// <param name="title">The chart's title.</param>
/// <param name="format">How the script formats a value: "loss", "share", "rate", "number".</param>
/// <param name="curves">At least one with a point.</param>
internal sealed class ReportChart(string title, string format, IReadOnlyList<ReportCurve> curves)
{
    // More points than this touch each other: then the line alone is clearer.
    private const int MaxDots = 40;
    private const double Scale = 1000;              // of the coordinates of curves

    private readonly int[] epochs = [.. curves.SelectMany(c => c.Points).Select(p => p.Epoch).Distinct().Order()];

    /// <summary>The largest value there can be.</summary>
    public double Limit { get; init; } = double.PositiveInfinity;

    private IEnumerable<double> Values => curves.SelectMany(curve => curve.Points).Select(point => point.Value);

    private ChartAxis X => epochs is [var first, .., var last]
        ? ChartAxis.ForEpochs(first, last) : ChartAxis.ForEpochs(epochs[0], epochs[0]);

    /// <summary>The chart with a linear axis.</summary>
    public XElement Draw() => Figure([Plot(Linear(), null)]);

    /// <summary>The chart with a linear and a logarithmic axis, and buttons that choose one.</summary>
    /// <param name="id">The page's name of it.</param>
    public XElement DrawWithLogarithm(string id)
    {
        var (linear, logarithmic) = (Linear(), Logarithmic());
        if (logarithmic is null) return Draw();
        return Figure(
        [
            Radio(id, "linear", isChecked: true), Radio(id, "logarithmic", isChecked: false),
            Html.Tag("div", "scales", Label(id, "linear"), Label(id, "logarithmic")),
            Plot(linear, "linear"), Plot(logarithmic, "logarithmic"),
        ]);
    }

    private XElement Figure(IEnumerable<XElement> parts) => Html.Tag(
        "figure", "chart",
        Html.Tag("figcaption", null, Html.Tag("span", "title", title), Html.Tag("span", "legend", Legend())),
        parts);

    private IEnumerable<XElement> Legend() => curves.Count == 1 && curves[0].Style == "train"
        ? []
        : curves.Select(curve => Html.Tag("span", $"key {curve.Style}", curve.Name));

    private static XElement Radio(string id, string scale, bool isChecked)
    {
        var radio = Html.Tag(
            "input", $"choice choice-{scale}", Html.Attribute("type", "radio"), Html.Attribute("name", $"{id}-scale"),
            Html.Attribute("id", $"{id}-{scale}"));
        if (isChecked) radio.Add(Html.Attribute("checked", ""));
        return radio;
    }

    private static XElement Label(string id, string scale) =>
        Html.Tag("label", $"scale-{scale}", Html.Attribute("for", $"{id}-{scale}"), scale);

    private ReportAxis Linear()
    {
        var axis = ChartAxis.Covering(Values, Limit);
        return new(
            value => axis.ToCoordinate(value, 0, 1),
            [.. axis.Ticks.Select(tick => (tick, format == "share" ? Share(tick) : axis.FormatLabel(tick)))]);
    }

    /// <summary>Null where no value is above 0, or all are the same.</summary>
    private ReportAxis? Logarithmic()
    {
        var positive = Values.Where(value => double.IsFinite(value) && value > 0).ToArray();
        if (positive.Length == 0 || positive.Min() == positive.Max()) return null;
        var (low, high) = (Math.Log10(positive.Min()), Math.Log10(positive.Max()));
        (low, high) = (low - 0.03 * (high - low), high + 0.03 * (high - low));
        var decades = Enumerable.Range((int)Math.Floor(low), (int)(Math.Ceiling(high) - Math.Floor(low)) + 1);
        double[] steps = high - low > 3 ? [1] : high - low > 1.2 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
        var ticks = decades.SelectMany(n => steps.Select(step => step * Math.Pow(10, n))).Where(IsInside).ToArray();
        if (ticks.Length < 3) ticks = [.. ChartAxis.Covering(positive).Ticks.Where(tick => tick > 0 && IsInside(tick))];
        return new(
            value => value > 0 ? (Math.Log10(value) - low) / (high - low) : double.NaN,
            [.. ticks.Select(tick => (tick, tick.ToString("G4", CultureInfo.InvariantCulture)))]);

        bool IsInside(double tick) => Math.Log10(tick) >= low && Math.Log10(tick) <= high;
    }

    private XElement Plot(ReportAxis y, string? scale)
    {
        var x = X;
        var svg = Svg.Element("svg", Html.Attribute("role", "img"), Svg.Element("title", title));
        foreach (var (tick, label) in y.Ticks)
        {
            var at = Percent(1 - y.Position(tick));
            svg.Add(Line("grid", "0", at, "100%", at), Text("tick y", "0", at, label));
        }

        foreach (var tick in x.Ticks)
        {
            var at = Percent(x.ToCoordinate(tick, 0, 1));
            svg.Add(Line("mark", at, "100%", at, "100%"), Text("tick x", at, "100%", x.FormatLabel(tick)));
        }

        svg.Add(Line("axis", "0", "100%", "100%", "100%"), Line("cross", "0", "0", "0", "100%"));
        svg.Add(curves.Select(curve => Curve(curve, x, y)));
        return Html.Tag(
            "div", scale is null ? "plot" : $"plot plot-{scale}", Html.Attribute("tabindex", 0),
            Html.Attribute("data-format", format), Html.Attribute("data-epochs", string.Join(' ', epochs)),
            Html.Attribute("data-x", string.Join(' ', epochs.Select(e => Number(x.ToCoordinate(e, 0, 100))))),
            svg, Html.Tag("div", "tip", Html.Attribute("hidden", "")));
    }

    private XElement Curve(ReportCurve curve, ChartAxis x, ReportAxis y)
    {
        var values = curve.Points.ToDictionary(point => point.Epoch, point => point.Value);
        var known = epochs.Select(
            epoch => values.TryGetValue(epoch, out var value)
                ? value.ToString("R", CultureInfo.InvariantCulture) : "-");
        var group = Svg.Element(
            "g", Html.Attribute("class", $"curve {curve.Style}"), Html.Attribute("data-name", curve.Name),
            Html.Attribute("data-values", string.Join(' ', known)));
        var lines = Svg.Element(
            "svg", Html.Attribute("viewBox", $"0 0 {Scale} {Scale}"), Html.Attribute("preserveAspectRatio", "none"));
        var dots = new List<XElement>();
        foreach (var part in FiniteParts(curve, y))
        {
            var points = part.Select(p => (X: x.ToCoordinate(p.Epoch, 0, 1), Y: 1 - p.Position)).ToArray();
            if (points.Length > 1)
                lines.Add(Svg.Element("polyline", Html.Attribute("points", string.Join(
                    ' ', points.Select(p => $"{Number(Scale * p.X)},{Number(Scale * p.Y)}")))));
            if (points.Length > 1 && curve.Points.Count > MaxDots) continue;
            dots.AddRange(points.Select(p => Svg.Element(
                "circle", Html.Attribute("cx", Percent(p.X)), Html.Attribute("cy", Percent(p.Y)),
                Html.Attribute("r", 3))));
        }

        group.Add(lines, dots);
        return group;
    }

    /// <summary>The points that can be drawn, in a part for each gap between them.</summary>
    private static IEnumerable<List<(int Epoch, double Position)>> FiniteParts(ReportCurve curve, ReportAxis y)
    {
        List<(int, double)> part = [];
        foreach (var (epoch, value) in curve.Points)
        {
            var position = y.Position(value);
            if (double.IsFinite(position)) part.Add((epoch, position));
            else if (part.Count > 0)
            {
                yield return part;
                part = [];
            }
        }

        if (part.Count > 0) yield return part;
    }

    private static XElement Line(string css, string x1, string y1, string x2, string y2) => Svg.Element(
        "line", Html.Attribute("class", css), Html.Attribute("x1", x1), Html.Attribute("y1", y1),
        Html.Attribute("x2", x2), Html.Attribute("y2", y2));

    private static XElement Text(string css, string x, string y, string text) => Svg.Element(
        "text", Html.Attribute("class", css), Html.Attribute("x", x), Html.Attribute("y", y),
        Html.Attribute("dx", css.EndsWith('y') ? -8 : 0), Html.Attribute("dy", css.EndsWith('y') ? 4 : 20), text);

    private static string Percent(double share) => Number(100 * share) + "%";

    private static string Share(double x) => Number(100 * x) + " %";

    private static string Number(double x) => x.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A vertical axis.</summary>
    /// <param name="Position">A value's place: 0 at the bottom, 1 at the top; not finite where it has none.</param>
    /// <param name="Ticks">The marked values.</param>
    private sealed record ReportAxis(
        Func<double, double> Position, IReadOnlyList<(double Value, string Label)> Ticks);
}
