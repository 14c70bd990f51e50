using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class GradientNormTests
{
    [Test]
    public void A_norm_above_the_limit_is_scaled_to_it()
    {
        var (a, b) = (WithGradient([3], [1, 2, 2]), WithGradient([1, 2], [4, -4]));
        var norm = new[] { a, b }.ClipGradNorm(2);

        Assert.That(norm, Is.EqualTo(Math.Sqrt(41)).Within(1e-12), "exact but for the root");
        Assert.That(
            a.Grad!.ToArray(), Is.EqualTo(new[] { 0.31234747f, 0.62469494f, 0.62469494f }).Within(1e-7f), "PyTorch's");
        Assert.That(b.Grad!.ToArray(), Is.EqualTo(new[] { 1.24938989f, -1.24938989f }).Within(2e-7f), "PyTorch's");
    }

    [Test]
    public void A_norm_below_the_limit_stays()
    {
        var a = WithGradient([3], [1, 2, 2]);
        Assert.That(new[] { a }.ClipGradNorm(3.1f), Is.EqualTo(3));
        Assert.That(a.Grad!.ToArray(), Is.EqualTo(new[] { 1f, 2, 2 }));
    }

    /// <summary>Both leaves of a sum share one gradient tensor, which is scaled once.</summary>
    [Test]
    public void A_gradient_that_two_parameters_share_is_scaled_once()
    {
        Parameter a = new(Tensor.Zeros([2])), b = new(Tensor.Zeros([2]));
        (a + b).Backward(Tensor.From([2], [3, 4]));
        Assert.That(
            new[] { a, b, a }.ClipGradNorm(1), Is.EqualTo(Math.Sqrt(50)).Within(1e-12),
            "a parameter given twice counts once");
        Assert.That(a.Grad!.ToArray(), Is.EqualTo(b.Grad!.ToArray()));
        Assert.That(a.Grad!.ToArray()[0], Is.EqualTo(3 / Math.Sqrt(50)).Within(1e-6));
    }

    [Test]
    public void Squares_beyond_single_precision_and_many_partial_sums_add_up()
    {
        var p = new Parameter(Tensor.Zeros([50_001]));
        p.Backward(Tensor.Full([50_001], 1e30f));
        Assert.That(new[] { p }.ClipGradNorm(1), Is.EqualTo(1e30f * Math.Sqrt(50_001)).Within(1e-9).Percent);
        Assert.That(p.Grad!.ToArray(), Is.All.EqualTo(1 / Math.Sqrt(50_001)).Within(1e-8));
    }

    [Test]
    public void NaN_shows()
    {
        var a = WithGradient([3], [1, float.NaN, 2]);
        Assert.That(new[] { a }.ClipGradNorm(1), Is.NaN);
        Assert.That(a.Grad!.ToArray(), Is.All.NaN);
    }

    [Test]
    public void Without_gradients_the_norm_is_zero() =>
        Assert.That(new[] { new Parameter(Tensor.Zeros([2])) }.ClipGradNorm(1), Is.Zero);

    [Test]
    public void The_greatest_norm_is_positive([Values(0f, -1f, float.NaN)] float norm) =>
        Assert.That(
            () => Array.Empty<Parameter>().ClipGradNorm(norm), Throws.InstanceOf<ArgumentOutOfRangeException>());

    private static Parameter WithGradient(Shape shape, float[] gradient)
    {
        var p = new Parameter(Tensor.Zeros(shape));
        p.Backward(Tensor.From(shape, gradient));
        return p;
    }
}
