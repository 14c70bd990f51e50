using System.Runtime.Intrinsics;

namespace PyNetSharp.Kernels.Simd;

/// <summary>Eight floats: a AVX2 register.</summary>
internal readonly record struct F32x8(Vector256<float> V) : IFloat32<F32x8>
{
    public static F32x8 Create(float value) => new(Vector256.Create(value));

    public static F32x8 operator +(F32x8 a, F32x8 b) => new(a.V + b.V);

    public static F32x8 operator -(F32x8 a, F32x8 b) => new(a.V - b.V);

    public static F32x8 operator *(F32x8 a, F32x8 b) => new(a.V * b.V);

    public static F32x8 operator /(F32x8 a, F32x8 b) => new(a.V / b.V);

    public static F32x8 operator -(F32x8 x) => new(-x.V);

    public static F32x8 Max(F32x8 a, F32x8 b) => new(Vector256.MaxNative(a.V, b.V));

    public static F32x8 Exp(F32x8 x) => Exponential.Exp(x);

    public static F32x8 SelectPositive(F32x8 x, F32x8 then, F32x8 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.GreaterThan(x.V, Vector256<float>.Zero), then.V, otherwise.V));

    public static F32x8 MultiplyAdd(F32x8 a, F32x8 b, F32x8 c) => new(Vector256.FusedMultiplyAdd(a.V, b.V, c.V));

    /// <inheritdoc cref="F32.ScaleB"/>
    public static F32x8 ScaleB(F32x8 x, F32x8 shifted)
    {
        var n = shifted.V.AsInt32() - Vector256.Create(Exponential.MagicBias).AsInt32();
        var half = n >> 1;
        return new(x.V * Power(half) * Power(n - half));

        static Vector256<float> Power(Vector256<int> n) => ((n + Vector256.Create(127)) << 23).AsSingle();
    }
}
