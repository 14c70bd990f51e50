using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class InitializationTests
{
    private const int Inputs = 6, Outputs = 500, Kernel = 3;

    // Means of n draws have the standard deviation σ/√n; five of them are exceeded once in two million runs. Seeds are
    // fixed.
    private const double Sigmas = 5;

    private static Conv2d Conv(Initialization scheme, ulong seed = 1)
    {
        var conv = new Conv2d(Inputs, Outputs, Kernel, new(99));
        conv.Initialize(scheme, new(seed));
        return conv;
    }

    [Test]
    public void Default_is_uniform_in_one_over_root_of_fan_in()
    {
        var bound = 1 / Math.Sqrt(Inputs * Kernel * Kernel);
        var conv = Conv(Initialization.Default);
        AssertUniform(conv.Weight, bound);
        AssertUniform(conv.Bias!, bound);
    }

    [Test]
    public void Xavier_is_uniform_by_both_fans_with_zero_biases()
    {
        var conv = Conv(Initialization.Xavier);
        AssertUniform(conv.Weight, Math.Sqrt(6.0 / (Kernel * Kernel * (Inputs + Outputs))));
        Assert.That(conv.Bias!.ToArray(), Is.All.Zero);
    }

    [Test]
    public void Kaiming_is_normal_of_variance_two_over_fan_in_with_zero_biases()
    {
        var conv = Conv(Initialization.Kaiming);
        var w = conv.Weight.ToArray();
        var variance = 2.0 / (Inputs * Kernel * Kernel);

        Assert.That(w.Average(v => (double)v), Is.EqualTo(0).Within(Sigmas * Math.Sqrt(variance / w.Length)));
        Assert.That(
            w.Average(v => (double)v * v), Is.EqualTo(variance).Within(Sigmas * variance * Math.Sqrt(2.0 / w.Length)));
        var beyondTwoSigma = w.Count(v => v * v > 4 * variance) / (double)w.Length;
        Assert.That(beyondTwoSigma, Is.EqualTo(0.0455).Within(Sigmas * Math.Sqrt(0.0455 / w.Length)));
        Assert.That(conv.Bias!.ToArray(), Is.All.Zero);
    }

    [Test]
    public void A_seed_gives_the_same_weights_and_another_seed_others([Values] Initialization scheme)
    {
        var once = Conv(scheme, 5).Weight.ToArray();
        Assert.That(Conv(scheme, 5).Weight.ToArray(), Is.EqualTo(once));
        Assert.That(Conv(scheme, 6).Weight.ToArray(), Is.Not.EqualTo(once));
    }

    [Test]
    public void A_model_is_initialized_layer_by_layer()
    {
        var rng = new Rng(1);
        var model = new Sequential(new Sequential(new Conv2d(1, 2, 3, rng)), new Flatten(), new Linear(2, 3, rng));
        model.Initialize(Initialization.Default, new(7));

        var again = new Rng(7);
        Parameter[] expected = [.. new Conv2d(1, 2, 3, again).Parameters(), .. new Linear(2, 3, again).Parameters()];
        Assert.That(model.Parameters().SelectMany(p => p.ToArray()), Is.EqualTo(expected.SelectMany(p => p.ToArray())));
    }

    private static void AssertUniform(Tensor tensor, double bound)
    {
        var values = tensor.ToArray();
        var variance = bound * bound / 3;
        Assert.That(values.Max(Math.Abs), Is.LessThanOrEqualTo((float)bound).And.GreaterThan(0.95 * bound));
        Assert.That(values.Average(v => (double)v), Is.EqualTo(0).Within(Sigmas * Math.Sqrt(variance / values.Length)));
        Assert.That(
            values.Average(v => (double)v * v),
            Is.EqualTo(variance).Within(Sigmas * variance * Math.Sqrt(0.8 / values.Length)));
    }
}
