using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Every variant of the convolution computes what the naive loop does.</summary>
public sealed class ConvVariantTests
{
    private static readonly ConvProblem Small = new(images: 2, channels: 5, side: 8, outputs: 32, kernel: 3);
    private static readonly ConvProblem Large = new(images: 16, channels: 32, side: 8, outputs: 32, kernel: 5);

    [Test]
    public void Every_variant_agrees_with_the_naive_loop()
    {
        var variants = ConvVariant.All(Small, threads: 3);
        variants[0].Compute();
        var naive = variants[0].Result();
        foreach (var variant in variants)
        {
            variant.Compute();
            // Sums of 45 products in another order differ by about √45 roundings of 2⁻²⁴; ten times that is an error.
            var most = 10 * Math.Sqrt(45) * Math.Pow(2, -24);
            Assert.That(ConvVariant.RelativeError(variant.Result(), naive), Is.LessThan(most), variant.Name);
        }
    }

    [Test]
    public void Winograds_variant_differs_from_the_direct_one_by_rounding_alone()
    {
        var results = ConvVariant.All(Large, threads: 2).TakeLast(3).Select(variant =>
        {
            variant.Compute();
            return variant.Result();
        }).ToArray();
        Assert.That(ConvVariant.RelativeError(results[1], results[0]), Is.InRange(1e-9, 1e-5), "Winograd and direct");
        Assert.That(results[2], Is.EqualTo(results[1]), "the same bits for any number of threads");
    }

    [Test]
    public void The_naive_loop_is_the_definition()
    {
        var variant = ConvVariant.All(Small, threads: 1)[0];
        variant.Compute();
        var (x, w) = (ReferenceTensor.Of(Small.XTensor), ReferenceTensor.Of(Small.WeightTensor));
        var expected = ReferenceTensor.Of(Small.YShape, i => Sum(i[0], i[1], i[2], i[3]));
        float[] y = [.. expected.Values.ToArray().Select(v => (float)v)];
        Assert.That(ConvVariant.RelativeError(variant.Result(), y), Is.LessThan(1e-6));

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
