using System.Xml.Linq;

namespace PyNetSharp.Train;

/// <summary>One chart of a run: values over epochs, with grid, axes and a legend.</summary>
/// <param name="title">The chart's title.</param>
/// <param name="x">The epochs.</param>
/// <param name="y">The values.</param>
/// <param name="left">The left edge of the plot; labels are to its left.</param>
internal sealed class ChartPanel(string title, ChartAxis x, ChartAxis y, double left)
{
    public const double Width = 410;
    private const double Top = 128;
    private const double Bottom = 362;

    // More points than this touch each other: then the line alone is clearer.
    private const int MaxDots = 30;

    private readonly List<(string Name, string Color)> legend = [];
    private readonly List<XElement> curves = [];
    private readonly List<XElement> notes = [];

    /// <summary>Draws a curve through its points, however far apart, with a gap where a value is not finite.</summary>
    /// <param name="name">For the legend.</param>
    /// <param name="color">An SVG color.</param>
    /// <param name="points">What was measured, in ascending order of epochs.</param>
    public void Add(string name, string color, IReadOnlyList<(int Epoch, double Value)> points)
    {
        var dots = points.Count <= MaxDots;
        foreach (var run in FiniteSegments(points))
        {
            if (run.Count > 1) curves.Add(Svg.Polyline(run.Select(ToCoordinates), color, dots ? 2.25 : 1.75));
            if (!dots && run.Count > 1) continue;
            foreach (var point in run)
            {
                var (px, py) = ToCoordinates(point);
                var dot = Svg.Circle(px, py, dots ? 3 : 2, color);
                dot.Add(Svg.Element("title", $"epoch {point.Epoch}, {name}: {FormatPrecise(point.Value)}"));
                curves.Add(dot);
            }
        }

        legend.Add((name, color));
    }

    /// <summary>Draws a ring around a point and a line down to the axis, with a note at its end.</summary>
    public void MarkPoint(int epoch, double value, string note, string color)
    {
        var (px, py) = ToCoordinates((epoch, value));
        var drop = Svg.Line(px, py, px, Bottom, color);
        drop.Add(new XAttribute("stroke-dasharray", "2 4"));
        var rightOf = px < left + Width / 2;
        notes.Add(drop);
        notes.Add(Svg.Ring(px, py, 5, color));
        notes.Add(Svg.Text(px + (rightOf ? 8 : -8), Bottom - 9, note, color, 12, rightOf ? "start" : "end", 600));
    }

    /// <summary>Crosses out an epoch that has no value to show, at the top of the chart.</summary>
    public void MarkMissing(int epoch, string note, string color)
    {
        var (px, _) = ToCoordinates((epoch, y.High));
        notes.Add(Svg.Cross(px, Top, 5, color));
        var anchor = ((px - left) / Width) switch { < 0.25 => "start", > 0.75 => "end", _ => "middle" };
        notes.Add(Svg.Text(px, Top - 12, note, color, 12, anchor, 600));
    }

    /// <summary>The panel's elements, back to front.</summary>
    public XElement Draw()
    {
        var panel = Svg.Element("g", Svg.Text(left, Top - 34, title, ChartColors.Text, 14, weight: 600));
        foreach (var tick in y.Ticks)
        {
            var at = y.ToCoordinate(tick, Bottom, Top);
            panel.Add(Svg.Line(left, at, left + Width, at, ChartColors.Grid));
            panel.Add(Svg.Text(left - 9, at + 4, y.FormatLabel(tick), ChartColors.Muted, 12, "end"));
        }

        panel.Add(Svg.Line(left, Bottom, left + Width, Bottom, ChartColors.Axis));
        foreach (var tick in x.Ticks)
        {
            var at = x.ToCoordinate(tick, left, left + Width);
            panel.Add(Svg.Line(at, Bottom, at, Bottom + 5, ChartColors.Axis));
            panel.Add(Svg.Text(at, Bottom + 20, x.FormatLabel(tick), ChartColors.Muted, 12, "middle"));
        }

        panel.Add(Svg.Text(left + Width / 2, Bottom + 40, "epoch", ChartColors.Muted, 12, "middle"));
        panel.Add(Legend(), curves, notes);
        return panel;
    }

    private (double X, double Y) ToCoordinates((int Epoch, double Value) point) =>
        (x.ToCoordinate(point.Epoch, left, left + Width), y.ToCoordinate(point.Value, Bottom, Top));

    private string FormatPrecise(double value) => (y with { Step = y.Step / 100 }).FormatLabel(value);

    /// <summary>The names of the curves, above the right end of the plot; the title names a single one.</summary>
    private IEnumerable<XElement> Legend()
    {
        var end = left + Width;
        foreach (var (name, color) in legend.Count > 1 ? Enumerable.Reverse(legend) : [])
        {
            // The viewer's font is unknown; 7.5 units per letter are enough for sans-serif fonts at size 13.
            end -= 7.5 * name.Length;
            yield return Svg.Text(end, Top - 34, name, ChartColors.Text, 13);
            yield return Svg.Circle(end - 11, Top - 38.5, 4.5, color);
            end -= 34;
        }
    }

    private static IEnumerable<List<(int Epoch, double Value)>> FiniteSegments(
        IEnumerable<(int Epoch, double Value)> points)
    {
        List<(int, double)> run = [];
        foreach (var point in points)
        {
            if (double.IsFinite(point.Value))
            {
                run.Add(point);
            }
            else if (run.Count > 0)
            {
                yield return run;
                run = [];
            }
        }

        if (run.Count > 0) yield return run;
    }
}
