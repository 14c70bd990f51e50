using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Layer and group normalization beyond the op table: accuracy, options, layers.</summary>
[Category("Kernels")]
public sealed class NormalizationTests
{
    /// <summary>
    /// x is 1000 ± 1 with a spacing of 2⁻¹⁴: the mean is off by up to 2⁻¹⁵, x − mean rounds to as much again, and the
    /// square root of the variance hardly differs.
    /// </summary>
    [Test]
    public void A_mean_far_from_zero_costs_no_accuracy()
    {
        var rng = new Rng(3);
        var x = Tensor.Uniform([2, 8, 16, 16], 999, 1001, rng);
        foreach (var y in (Tensor[])[x.LayerNorm([8, 16, 16]), x.GroupNorm(1)])
            foreach (var (values, normalized) in x.ToArray().Chunk(2048).Zip(y.ToArray().Chunk(2048)))
            {
                var mean = values.Average(v => (double)v);
                var std = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)) + 1e-5);
                Assert.That(normalized, Is.EqualTo(values.Select(v => (v - mean) / std)).Within(2e-4));
            }
    }

    [Test]
    public void One_group_is_layer_norm_over_the_image_and_as_many_as_channels_are_one_layer_norm_each()
    {
        var x = Tensor.Uniform([3, 6, 5, 7], -1, 1, new Rng(1));
        Assert.That(x.GroupNorm(1).ToArray(), Is.EqualTo(x.LayerNorm([6, 5, 7]).ToArray()).Within(1e-6));
        Assert.That(x.GroupNorm(6).ToArray(), Is.EqualTo(x.LayerNorm([5, 7]).ToArray()).Within(1e-6));
    }

    [Test]
    public void A_constant_item_becomes_the_bias()
    {
        var (weight, bias) = (Tensor.Full([4], 2), Tensor.From([4], [1, 2, 3, 4]));
        Assert.That(Tensor.Full([1, 4], 0.3f).LayerNorm([4], weight, bias).ToArray(), Is.EqualTo(bias.ToArray()));
        Assert.That(Tensor.Full([1, 4, 1, 1], 0.3f).GroupNorm(2, weight, bias).ToArray(), Is.EqualTo(bias.ToArray()));
    }

    [Test]
    public void Arguments_outside_their_range_are_errors()
    {
        var x = Tensor.Zeros([2, 4]);
        foreach (var eps in (float[])[0, -1, float.NaN, float.PositiveInfinity])
        {
            Assert.That(() => x.LayerNorm([4], eps: eps), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => x.GroupNorm(2, eps: eps), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new LayerNorm(4, eps), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new GroupNorm(2, 4, eps), Throws.TypeOf<ArgumentOutOfRangeException>());
        }

        Assert.That(() => x.GroupNorm(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => x.LayerNorm([4], weight: Tensor.Zeros([4])), Throws.ArgumentException);
        Assert.That(() => x.GroupNorm(2, bias: Tensor.Zeros([4])), Throws.ArgumentException);
        Assert.That(() => new LayerNorm(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new LayerNorm(Shape.Create([])), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new GroupNorm(3, 4), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new GroupNorm(0, 4), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new GroupNorm(1, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new GroupNorm(2, 4).Forward(Tensor.Zeros([2, 6])), Throws.TypeOf<ShapeException>());
    }

    [Test]
    public void Layers_hold_their_parameters_or_none()
    {
        var x = Tensor.Uniform([2, 4, 3, 3], -1, 1, new Rng(1));
        Assert.That(new LayerNorm([4, 3, 3]).Forward(x).ToArray(), Is.EqualTo(x.LayerNorm([4, 3, 3]).ToArray()));
        Assert.That(new GroupNorm(2, 4).Forward(x).ToArray(), Is.EqualTo(x.GroupNorm(2).ToArray()));
        Assert.That(new LayerNorm([4, 3, 3]).State().Select(s => s.Name), Is.EqualTo(new[] { "weight", "bias" }));
        Assert.That(new GroupNorm(2, 4).State().Select(s => s.Name), Is.EqualTo(new[] { "weight", "bias" }));
        Assert.That(new LayerNorm(4, elementwiseAffine: false).State(), Is.Empty);
        Assert.That(new GroupNorm(2, 4, affine: false).State(), Is.Empty);
    }

    /// <summary>The masks are hashes of item and channel, which are the same.</summary>
    [Test]
    public void Dropout1d_drops_the_channels_that_Dropout2d_does()
    {
        var oned = Tensor.Full([8, 33, 5], 1).Dropout1d(0.4f, 3).ToArray();
        Assert.That(oned, Is.EqualTo(Tensor.Full([8, 33, 5, 1], 1).Dropout2d(0.4f, 3).ToArray()));
        foreach (var channel in oned.Chunk(5)) Assert.That(channel.Distinct().Count(), Is.EqualTo(1));
        Assert.That(oned.Distinct(), Is.EquivalentTo(new[] { 0, 1 / (1 - 0.4f) }));
        var layers = (new Dropout1d(new(1), 0.4f), new Dropout1d(new(1), 0.4f));
        var x = Tensor.Full([8, 33, 5], 1);
        Assert.That(layers.Item1.Forward(x).ToArray(), Is.EqualTo(layers.Item2.Forward(x).ToArray()), "reproducible");
        Assert.That(layers.Item1.Eval().Forward(x), Is.SameAs(x));
    }
}
