using System.Reflection;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What holds for every elementwise formula and each width that it is run in.</summary>
[Category("Kernels")]
public sealed class FormulaTests
{
    private const BindingFlags AnyInstance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Formulas with parameters; those without are found by reflection.</summary>
    private static readonly IUnaryFormula[] WithParameters =
    [
        new LeakyRelu(0.1f), new Elu(1.5f), new PyNetSharp.Softplus(0.5f), new Clamp(-2, 3), new Reciprocal(2.5f),
        new PowScalar(2.5f), new PowScalar(-3), new WithScalar<Divide>(3), new WithScalar<Maximum>(0.5f),
        new WithScalar<Pow>(3), new WithScalar<Greater>(1),
    ];

    private static IEnumerable<IUnaryFormula> Formulas =>
    [
        .. WithParameters,
        .. from type in typeof(IUnaryFormula).Assembly.GetTypes()
           where type.IsValueType && !type.IsGenericTypeDefinition && type.IsAssignableTo(typeof(IUnaryFormula))
           where !WithParameters.Any(formula => formula.GetType() == type)
           select (IUnaryFormula)Activator.CreateInstance(type)!,
    ];

    [Test]
    public void A_formula_with_parameters_is_tested_with_values_for_them() => Assert.That(
        Formulas.Except(WithParameters)
            .Where(formula => formula.GetType().GetFields(AnyInstance).Length > 0).Select(formula => formula.GetType()),
        Is.Empty);

    /// <summary>
    /// Steps of 1e-3·x in Richardson's difference leave 1e-12 of a fifth derivative, and 1e-13 of rounding.
    /// </summary>
    [TestCaseSource(nameof(Formulas))]
    public void Derivative_in_double(IUnaryFormula formula) => Run(nameof(CheckDerivative), formula);

    private static void CheckDerivative<TFormula>(TFormula formula) where TFormula : struct, IUnaryFormula
    {
        for (var x = -9.95; x < 10; x += 0.1)       // passes whole numbers and halves at a distance of 0.05
        {
            var h = 1e-3 * Math.Min(1, Math.Abs(x));        // 1/x and log x change fast near 0
            var numeric = (8 * (F(x + h) - F(x - h)) - (F(x + 2 * h) - F(x - 2 * h))) / (12 * h);
            if (double.IsNaN(numeric)) continue;    // outside of the function's domain
            var scale = 1 + Math.Abs(numeric) + Math.Abs(F(x));
            var derivative = formula.D(new F64(TFormula.UsesOutput ? F(x) : x)).V;
            Assert.That(derivative, Is.EqualTo(numeric).Within(1e-8 * scale), $"at {x}");
        }

        double F(double x) => formula.F(new F64(x)).V;
    }

    [TestCaseSource(nameof(Formulas))]
    public void Every_length_equals_one_at_a_time_and_writes_only_its_span(IUnaryFormula formula) =>
        Run(nameof(CheckLengths), formula);

    private static void CheckLengths<TFormula>(TFormula formula) where TFormula : struct, IUnaryFormula
    {
        const float canary = 12345.678f;
        var rng = new Rng(5);
        for (var n = 0; n <= 70; n++)
        {
            var (x, dy) = (Draw(n), Draw(n));
            var (y, dx) = (new float[n + 2], new float[n + 2]);
            (y[0], y[^1], dx[0], dx[^1]) = (canary, canary, canary, canary);
            ElementwiseLoops.Forward(formula, x, y.AsSpan(1, n));
            ElementwiseLoops.Backward(formula, x, dy, dx.AsSpan(1, n));

            float[] expectedY = [canary, .. x.Select(v => formula.F(new F32(v)).V), canary];
            float[] expectedDx = [canary, .. x.Zip(dy, (v, g) => g * formula.D(new F32(v)).V), canary];
            Assert.That(y, Is.EqualTo(expectedY), $"forward, length {n}");
            Assert.That(dx, Is.EqualTo(expectedDx), $"backward, length {n}");
        }

        float[] Draw(int n) => [.. Enumerable.Range(0, n).Select(_ => rng.NextFloat(-5, 5))];
    }

    /// <summary>All widths on every CPU: without the registers the runtime computes the same in halves.</summary>
    [TestCaseSource(nameof(Formulas))]
    public void Every_vector_width_agrees_to_the_bit(IUnaryFormula formula) => Run(nameof(CheckWidths), formula);

    private static void CheckWidths<TFormula>(TFormula formula) where TFormula : struct, IUnaryFormula
    {
        var rng = new Rng(6);
        float[] special =
        [
            0, -0f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e-40f, -1e-40f, 100, -100,
            float.MaxValue, 1e6f,
        ];
        for (var round = 0; round < 200; round++)
        {
            float[] x = [.. special, .. Enumerable.Range(0, 5).Select(_ => rng.NextFloat(-20, 20))];
            rng.Shuffle<float>(x);
            float[] y = [.. x.Select(v => formula.F(new F32(v)).V)], d = [.. x.Select(v => formula.D(new F32(v)).V)];
            Check<F32x16>(x, y, d);
            Check<F32x8>(x, y, d);
            Check<F32x4>(x, y, d);
        }

        unsafe void Check<V>(float[] x, float[] expectedF, float[] expectedD) where V : struct, IVector<V>
        {
            float[] f = new float[V.Width], d = new float[V.Width];
            fixed (float* from = x, toF = f, toD = d)
            {
                formula.F(V.Load(from)).Store(toF);
                formula.D(V.Load(from)).Store(toD);
            }

            Assert.That(f, Is.EqualTo(expectedF[..V.Width]));
            Assert.That(d, Is.EqualTo(expectedD[..V.Width]));
        }
    }

    [Test]
    public void Relu_keeps_NaN_and_infinity()
    {
        float[] x = [.. Enumerable.Repeat(-1f, 40)];
        (x[3], x[17], x[38], x[39]) = (float.NaN, float.PositiveInfinity, float.NaN, float.NegativeInfinity);
        var y = Tensor.From([40], x).Relu().ToArray();
        Assert.That(y, Is.EqualTo(x.Select(v => v < 0 ? 0 : v)));
    }

    private static void Run(string check, IUnaryFormula formula) =>
        typeof(FormulaTests).GetMethod(check, BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(formula.GetType())
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [formula], null);
}
