using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PyNetSharp.Kernels.Simd;

/// <summary>Sixteen floats: an AVX-512 register.</summary>
/// <remarks>
/// A tile of eight rows takes 16 of 32 vector registers; the 16 integer registers have no room for a ninth row's
/// pointer.
/// A mutable field: <see cref="MultiplyAccumulateEstimate"/> writes to it in place.
/// </remarks>
internal unsafe struct F32x16(Vector512<float> v) : IVector<F32x16>
{
    public Vector512<float> V = v;

    public static int Width => 16;

    public static int Mr => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Create(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Load(float* from) => new(Vector512.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* to) => V.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreNonTemporal(float* to) => V.StoreAlignedNonTemporal(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator +(F32x16 a, F32x16 b) => new(a.V + b.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator -(F32x16 a, F32x16 b) => new(a.V - b.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator *(F32x16 a, F32x16 b) => new(a.V * b.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator /(F32x16 a, F32x16 b) => new(a.V / b.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator -(F32x16 x) => new(-x.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 MultiplyAdd(F32x16 a, F32x16 b, F32x16 c) => new(Vector512.FusedMultiplyAdd(a.V, b.V, c.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 MultiplyAddEstimate(F32x16 a, F32x16 b, F32x16 c) =>
        new(Vector512.FusedMultiplyAdd(a.V, b.V, c.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAccumulateEstimate(F32x16 a, F32x16 b, ref F32x16 sum) =>
        sum.V = Vector512.FusedMultiplyAdd(a.V, b.V, sum.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Max(F32x16 a, F32x16 b) => new(Vector512.MaxNative(a.V, b.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Min(F32x16 a, F32x16 b) => new(Vector512.MinNative(a.V, b.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Relu(F32x16 a) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(a.V, default), default, a.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 SelectPositive(F32x16 x, F32x16 then, F32x16 otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.GreaterThan(x.V, default), then.V, otherwise.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 SelectNonPositive(F32x16 x, F32x16 then, F32x16 otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.LessThanOrEqual(x.V, default), then.V, otherwise.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 SelectGreater(F32x16 a, F32x16 b, F32x16 then, F32x16 otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.GreaterThan(a.V, b.V), then.V, otherwise.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 SelectEqual(F32x16 a, F32x16 b, F32x16 then, F32x16 otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.Equals(a.V, b.V), then.V, otherwise.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Sqrt(F32x16 x) => new(Vector512.Sqrt(x.V));

    /// <summary>The first eight lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Lower(F32x16 x) => new(x.V.GetLower());

    /// <summary>The last eight lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Upper(F32x16 x) => new(x.V.GetUpper());

    /// <summary>The sum of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(F32x16 x) => Vector512.Sum(x.V);

    public static F32x16 Exp(F32x16 x) => Exponential.Exp(x);

    public static F32x16 Log(F32x16 x) => Logarithm.Log(x);

    public static F32x16 Sin(F32x16 x) => Lanes.Sin(x);

    public static F32x16 Cos(F32x16 x) => Lanes.Cos(x);

    public static F32x16 Tanh(F32x16 x) => ErrorFunction.Tanh(x);

    public static F32x16 Erf(F32x16 x) => ErrorFunction.Erf(x);

    public static F32x16 Pow(F32x16 x, F32x16 y) => Lanes.Pow(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyPositive(F32x16 x) => Vector512.GreaterThanAny(x.V, default);

    public static F32x16 Exponent(F32x16 x, out F32x16 mantissa)
    {
        var bits = x.V.AsInt32();
        mantissa = new(((bits & Vector512.Create(0x007FFFFF)) | Vector512.Create(0x3F000000)).AsSingle());
        return new(Vector512.ConvertToSingle((bits >> 23) - Vector512.Create(126)));
    }

    /// <inheritdoc cref="F32.ScaleB"/>
    public static F32x16 ScaleB(F32x16 x, F32x16 shifted)
    {
        var n = shifted.V.AsInt32() - Vector512.Create(Exponential.MagicBias).AsInt32();
        var half = n >> 1;
        return new(x.V * Power(half) * Power(n - half));

        static Vector512<float> Power(Vector512<int> n) => ((n + Vector512.Create(127)) << 23).AsSingle();
    }
}
