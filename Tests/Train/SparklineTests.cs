using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The small curve beside a progress bar.</summary>
public sealed class SparklineTests
{
    [Test]
    public void A_curve_goes_from_the_lowest_to_the_highest()
    {
        Assert.That(Of(8, 7, 6, 5, 4, 3, 2, 1, 0), Is.EqualTo("█▇▆▅▄▃▂▁"));
        Assert.That(Of(8, -1e30, 1e30), Is.EqualTo("▁█"));
        Assert.That(Of(8, 0.5, 0.5, 0.5), Is.EqualTo("▁▁▁"), "all equal");
    }

    [Test]
    public void Too_few_numbers_are_no_curve_and_what_is_not_finite_is_left_out()
    {
        Assert.That(Of(8), Is.Empty);
        Assert.That(Of(8, 3), Is.Empty);
        Assert.That(Of(8, 3, double.NaN, double.PositiveInfinity, 2), Is.EqualTo("█▁"));
    }

    /// <summary>Means of equally many numbers: what was shown once stays in the curve.</summary>
    [Test]
    public void A_long_curve_keeps_its_beginning_and_its_width()
    {
        var curve = new Sparkline(8);
        for (var i = 0; i < 10_000; i++)
        {
            curve.Add(10_000 - i);
            var text = curve.ToString();
            Assert.That(text.Length, Is.LessThanOrEqualTo(8));
            if (text.Length > 0) Assert.That((text[0], text[^1]), Is.EqualTo(('█', '▁')), $"after {i + 1}");
        }
    }

    private static string Of(int width, params double[] values)
    {
        var curve = new Sparkline(width);
        foreach (var value in values) curve.Add(value);
        return curve.ToString();
    }
}
