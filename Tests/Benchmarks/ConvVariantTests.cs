using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Every rung of the ladder computes what the naive loop does.</summary>
public sealed class ConvVariantTests
{
    private static readonly ConvProblem Layer = new(images: 2, channels: 5, side: 8, outputs: 32, kernel: 3);
    private static readonly ConvProblem Large = new(images: 16, channels: 32, side: 8, outputs: 32, kernel: 5);

    [Test]
    public void Every_rung_agrees_with_the_naive_loop()
    {
        var rungs = ConvVariant.All(Layer, threads: 3);
        rungs[0].Compute();
        var naive = rungs[0].Result();
        foreach (var rung in rungs)
        {
            rung.Compute();
            // Sums of 45 products differ by the order of adding: some √45 roundings of 2⁻²⁴; ten times that is a fault.
            var most = 10 * Math.Sqrt(45) * Math.Pow(2, -24);
            Assert.That(ConvVariant.RelativeError(rung.Result(), naive), Is.LessThan(most), rung.Name);
        }
    }

    [Test]
    public void Winograds_rung_differs_from_the_direct_one_by_rounding_alone()
    {
        var results = ConvVariant.All(Large, threads: 2).TakeLast(3).Select(rung =>
        {
            rung.Compute();
            return rung.Result();
        }).ToArray();
        Assert.That(ConvVariant.RelativeError(results[1], results[0]), Is.InRange(1e-9, 1e-5), "other sums, the same result");
        Assert.That(results[2], Is.EqualTo(results[1]), "bit for bit, whatever the threads");
    }

    [Test]
    public void The_naive_loop_is_the_definition()
    {
        var rung = ConvVariant.All(Layer, threads: 1)[0];
        rung.Compute();
        var (x, w) = (ReferenceTensor.Of(Layer.XTensor), ReferenceTensor.Of(Layer.WeightTensor));
        var expected = ReferenceTensor.Of(Layer.YShape, i => Sum(i[0], i[1], i[2], i[3]));
        Assert.That(ConvVariant.RelativeError(rung.Result(), [.. expected.Values.ToArray().Select(v => (float)v)]), Is.LessThan(1e-6));

        double Sum(int n, int o, int row, int column)
        {
            var sum = 0.0;
            for (var c = 0; c < 5; c++)
                for (var kh = -1; kh <= 1; kh++)
                    for (var kw = -1; kw <= 1; kw++)
                        if (row + kh is >= 0 and < 8 && column + kw is >= 0 and < 8)
                            sum += x[n, c, row + kh, column + kw] * w[o, c, kh + 1, kw + 1];
            return sum;
        }
    }
}
