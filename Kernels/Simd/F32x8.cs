using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PyNetSharp.Kernels.Simd;

/// <summary>Eight floats: an AVX register. A tile's sums take 12 of 16.</summary>
/// <remarks>A mutable field: <see cref="MultiplyAccumulateEstimate"/> writes to it in place.</remarks>
internal unsafe struct F32x8(Vector256<float> v) : IVector<F32x8>
{
    public Vector256<float> V = v;

    public static int Width => 8;

    public static int Mr => 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Create(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Load(float* from) => new(Vector256.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* to) => V.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreNonTemporal(float* to) => V.StoreAlignedNonTemporal(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator +(F32x8 a, F32x8 b) => new(a.V + b.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator -(F32x8 a, F32x8 b) => new(a.V - b.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator *(F32x8 a, F32x8 b) => new(a.V * b.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator /(F32x8 a, F32x8 b) => new(a.V / b.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator -(F32x8 x) => new(-x.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 MultiplyAdd(F32x8 a, F32x8 b, F32x8 c) => new(Vector256.FusedMultiplyAdd(a.V, b.V, c.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 MultiplyAddEstimate(F32x8 a, F32x8 b, F32x8 c) =>
        new(CpuFeatures.HasFusedMultiplyAdd ? Vector256.FusedMultiplyAdd(a.V, b.V, c.V) : a.V * b.V + c.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAccumulateEstimate(F32x8 a, F32x8 b, ref F32x8 sum) =>
        sum.V = CpuFeatures.HasFusedMultiplyAdd
            ? Vector256.FusedMultiplyAdd(a.V, b.V, sum.V)
            : a.V * b.V + sum.V;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Max(F32x8 a, F32x8 b) => new(Vector256.MaxNative(a.V, b.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Min(F32x8 a, F32x8 b) => new(Vector256.MinNative(a.V, b.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Relu(F32x8 a) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(a.V, default), default, a.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 SelectPositive(F32x8 x, F32x8 then, F32x8 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.GreaterThan(x.V, default), then.V, otherwise.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 SelectNonPositive(F32x8 x, F32x8 then, F32x8 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.LessThanOrEqual(x.V, default), then.V, otherwise.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 SelectGreater(F32x8 a, F32x8 b, F32x8 then, F32x8 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.GreaterThan(a.V, b.V), then.V, otherwise.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 SelectEqual(F32x8 a, F32x8 b, F32x8 then, F32x8 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.Equals(a.V, b.V), then.V, otherwise.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Sqrt(F32x8 x) => new(Vector256.Sqrt(x.V));

    /// <summary>The sum of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(F32x8 x) => Vector256.Sum(x.V);

    public static F32x8 Exp(F32x8 x) => Exponential.Exp(x);

    public static F32x8 Log(F32x8 x) => Logarithm.Log(x);

    public static F32x8 Sin(F32x8 x) => Lanes.Sin(x);

    public static F32x8 Cos(F32x8 x) => Lanes.Cos(x);

    public static F32x8 Tanh(F32x8 x) => ErrorFunction.Tanh(x);

    public static F32x8 Erf(F32x8 x) => ErrorFunction.Erf(x);

    public static F32x8 Pow(F32x8 x, F32x8 y) => Lanes.Pow(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyPositive(F32x8 x) => Vector256.GreaterThanAny(x.V, default);

    public static F32x8 Exponent(F32x8 x, out F32x8 mantissa)
    {
        var bits = x.V.AsInt32();
        mantissa = new(((bits & Vector256.Create(0x007FFFFF)) | Vector256.Create(0x3F000000)).AsSingle());
        return new(Vector256.ConvertToSingle((bits >> 23) - Vector256.Create(126)));
    }

    /// <inheritdoc cref="F32.ScaleB"/>
    public static F32x8 ScaleB(F32x8 x, F32x8 shifted)
    {
        var n = shifted.V.AsInt32() - Vector256.Create(Exponential.MagicBias).AsInt32();
        var half = n >> 1;
        return new(x.V * Power(half) * Power(n - half));

        static Vector256<float> Power(Vector256<int> n) => ((n + Vector256.Create(127)) << 23).AsSingle();
    }
}
