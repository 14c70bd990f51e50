namespace PyNetSharp.Train;

/// <summary>A curve of one line of text, from all numbers so far: ▇▅▃▂▁.</summary>
/// <param name="width">The most characters; even.</param>
/// <remarks>
/// When it is full, neighbors are joined into their means, so that it always covers everything and takes constant
/// memory.
/// </remarks>
internal sealed class Sparkline(int width)
{
    private const string Levels = "▁▂▃▄▅▆▇█";

    private readonly List<double> means = new(width);
    private double sum;
    private int count, perMean = 1;

    /// <summary>Adds a number; one that is not finite is left out.</summary>
    public void Add(double value)
    {
        if (!double.IsFinite(value)) return;
        (sum, count) = (sum + value, count + 1);
        if (count < perMean) return;
        if (means.Count == width)
        {
            for (var i = 0; i < width / 2; i++) means[i] = (means[2 * i] + means[2 * i + 1]) / 2;
            means.RemoveRange(width / 2, width / 2);
            perMean *= 2;
            if (count < perMean) return;
        }

        means.Add(sum / count);
        (sum, count) = (0, 0);
    }

    /// <summary>The curve, from the lowest to the highest mean; empty where there are fewer than two.</summary>
    public override string ToString()
    {
        if (means.Count < 2) return "";
        var (low, high) = (means.Min(), means.Max());
        return string.Concat(means.Select(mean => Levels[Level(mean)]));

        int Level(double mean) => high > low ? (int)Math.Round((mean - low) / (high - low) * (Levels.Length - 1)) : 0;
    }
}
