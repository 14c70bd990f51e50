using System.Runtime.Intrinsics;

namespace PyNetSharp;

/// <summary>Eight floats: a AVX2 register.</summary>
internal readonly record struct F32x8(Vector256<float> V) : ISingle<F32x8>
{
    public static F32x8 Of(float value) => new(Vector256.Create(value));

    public static F32x8 operator +(F32x8 a, F32x8 b) => new(a.V + b.V);

    public static F32x8 operator -(F32x8 a, F32x8 b) => new(a.V - b.V);

    public static F32x8 operator *(F32x8 a, F32x8 b) => new(a.V * b.V);

    public static F32x8 operator /(F32x8 a, F32x8 b) => new(a.V / b.V);

    public static F32x8 operator -(F32x8 x) => new(-x.V);

    public static F32x8 Max(F32x8 a, F32x8 b) => new(Vector256.MaxNative(a.V, b.V));

    public static F32x8 Exp(F32x8 x) => Exponential.Of(x);

    public static F32x8 IfPositive(F32x8 x, F32x8 then, F32x8 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.GreaterThan(x.V, Vector256<float>.Zero), then.V, otherwise.V));

    public static F32x8 MultiplyAdd(F32x8 a, F32x8 b, F32x8 c) => new(Vector256.FusedMultiplyAdd(a.V, b.V, c.V));

    /// <inheritdoc cref="F32.Scale"/>
    public static F32x8 Scale(F32x8 x, F32x8 shifted)
    {
        var n = shifted.V.AsInt32() - Vector256.Create(Exponential.Shift).AsInt32();
        var half = n >> 1;
        return new(x.V * Power(half) * Power(n - half));

        static Vector256<float> Power(Vector256<int> n) => ((n + Vector256.Create(127)) << 23).AsSingle();
    }
}
