using System.Runtime.Intrinsics;

namespace PyNetSharp.Kernels.Simd;

/// <summary>Sixteen floats: a AVX-512 register.</summary>
internal readonly record struct F32x16(Vector512<float> V) : IFloat32<F32x16>
{
    public static F32x16 Create(float value) => new(Vector512.Create(value));

    public static F32x16 operator +(F32x16 a, F32x16 b) => new(a.V + b.V);

    public static F32x16 operator -(F32x16 a, F32x16 b) => new(a.V - b.V);

    public static F32x16 operator *(F32x16 a, F32x16 b) => new(a.V * b.V);

    public static F32x16 operator /(F32x16 a, F32x16 b) => new(a.V / b.V);

    public static F32x16 operator -(F32x16 x) => new(-x.V);

    public static F32x16 Max(F32x16 a, F32x16 b) => new(Vector512.MaxNative(a.V, b.V));

    public static F32x16 Exp(F32x16 x) => Exponential.Exp(x);

    public static F32x16 SelectPositive(F32x16 x, F32x16 then, F32x16 otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.GreaterThan(x.V, Vector512<float>.Zero), then.V, otherwise.V));

    public static F32x16 MultiplyAdd(F32x16 a, F32x16 b, F32x16 c) => new(Vector512.FusedMultiplyAdd(a.V, b.V, c.V));

    /// <inheritdoc cref="F32.ScaleB"/>
    public static F32x16 ScaleB(F32x16 x, F32x16 shifted)
    {
        var n = shifted.V.AsInt32() - Vector512.Create(Exponential.MagicBias).AsInt32();
        var half = n >> 1;
        return new(x.V * Power(half) * Power(n - half));

        static Vector512<float> Power(Vector512<int> n) => ((n + Vector512.Create(127)) << 23).AsSingle();
    }
}
