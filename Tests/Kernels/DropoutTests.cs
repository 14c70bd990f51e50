using System.Runtime.Intrinsics;
using NUnit.Framework;

namespace PyNetSharp.Tests;

[Category("Kernels")]
public sealed class DropoutTests
{
    private const int Count = 1 << 20;

    [Test]
    public void Masks_are_the_same_for_every_vector_width_and_first_position()
    {
        var mask = new DropoutMask(0.3f, 42);
        float[] ones = [.. Enumerable.Repeat(1f, 70)], whole = new float[1000];
        mask.Apply([.. Enumerable.Repeat(1f, 1000)], 0, whole);
        for (var n = 0; n <= 70; n++)
            for (var first = 0; first < 40; first += 13)
            {
                var y = new float[n + 2];
                (y[0], y[^1]) = (-1, -1);
                mask.Apply(ones.AsSpan(0, n), first, y.AsSpan(1, n));
                Assert.That(y, Is.EqualTo((float[])[-1, .. whole[first..(first + n)], -1]));
            }

        for (uint i = 0; i < 100_000; i += 16)
        {
            uint[] positions = [.. Enumerable.Range((int)i, 16).Select(p => (uint)p * 77777)];
            uint[] expected = [.. positions.Select(mask.Hash)];
            Assert.That(mask.Hash(Vector512.Create(positions)), Is.EqualTo(Vector512.Create(expected)));
            Assert.That(mask.Hash(Vector256.Create(positions)), Is.EqualTo(Vector256.Create(expected)));
        }
    }

    /// <summary>Within five standard deviations, √(p(1 − p)/n) each.</summary>
    [Test]
    public void The_fraction_that_is_dropped_is_p(
        [Values(0.01f, 0.1f, 0.5f, 0.9f)] float p, [Values(1u, 2u, 12345678901234u)] ulong seed)
    {
        var y = Tensor.Full([Count], 1).Dropout(p, seed).ToArray();
        var dropped = y.Count(v => v == 0) / (double)Count;
        Assert.That(dropped, Is.EqualTo(p).Within(5 * Math.Sqrt(p * (1 - p) / Count)));
        Assert.That(y.Where(v => v != 0), Is.All.EqualTo(1 / (1 - p)));
    }

    /// <summary>
    /// Bits as ±1: the mean of products of n independent pairs has the standard deviation 1/√n. Tests neighbors,
    /// distances of common row lengths, and the same position for seeds that are consecutive or differ in one high bit,
    /// to five deviations.
    /// </summary>
    [Test]
    public void Neighbors_and_seeds_are_not_correlated()
    {
        var limit = 5 / Math.Sqrt(Count);
        var bits = Bits(1);
        foreach (var distance in (int[])[1, 2, 3, 4, 7, 8, 16, 32, 64, 96, 128, 192, 1000, 1024, 4096, 65536])
            Assert.That(Correlation(bits[distance..], bits), Is.EqualTo(0).Within(limit), $"{distance} apart");
        foreach (var seed in (ulong[])[2, 3, 5, 1 | (1UL << 32), 1 | (1UL << 63)])
            for (var distance = 0; distance < 3; distance++)
                Assert.That(
                    Correlation(Bits(seed)[distance..], bits), Is.EqualTo(0).Within(limit),
                    $"seed {seed}, {distance} apart");

        static float[] Bits(ulong seed) =>
            [.. Tensor.Full([Count], 1).Dropout(0.5f, seed).ToArray().Select(v => v - 1)];

        static double Correlation(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum() / a.Length;
    }

    /// <summary>
    /// The numbers dropped per block of 256 have a binomial distribution: variance 64, to five times √(2/4096) of it.
    /// </summary>
    [Test]
    public void Counts_in_blocks_have_a_binomial_variance()
    {
        var y = Tensor.Full([Count], 1).Dropout(0.5f, 9).ToArray();
        var counts = y.Chunk(256).Select(block => block.Count(v => v == 0)).ToArray();
        var variance = counts.Average(c => (c - 128.0) * (c - 128.0));
        Assert.That(variance, Is.EqualTo(64).Within(5 * 64 * Math.Sqrt(2.0 / counts.Length)));
    }

    [Test]
    public void Dropout2d_drops_whole_channels()
    {
        var channels = Tensor.Full([64, 32, 3, 3], 1).Dropout2d(0.25f, 3).ToArray().Chunk(9).ToArray();
        Assert.That(channels.Select(channel => channel.Distinct().Count()), Is.All.EqualTo(1));
        var dropped = channels.Count(channel => channel[0] == 0) / (double)channels.Length;
        Assert.That(dropped, Is.EqualTo(0.25).Within(5 * Math.Sqrt(0.25 * 0.75 / channels.Length)));
    }

    [Test]
    public void Probability_0_returns_the_same_tensor()
    {
        var x = Tensor.Zeros([1, 1, 1, 1]);
        Assert.That(x.Dropout(0, 1), Is.SameAs(x));
        Assert.That(x.Dropout2d(0, 1), Is.SameAs(x));
    }

    [Test]
    public void Probability_1_makes_infinity_zero_too() =>
        Assert.That(Tensor.Full([40], float.PositiveInfinity).Dropout(1, 1).ToArray(), Is.All.EqualTo(0));

    [TestCase(-0.1f)]
    [TestCase(1.1f)]
    [TestCase(float.NaN)]
    public void A_probability_outside_0_to_1_throws(float p)
    {
        var x = Tensor.Zeros([1, 1, 1, 1]);
        Assert.That(
            () => x.Dropout(p, 1),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("from 0 to 1"));
        Assert.That(() => x.Dropout2d(p, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
