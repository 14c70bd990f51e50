using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Resizing beyond the op table: PyTorch's coordinates, options, the layer.</summary>
[Category("Kernels")]
public sealed class UpsampleTests
{
    /// <summary>What torch.nn.functional.interpolate (PyTorch 1.13) takes in single precision.</summary>
    [TestCase(6, 74, 37, 2)]        // ⌊37·6/74⌋ is 3
    [TestCase(14, 46, 23, 6)]
    [TestCase(26, 22, 11, 12)]
    [TestCase(45, 333, 111, 14)]
    [TestCase(52, 44, 11, 12)]
    public void Nearest_neighbors_are_PyTorchs_where_exact_arithmetic_has_others(int n, int outputs, int at, int input)
    {
        var x = Tensor.From([1, 1, 1, n], [.. Enumerable.Range(0, n).Select(i => (float)i)]);
        Assert.That(x.Upsample(size: (1, outputs)).ToArray()[at], Is.EqualTo(input));
    }

    /// <summary>By the factors themselves it would be 0, 0, 0, 1 and 0, 0, 0, 1, 1, 2, as well as 0, 0.</summary>
    [TestCase(2, 1.1, new float[] { 0, 1 })]
    [TestCase(2, 2.3, new float[] { 0, 0, 1, 1 })]
    [TestCase(3, 2.3, new float[] { 0, 0, 1, 1, 2, 2 })]
    public void A_factor_that_yields_once_or_twice_the_extent_takes_pixels_alike(int n, double factor, float[] right)
    {
        var x = Tensor.From([1, 1, 1, n], [.. Enumerable.Range(0, n).Select(i => (float)i)]);
        Assert.That(x.Upsample(scaleFactor: (1, factor)).ToArray(), Is.EqualTo(right));
    }

    [Test]
    public void Equal_sizes_change_nothing()
    {
        var x = Tensor.Uniform([2, 3, 5, 7], -1, 1, new Rng(1));
        foreach (var mode in Enum.GetValues<UpsampleMode>())
        {
            Assert.That(x.Upsample(size: (5, 7), mode: mode).ToArray(), Is.EqualTo(x.ToArray()));
            Assert.That(x.Upsample(scaleFactor: 1.01, mode: mode).ToArray(), Is.EqualTo(x.ToArray()), "as PyTorch");
        }
    }

    /// <summary>A ramp stays one, also between the pixels.</summary>
    [Test]
    public void Aligned_corners_stay_where_they_are()
    {
        var x = Tensor.From([1, 1, 2, 3], [0, 2, 4, 6, 8, 10]);
        var y = x.Upsample(size: (3, 5), mode: UpsampleMode.Bilinear, alignCorners: true);
        Assert.That(y.ToArray(), Is.EqualTo(new float[] { 0, 1, 2, 3, 4, 3, 4, 5, 6, 7, 6, 7, 8, 9, 10 }));
    }

    [Test]
    public void Arguments_that_do_not_fit_together_are_errors()
    {
        var x = Tensor.Zeros([1, 1, 2, 2]);
        foreach (var (size, factor, mode, align) in ((Size2d?, ScaleFactor?, UpsampleMode, bool)[])
            [
                (null, null, UpsampleMode.Nearest, false),
                (2, 2.0, UpsampleMode.Nearest, false),
                (2, null, UpsampleMode.Nearest, true),
            ])
        {
            Assert.That(() => x.Upsample(size, factor, mode, align), Throws.ArgumentException);
            Assert.That(() => new Upsample(size, factor, mode, align), Throws.ArgumentException);
        }

        foreach (var (size, factor, mode) in ((Size2d?, ScaleFactor?, UpsampleMode)[])
            [
                ((0, 1), null, UpsampleMode.Nearest),
                (null, 0.0, UpsampleMode.Nearest),
                (null, (1.0, -2.0), UpsampleMode.Nearest),
                (null, double.NaN, UpsampleMode.Nearest),
                (null, double.PositiveInfinity, UpsampleMode.Nearest),
                (1, null, (UpsampleMode)7),
            ])
        {
            Assert.That(() => x.Upsample(size, factor, mode), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new Upsample(size, factor, mode), Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }

    [Test]
    public void The_layer_is_the_op()
    {
        var x = Tensor.Uniform([2, 3, 5, 7], -1, 1, new Rng(1));
        Assert.That(
            new Upsample(scaleFactor: (2, 1.5), mode: UpsampleMode.Bilinear).Forward(x).ToArray(),
            Is.EqualTo(x.Upsample(scaleFactor: (2, 1.5), mode: UpsampleMode.Bilinear).ToArray()));
        Assert.That(new Upsample((3, 4)).Forward(x).ToArray(), Is.EqualTo(x.Upsample((3, 4)).ToArray()));
    }
}
