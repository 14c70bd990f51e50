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

    public static F64 Sqrt(F64 x) => new(Math.Sqrt(x.V));

    public static F64 Exp(F64 x) => new(Math.Exp(x.V));

    public static F64 SelectPositive(F64 x, F64 then, F64 otherwise) => x.V > 0 ? then : otherwise;

    public static F64 SelectNonPositive(F64 x, F64 then, F64 otherwise) => x.V <= 0 ? then : otherwise;
}
