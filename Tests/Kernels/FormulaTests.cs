using System.Reflection;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What holds for every elementwise formula and each width that it is run in.</summary>
[Category("Kernels")]
public sealed class FormulaTests
{
    private static IEnumerable<Type> Formulas =>
        from type in typeof(IUnaryFormula).Assembly.GetTypes()
        where type.IsValueType && type.IsAssignableTo(typeof(IUnaryFormula))
        select type;

    /// <summary>
    /// Steps of 1e-3 in Richardson's difference leave 1e-12 of a fifth derivative, and 1e-13 of rounding.
    /// </summary>
    [TestCaseSource(nameof(Formulas))]
    public void Derivative_in_double(Type formula) => Run(nameof(CheckDerivative), formula);

    private static void CheckDerivative<TMap>() where TMap : struct, IUnaryFormula
    {
        const double h = 1e-3;
        for (var x = -9.95; x < 10; x += 0.1)       // passes 0 at a distance of 0.05
        {
            var numeric = (8 * (F(x + h) - F(x - h)) - (F(x + 2 * h) - F(x - 2 * h))) / (12 * h);
            Assert.That(TMap.D(new F64(TMap.UsesOutput ? F(x) : x)).V, Is.EqualTo(numeric).Within(1e-8), $"at {x}");
        }

        static double F(double x) => TMap.F(new F64(x)).V;
    }

    [TestCaseSource(nameof(Formulas))]
    public void Every_length_equals_one_at_a_time_and_writes_only_its_span(Type formula) =>
        Run(nameof(CheckLengths), formula);

    private static void CheckLengths<TMap>() where TMap : struct, IUnaryFormula
    {
        const float canary = 12345.678f;
        var rng = new Rng(5);
        for (var n = 0; n <= 70; n++)
        {
            var (x, dy) = (Draw(n), Draw(n));
            var (y, dx) = (new float[n + 2], new float[n + 2]);
            (y[0], y[^1], dx[0], dx[^1]) = (canary, canary, canary, canary);
            ElementwiseLoops.Forward<TMap>(x, y.AsSpan(1, n));
            ElementwiseLoops.Backward<TMap>(x, dy, dx.AsSpan(1, n));

            float[] expectedY = [canary, .. x.Select(v => TMap.F(new F32(v)).V), canary];
            float[] expectedDx = [canary, .. x.Zip(dy, (v, g) => g * TMap.D(new F32(v)).V), canary];
            Assert.That(y, Is.EqualTo(expectedY), $"forward, length {n}");
            Assert.That(dx, Is.EqualTo(expectedDx), $"backward, length {n}");
        }

        float[] Draw(int n) => [.. Enumerable.Range(0, n).Select(_ => rng.NextFloat(-5, 5))];
    }

    /// <summary>All widths on every CPU: without the registers the runtime computes the same in halves.</summary>
    [TestCaseSource(nameof(Formulas))]
    public void Every_vector_width_agrees_to_the_bit(Type formula) => Run(nameof(CheckWidths), formula);

    private static void CheckWidths<TMap>() where TMap : struct, IUnaryFormula
    {
        var rng = new Rng(6);
        float[] special =
        [
            0, -0f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e-40f, -1e-40f, 100, -100,
            float.MaxValue,
        ];
        for (var round = 0; round < 200; round++)
        {
            float[] x = [.. special, .. Enumerable.Range(0, 6).Select(_ => rng.NextFloat(-20, 20))];
            rng.Shuffle<float>(x);
            float[] y = [.. x.Select(v => TMap.F(new F32(v)).V)], d = [.. x.Select(v => TMap.D(new F32(v)).V)];
            Check<F32x16>(x, y, d);
            Check<F32x8>(x, y, d);
            Check<F32x4>(x, y, d);
        }

        static unsafe void Check<V>(float[] x, float[] expectedF, float[] expectedD) where V : struct, IVector<V>
        {
            float[] f = new float[V.Width], d = new float[V.Width];
            fixed (float* from = x, toF = f, toD = d)
            {
                TMap.F(V.Load(from)).Store(toF);
                TMap.D(V.Load(from)).Store(toD);
            }

            Assert.That(f, Is.EqualTo(expectedF[..V.Width]));
            Assert.That(d, Is.EqualTo(expectedD[..V.Width]));
        }
    }

    [Test]
    public void Exponential_is_within_two_units_in_the_last_place()
    {
        var worst = 0.0;
        for (var x = -87.3; x < 88.7; x += 1.37e-3)
        {
            var exact = Math.Exp((float)x);
            worst = Math.Max(worst, Math.Abs(F32.Exp(new((float)x)).V - exact) / Unit(exact));
        }

        Assert.That(worst, Is.LessThan(2));

        static double Unit(double value) => MathF.BitIncrement((float)value) - (float)value;
    }

    [TestCase(float.NaN, ExpectedResult = float.NaN)]
    [TestCase(float.PositiveInfinity, ExpectedResult = float.PositiveInfinity)]
    [TestCase(float.NegativeInfinity, ExpectedResult = 0f)]
    [TestCase(88.8f, ExpectedResult = float.PositiveInfinity)]
    [TestCase(-104f, ExpectedResult = 0f)]
    [TestCase(0f, ExpectedResult = 1f)]
    [TestCase(-100f, ExpectedResult = 3.783506e-44f, Description = "a denormal of 27 steps")]
    public float Exponential_at_the_ends(float x) => F32.Exp(new(x)).V;

    [Test]
    public void Relu_keeps_NaN_and_infinity()
    {
        float[] x = [.. Enumerable.Repeat(-1f, 40)];
        (x[3], x[17], x[38], x[39]) = (float.NaN, float.PositiveInfinity, float.NaN, float.NegativeInfinity);
        var y = Tensor.From([40], x).Relu().ToArray();
        Assert.That(y, Is.EqualTo(x.Select(v => v < 0 ? 0 : v)));
    }

    private static void Run(string check, Type formula) =>
        typeof(FormulaTests).GetMethod(check, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(formula)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, null, null);
}
