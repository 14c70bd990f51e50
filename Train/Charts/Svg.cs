using System.Xml.Linq;
using PyNetSharp.Layers;

namespace PyNetSharp.Train;

/// <summary>The few SVG elements that a chart needs; lengths in user units, rounded to hundredths.</summary>
internal static class Svg
{
    private static readonly XNamespace Namespace = "http://www.w3.org/2000/svg";

    public static XElement Element(string name, params ReadOnlySpan<object?> content)
    {
        var element = new XElement(Namespace + name);
        foreach (var part in content) element.Add(part);
        return element;
    }

    public static XElement Line(double x1, double y1, double x2, double y2, string color, double width = 1) =>
        Element("line", Number("x1", x1), Number("y1", y1), Number("x2", x2), Number("y2", y2), Stroke(color, width));

    public static XElement Circle(double x, double y, double radius, string color) =>
        Element("circle", Number("cx", x), Number("cy", y), Number("r", radius), new XAttribute("fill", color));

    /// <summary>A circle's outline in color, on white.</summary>
    public static XElement Ring(double x, double y, double radius, string color) =>
        Element(
            "circle",
            Number("cx", x),
            Number("cy", y),
            Number("r", radius),
            new XAttribute("fill", "white"),
            Stroke(color, 2));

    public static XElement Cross(double x, double y, double arm, string color) =>
        Element(
            "g",
            Line(x - arm, y - arm, x + arm, y + arm, color, 2),
            Line(x - arm, y + arm, x + arm, y - arm, color, 2));

    public static XElement Polyline(IEnumerable<(double X, double Y)> points, string color, double width)
    {
        var coordinates = points.Select(p => FormattableString.Invariant($"{p.X:0.##},{p.Y:0.##}"));
        return Element(
            "polyline",
            new XAttribute("points", string.Join(' ', coordinates)),
            new XAttribute("fill", "none"),
            new XAttribute("stroke-linejoin", "round"),
            new XAttribute("stroke-linecap", "round"),
            Stroke(color, width));
    }

    /// <summary>Text whose baseline starts at, is centered on or ends at a point, with a white outline.</summary>
    public static XElement Text(
        double x, double y, string text, string color, double size = 12, string anchor = "start", int weight = 400) =>
        Element(
            "text",
            Number("x", x),
            Number("y", y),
            new XAttribute("fill", color),
            Number("font-size", size),
            new XAttribute("font-weight", weight),
            new XAttribute("text-anchor", anchor),
            // The outline, painted first, keeps text readable where it crosses a curve.
            new XAttribute("paint-order", "stroke"),
            Stroke("white", 4),
            new XAttribute("stroke-linejoin", "round"),
            ErrorText.Clean(text));

    public static XAttribute Number(string name, double value) => new(name, Math.Round(value, 2));

    private static XAttribute[] Stroke(string color, double width) =>
        [new("stroke", color), Number("stroke-width", width)];
}
