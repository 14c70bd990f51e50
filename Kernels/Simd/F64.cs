namespace PyNetSharp.Kernels.Simd;

/// <summary>One double: precise enough to compare a derivative with differences of its function.</summary>
internal readonly record struct F64(double V) : IReal<F64>
{
    public static F64 Create(float value) => new(value);

    public static F64 operator +(F64 a, F64 b) => new(a.V + b.V);

    public static F64 operator -(F64 a, F64 b) => new(a.V - b.V);

    public static F64 operator *(F64 a, F64 b) => new(a.V * b.V);

    public static F64 operator /(F64 a, F64 b) => new(a.V / b.V);

    public static F64 operator -(F64 x) => new(-x.V);

    public static F64 Max(F64 a, F64 b) => a.V > b.V ? a : b;

    public static F64 Min(F64 a, F64 b) => a.V < b.V ? a : b;

    public static F64 Sqrt(F64 x) => new(Math.Sqrt(x.V));

    public static F64 Exp(F64 x) => new(Math.Exp(x.V));

    public static F64 Log(F64 x) => new(Math.Log(x.V));

    public static F64 Sin(F64 x) => new(Math.Sin(x.V));

    public static F64 Cos(F64 x) => new(Math.Cos(x.V));

    public static F64 Tanh(F64 x) => new(Math.Tanh(x.V));

    /// <summary>By its series at 0 and, from 3 on, by the continued fraction of erfc; both to 1e-15.</summary>
    public static F64 Erf(F64 x)
    {
        var t = Math.Abs(x.V);
        if (!(t < 3))
        {
            var fraction = t;
            for (var k = 60; k >= 1; k--) fraction = t + k / 2.0 / fraction;
            return new(Math.CopySign(1 - Math.Exp(-t * t) / (Math.Sqrt(Math.PI) * fraction), x.V));
        }

        double term = x.V, sum = x.V;
        for (var n = 1; n < 100; n++)
        {
            term *= -x.V * x.V / n;
            sum += term / (2 * n + 1);
        }

        return new(2 / Math.Sqrt(Math.PI) * sum);
    }

    public static F64 Pow(F64 x, F64 y) => new(Math.Pow(x.V, y.V));

    public static F64 SelectPositive(F64 x, F64 then, F64 otherwise) => x.V > 0 ? then : otherwise;

    public static F64 SelectNonPositive(F64 x, F64 then, F64 otherwise) => x.V <= 0 ? then : otherwise;

    public static F64 SelectGreater(F64 a, F64 b, F64 then, F64 otherwise) => a.V > b.V ? then : otherwise;

    public static F64 SelectEqual(F64 a, F64 b, F64 then, F64 otherwise) => a.V == b.V ? then : otherwise;
}
