using System.Globalization;
using System.Xml.Linq;
using PyNetSharp.Layers;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>Draws the losses of a <see cref="LearningRateFinder"/> over the rates, as an SVG picture.</summary>
internal static class LearningRateChart
{
    private const double Width = 640, Height = 428, Left = 82, Top = 112, Right = 600, Bottom = 362;

    /// <summary>Draws it into a file, replacing the one of that name.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, LearningRateCurve curve, string title) =>
        AtomicFile.Write(path, new XDocument(Draw(curve, title)).Save);

    /// <summary>The picture, which has a white background also in dark viewers.</summary>
    public static XElement Draw(LearningRateCurve curve, string title)
    {
        var points = curve.Points;
        var y = ChartAxis.Covering(Limited(points));
        var (first, last) = points.Count > 1
            ? (Math.Log10(points[0].LearningRate), Math.Log10(points[^1].LearningRate)) : (-7, 1);
        var picture = Svg.Element(
            "svg",
            new XAttribute("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {Width} {Height}")),
            Svg.Number("width", Width), Svg.Number("height", Height), new XAttribute("role", "img"),
            new XAttribute("font-family", "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"),
            Svg.Element("title", ErrorText.Clean(title)),
            Svg.Element(
                "rect", Svg.Number("width", Width), Svg.Number("height", Height), new XAttribute("fill", "white")),
            Svg.Text(32, 42, title, ChartColors.Text, 19, weight: 600),
            Svg.Text(32, 65, "smoothed loss over the learning rate; dots: single batches", ChartColors.Muted, 13));
        DrawGrid(picture, y, first, last);
        foreach (var point in points)
            if (point.Loss >= y.Low && point.Loss <= y.High)
                picture.Add(Svg.Circle(X(point.LearningRate), Y(point.Loss), 1.5, ChartColors.Grid));
        picture.Add(Svg.Polyline(
            points.Select(point => (X(point.LearningRate), Y(point.SmoothedLoss))), ChartColors.Train, 2.25));
        Mark(curve.Steepest, "steepest", 0);
        Mark(curve.MinimumOverTen, "minimum / 10", 18);
        return picture;

        double X(double rate) => Left + (Math.Log10(rate) - first) / (last - first) * (Right - Left);

        double Y(double loss) => y.ToCoordinate(Math.Min(loss, y.High), Bottom, Top);

        void Mark(double? rate, string name, double down)
        {
            if (rate is not { } found || X(found) < Left) return;
            var at = X(found);
            var isLeft = at < (Left + Right) / 2;
            var line = Svg.Line(at, Top, at, Bottom, ChartColors.Validation);
            line.Add(new XAttribute("stroke-dasharray", "2 4"));
            picture.Add(line, Svg.Text(
                at + (isLeft ? 8 : -8), Top + 12 + down, $"{name}: {NumberFormatting.Number(found)}",
                ChartColors.Validation, 12, isLeft ? "start" : "end", 600));
        }
    }

    /// <summary>The losses that the axis covers: the last ones before the end would hide all others.</summary>
    private static IEnumerable<double> Limited(IReadOnlyList<LearningRatePoint> points)
    {
        var most = 1.5 * points.Take((points.Count + 1) / 2).Select(point => point.SmoothedLoss).Prepend(0).Max();
        return points.Select(point => Math.Min(point.SmoothedLoss, most));
    }

    private static void DrawGrid(XElement picture, ChartAxis y, double first, double last)
    {
        foreach (var tick in y.Ticks)
        {
            var at = y.ToCoordinate(tick, Bottom, Top);
            picture.Add(Svg.Line(Left, at, Right, at, ChartColors.Grid));
            picture.Add(Svg.Text(Left - 9, at + 4, y.FormatLabel(tick), ChartColors.Muted, 12, "end"));
        }

        picture.Add(Svg.Line(Left, Bottom, Right, Bottom, ChartColors.Axis));
        for (var power = (int)Math.Ceiling(first - 1e-9); power <= last + 1e-9; power++)
        {
            var at = Left + (power - first) / (last - first) * (Right - Left);
            picture.Add(Svg.Line(at, Bottom, at, Bottom + 5, ChartColors.Axis));
            var label = string.Create(CultureInfo.InvariantCulture, $"1e{power}");
            picture.Add(Svg.Text(at, Bottom + 20, label, ChartColors.Muted, 12, "middle"));
        }

        picture.Add(Svg.Text((Left + Right) / 2, Bottom + 40, "learning rate", ChartColors.Muted, 12, "middle"));
    }
}
