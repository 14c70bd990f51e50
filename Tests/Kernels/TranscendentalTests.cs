using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>How precise the functions of <see cref="IReal{T}"/> are, and what they yield at the ends.</summary>
[Category("Kernels")]
public sealed class TranscendentalTests
{
    [TestCase("Exp", -87.3, 88.7)]
    [TestCase("Log", 1e-3, 10)]
    [TestCase("Log", 0.5, 2)]
    [TestCase("Log", 1e30, 3e38)]
    [TestCase("Log", 1e-44, 1e-38)]
    [TestCase("Tanh", -10, 10)]
    [TestCase("Tanh", 1e-8, 1e-3)]
    [TestCase("Erf", -5, 5)]
    [TestCase("Erf", 1e-8, 1e-3)]
    [TestCase("Sin", -4, 4)]
    [TestCase("Sin", -8192, 8192)]
    [TestCase("Sin", 1e5, 1e9)]
    [TestCase("Cos", -4, 4)]
    [TestCase("Cos", -8192, 8192)]
    [TestCase("Cos", -3e38, -1e30)]
    public void Within_two_units_in_the_last_place(string function, double low, double high)
    {
        var (single, exact) = Functions[function];
        var worst = (Error: 0.0, X: 0f);
        for (var i = 0; i <= 100_000; i++)
        {
            var x = (float)(low + (high - low) * i / 100_000);
            var expected = exact(x);
            var unit = Math.Max(Unit(expected), function is "Sin" or "Cos" ? MathF.Pow(2, -25) : 0);
            var error = Math.Abs(single(x) - expected) / unit;
            if (!(error <= worst.Error)) worst = (error, x);
        }

        Assert.That(worst.Error, Is.LessThan(2), $"at {worst.X:R}");
    }

    [TestCase(float.NaN, ExpectedResult = float.NaN)]
    [TestCase(float.PositiveInfinity, ExpectedResult = float.PositiveInfinity)]
    [TestCase(float.NegativeInfinity, ExpectedResult = 0f)]
    [TestCase(88.8f, ExpectedResult = float.PositiveInfinity)]
    [TestCase(-104f, ExpectedResult = 0f)]
    [TestCase(0f, ExpectedResult = 1f)]
    [TestCase(-100f, ExpectedResult = 3.783506e-44f, Description = "a denormal of 27 steps")]
    public float Exponential_at_the_ends(float x) => F32.Exp(new(x)).V;

    [TestCase(float.NaN, ExpectedResult = float.NaN)]
    [TestCase(float.PositiveInfinity, ExpectedResult = float.PositiveInfinity)]
    [TestCase(0f, ExpectedResult = float.NegativeInfinity)]
    [TestCase(-0f, ExpectedResult = float.NegativeInfinity)]
    [TestCase(-1e-40f, ExpectedResult = float.NaN)]
    [TestCase(float.NegativeInfinity, ExpectedResult = float.NaN)]
    [TestCase(1f, ExpectedResult = 0f)]
    public float Logarithm_at_the_ends(float x) => F32.Log(new(x)).V;

    [TestCase("Tanh", float.PositiveInfinity, ExpectedResult = 1f)]
    [TestCase("Tanh", float.NegativeInfinity, ExpectedResult = -1f)]
    [TestCase("Tanh", float.NaN, ExpectedResult = float.NaN)]
    [TestCase("Erf", float.PositiveInfinity, ExpectedResult = 1f)]
    [TestCase("Erf", float.NegativeInfinity, ExpectedResult = -1f)]
    [TestCase("Erf", float.NaN, ExpectedResult = float.NaN)]
    [TestCase("Sin", float.PositiveInfinity, ExpectedResult = float.NaN)]
    [TestCase("Cos", float.NegativeInfinity, ExpectedResult = float.NaN)]
    [TestCase("Sin", float.NaN, ExpectedResult = float.NaN)]
    public float Others_at_the_ends(string function, float x) => Functions[function].Single(x);

    /// <summary>The GPU's reduction of large arguments, here on the CPU.</summary>
    [Test]
    public void Large_arguments_are_reduced_on_GPUs_too()
    {
        var rng = new Rng(3);
        for (var i = 0; i < 10_000; i++)
        {
            var x = rng.NextFloat(-1, 1) * MathF.Pow(10, rng.NextFloat(4, 38));
            Assert.That(GpuFloat.Sin(new(x)).V, Is.EqualTo(Math.Sin(x)).Within(2e-7), $"sin {x:R}");
            Assert.That(GpuFloat.Cos(new(x)).V, Is.EqualTo(Math.Cos(x)).Within(2e-7), $"cos {x:R}");
        }
    }

    /// <summary>Of the sums of a softmax, which are 1 at least.</summary>
    [Test]
    public void Logarithms_of_sums_on_GPUs()
    {
        var rng = new Rng(4);
        for (var i = 0; i < 10_000; i++)
        {
            var x = MathF.Pow(10, rng.NextFloat(0, 6));
            Assert.That(Logarithm.Log(x), Is.EqualTo(Math.Log(x)).Within(4 * Unit(Math.Log(x))), $"{x:R}");
        }

        Assert.That(Logarithm.Log(1), Is.Zero);
        Assert.That(Logarithm.Log(float.NaN), Is.NaN);
    }

    /// <summary>An error of the exponent of 6e-8·|y·log x| times two is relative in the result.</summary>
    [Test]
    public void Powers_on_GPUs()
    {
        float[] bases = [0, -0f, 1, -1, 0.5f, -2, 3.7f, -2.5f, 1e-20f, 1e20f, float.PositiveInfinity, float.NaN];
        float[] exponents = [0, 1, -1, 2, 3, -3, 0.5f, 2.5f, 1e7f, 16777216];
        foreach (var x in bases)
            foreach (var y in exponents)
            {
                var exact = Math.Pow(x, y);
                var expected = (float)exact;
                var tolerance = float.IsFinite(expected) ? Math.Abs(exact) * 2e-5 : 0;
                if (Math.Abs(y) > 1e6 && expected is not (0 or 1 or -1) && float.IsFinite(expected)) continue;
                Assert.That(
                    Math.Abs(GpuFloat.Pow(new(x), new(y)).V), Is.EqualTo(Math.Abs(expected)).Within(tolerance),
                    $"{x} to the {y}");
                if (x < 0)
                    Assert.That(GpuFloat.Pow(new(x), new(y)).V < 0, Is.EqualTo(expected < 0), $"{x} to the {y}");
            }
    }

    private static Dictionary<string, (Func<float, float> Single, Func<double, double> Exact)> Functions => new()
    {
        ["Exp"] = (x => F32.Exp(new(x)).V, Math.Exp),
        ["Log"] = (x => F32.Log(new(x)).V, Math.Log),
        ["Tanh"] = (x => F32.Tanh(new(x)).V, Math.Tanh),
        ["Erf"] = (x => F32.Erf(new(x)).V, x => F64.Erf(new(x)).V),
        ["Sin"] = (x => F32.Sin(new(x)).V, Math.Sin),
        ["Cos"] = (x => F32.Cos(new(x)).V, Math.Cos),
    };

    /// <summary>The distance from a number to the next float.</summary>
    private static double Unit(double value)
    {
        var near = MathF.Abs((float)value);
        return (double)MathF.BitIncrement(near) - near;
    }
}
