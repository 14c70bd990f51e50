using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Layers of activations print as PyTorch's do, and compute the functions of their names.</summary>
/// <remarks>Softplus prints no threshold, because it needs none.</remarks>
public sealed class ActivationLayerTests
{
    /// <summary>The layer, what PyTorch prints for it, and the function in double.</summary>
    private static TestCaseData[] Layers =>
    [
        Case(new ELU(), "ELU(alpha=1.0)", x => x > 0 ? x : Math.Exp(x) - 1),
        Case(new ELU(0.25f), "ELU(alpha=0.25)", x => x > 0 ? x : 0.25 * (Math.Exp(x) - 1)),
        Case(new GELU(), "GELU(approximate='none')", null),
        Case(
            new GELU(approximate: true), "GELU(approximate='tanh')",
            x => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))),
        Case(new PyNetSharp.Layers.Hardswish(), "Hardswish()", x => x * Math.Clamp(x + 3, 0, 6) / 6),
        Case(new LeakyReLU(), "LeakyReLU(negative_slope=0.01)", x => x > 0 ? x : 0.01 * x),
        Case(new LeakyReLU(0.2f), "LeakyReLU(negative_slope=0.2)", x => x > 0 ? x : 0.2 * x),
        Case(new ReLU(), "ReLU()", x => Math.Max(x, 0)),
        Case(new SiLU(), "SiLU()", x => x / (1 + Math.Exp(-x))),
        Case(new PyNetSharp.Layers.Sigmoid(), "Sigmoid()", x => 1 / (1 + Math.Exp(-x))),
        Case(
            new PyNetSharp.Layers.Softplus(), "Softplus(beta=1.0)", x => Math.Log(1 + Math.Exp(x))),
        Case(
            new PyNetSharp.Layers.Softplus(2.5f), "Softplus(beta=2.5)",
            x => Math.Log(1 + Math.Exp(2.5 * x)) / 2.5),
        Case(new PyNetSharp.Layers.Tanh(), "Tanh()", Math.Tanh),
    ];

    private static TestCaseData Case(Module layer, string text, Func<double, double>? function) =>
        new TestCaseData(layer, text, function).SetArgDisplayNames(text);

    [TestCaseSource(nameof(Layers))]
    public void They_print_as_PyTorchs_do(Module layer, string text, Func<double, double>? function)
    {
        Assert.That($"{layer}", Is.EqualTo(text));
        Assert.That($"{new Sequential(layer)}", Is.EqualTo($"Sequential(\n  (0): {text}\n)"));
    }

    /// <summary>Within ten roundings of a value of size 1, of larger values relative to them.</summary>
    [TestCaseSource(nameof(Layers))]
    public void They_compute_their_functions_within_a_Sequential(
        Module layer, string text, Func<double, double>? function)
    {
        var rng = new Rng(4);
        var linear = new Linear(7, 5, rng);
        var x = Tensor.Uniform([6, 7], -4, 4, rng);
        var y = new Sequential(linear, layer).Forward(x);
        Shape expected = [6, 5];
        Assert.That(y.Shape, Is.EqualTo(expected), text);
        function ??= v => v * NormalDistribution(v);
        foreach (var (from, to) in linear.Forward(x).ToArray().Zip(y.ToArray()))
            Assert.That(to, Is.EqualTo(function(from)).Within(6e-7 * (1 + Math.Abs(function(from)))), $"at {from}");
    }

    [TestCaseSource(nameof(Layers))]
    public void They_have_gradients_and_no_state(Module layer, string text, Func<double, double>? function)
    {
        Assert.That(layer.State(), Is.Empty, text);
        var x = Tensor.Uniform([40], 0.1f, 3, new(6));          // one side of the kinks at −3, 0 and 3
        GradientCheck.Of(layer, Tensor.From([80], [.. x.ToArray(), .. x.ToArray().Select(v => -0.9f * v)]))
            .ThrowIfFailed();
    }

    /// <summary>½ + ∫ of the density from 0 to x, by Simpson's rule: its error is below 1e-10 here.</summary>
    private static double NormalDistribution(double x)
    {
        const int steps = 400;
        var (h, sum) = (x / steps, 0.0);
        for (var i = 0; i <= steps; i++)
            sum += (i is 0 or steps ? 1 : i % 2 == 1 ? 4 : 2) * Math.Exp(-i * h * i * h / 2);
        return 0.5 + sum * h / 3 / Math.Sqrt(2 * Math.PI);
    }
}
