using System.Globalization;

namespace PyNetSharp.Train;

/// <summary>A chart's axis: its range and the round numbers marked on it.</summary>
/// <param name="Low">The value at its beginning.</param>
/// <param name="High">The value at its end, above <paramref name="Low"/>.</param>
/// <param name="Step">The distance of the marked numbers: 1, 2 or 5 times a power of ten.</param>
/// <param name="Ticks">The marked numbers, ascending.</param>
internal sealed record ChartAxis(double Low, double High, double Step, IReadOnlyList<double> Ticks)
{
    private const int WantedTicks = 5;

    // Where the smallest value is below this share of the largest, showing zero costs little height.
    private const double NearZero = 0.4;

    /// <summary>An axis of round ends that covers finite values; 0 to 1 if there are none.</summary>
    /// <param name="values">The values to cover.</param>
    /// <param name="limit">The largest value there can be, where the axis ends at the latest.</param>
    public static ChartAxis Covering(IEnumerable<double> values, double limit = double.PositiveInfinity)
    {
        var finite = values.Where(double.IsFinite).DefaultIfEmpty(0).ToArray();
        var (low, high) = (finite.Min(), finite.Max());
        if (low >= 0 && low <= NearZero * high) low = 0;
        var size = Math.Max(Math.Abs(low), Math.Abs(high));
        if (size == 0) high = 1;
        else if (high - low < 1e-6 * size) (low, high) = (low - size / 10, high + size / 10);
        high = Math.Min(high, limit);

        var step = RoundStep((high - low) / WantedTicks);
        var (first, last) = (Math.Floor(low / step), Math.Ceiling(high / step));
        double[] ticks = [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)];
        return new(ticks[0], ticks[^1], step, ticks);
    }

    /// <summary>An axis from one whole number to another; a single one is in the middle.</summary>
    public static ChartAxis ForEpochs(int first, int last)
    {
        if (first == last) return new(first - 0.5, last + 0.5, 1, [first]);
        var step = Math.Max(1, RoundStep((last - first) / (double)WantedTicks));
        var rounded = Enumerable.Range(1, (int)(last / step)).Select(i => i * step).Where(tick => tick > first);
        return new(first, last, step, [first, .. rounded]);
    }

    /// <summary>The coordinate of a value, between the coordinates of the axis's ends.</summary>
    public double ToCoordinate(double value, double start, double end) =>
        start + (value - Low) / (High - Low) * (end - start);

    /// <summary>A number with as many decimals as the step needs.</summary>
    public string FormatLabel(double value)
    {
        if (value == 0) return "0";
        var decimals = Math.Max(0, -(int)Math.Floor(Math.Log10(Step) + 1e-9));
        var format = Math.Max(Math.Abs(Low), Math.Abs(High)) >= 1e6 || decimals > 6 ? "0.##e+0" : $"F{decimals}";
        return value.ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>The smallest of 1, 2 and 5 times a power of ten that is not below a number above 0.</summary>
    private static double RoundStep(double atLeast)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(atLeast)));
        return power * (atLeast / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
    }
}
