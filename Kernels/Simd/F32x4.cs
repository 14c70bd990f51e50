using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PyNetSharp.Kernels.Simd;

/// <summary>Four floats: a register of SSE or NEON.</summary>
/// <remarks>A mutable field: <see cref="MultiplyAccumulateEstimate"/> writes to it in place.</remarks>
internal unsafe struct F32x4(Vector128<float> v) : IVector<F32x4>
{
    public Vector128<float> V = v;

    public static int Width => 4;

    public static int Mr => 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Create(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Load(float* from) => new(Vector128.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* to) => V.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreNonTemporal(float* to) => V.StoreAlignedNonTemporal(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator +(F32x4 a, F32x4 b) => new(a.V + b.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator -(F32x4 a, F32x4 b) => new(a.V - b.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator *(F32x4 a, F32x4 b) => new(a.V * b.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator /(F32x4 a, F32x4 b) => new(a.V / b.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator -(F32x4 x) => new(-x.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 MultiplyAdd(F32x4 a, F32x4 b, F32x4 c) => new(Vector128.FusedMultiplyAdd(a.V, b.V, c.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 MultiplyAddEstimate(F32x4 a, F32x4 b, F32x4 c) =>
        new(CpuFeatures.HasFusedMultiplyAdd ? Vector128.FusedMultiplyAdd(a.V, b.V, c.V) : a.V * b.V + c.V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAccumulateEstimate(F32x4 a, F32x4 b, ref F32x4 sum) =>
        sum.V = CpuFeatures.HasFusedMultiplyAdd
            ? Vector128.FusedMultiplyAdd(a.V, b.V, sum.V)
            : a.V * b.V + sum.V;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Max(F32x4 a, F32x4 b) => new(Vector128.MaxNative(a.V, b.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Min(F32x4 a, F32x4 b) => new(Vector128.MinNative(a.V, b.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Relu(F32x4 a) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(a.V, default), default, a.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 SelectPositive(F32x4 x, F32x4 then, F32x4 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.GreaterThan(x.V, default), then.V, otherwise.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 SelectNonPositive(F32x4 x, F32x4 then, F32x4 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.LessThanOrEqual(x.V, default), then.V, otherwise.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 SelectGreater(F32x4 a, F32x4 b, F32x4 then, F32x4 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.GreaterThan(a.V, b.V), then.V, otherwise.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 SelectEqual(F32x4 a, F32x4 b, F32x4 then, F32x4 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.Equals(a.V, b.V), then.V, otherwise.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Sqrt(F32x4 x) => new(Vector128.Sqrt(x.V));

    /// <summary>The sum of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(F32x4 x) => Vector128.Sum(x.V);

    public static F32x4 Exp(F32x4 x) => Exponential.Exp(x);

    public static F32x4 Log(F32x4 x) => Logarithm.Log(x);

    public static F32x4 Sin(F32x4 x) => Lanes.Sin(x);

    public static F32x4 Cos(F32x4 x) => Lanes.Cos(x);

    public static F32x4 Tanh(F32x4 x) => ErrorFunction.Tanh(x);

    public static F32x4 Erf(F32x4 x) => ErrorFunction.Erf(x);

    public static F32x4 Pow(F32x4 x, F32x4 y) => Lanes.Pow(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyPositive(F32x4 x) => Vector128.GreaterThanAny(x.V, default);

    public static F32x4 Exponent(F32x4 x, out F32x4 mantissa)
    {
        var bits = x.V.AsInt32();
        mantissa = new(((bits & Vector128.Create(0x007FFFFF)) | Vector128.Create(0x3F000000)).AsSingle());
        return new(Vector128.ConvertToSingle((bits >> 23) - Vector128.Create(126)));
    }

    /// <inheritdoc cref="F32.ScaleB"/>
    public static F32x4 ScaleB(F32x4 x, F32x4 shifted)
    {
        var n = shifted.V.AsInt32() - Vector128.Create(Exponential.MagicBias).AsInt32();
        var half = n >> 1;
        return new(x.V * Power(half) * Power(n - half));

        static Vector128<float> Power(Vector128<int> n) => ((n + Vector128.Create(127)) << 23).AsSingle();
    }

    /// <summary>Whether <see cref="Transpose"/> may be called.</summary>
    public static bool CanTranspose => Sse.IsSupported;

    /// <summary>Exchanges the rows and columns of a 4×4 matrix: a, b, c, d are its rows, then its columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(ref F32x4 a, ref F32x4 b, ref F32x4 c, ref F32x4 d)
    {
        var (ab01, cd01) = (Sse.UnpackLow(a.V, b.V), Sse.UnpackLow(c.V, d.V));      // a0 b0 a1 b1, c0 d0 c1 d1
        var (ab23, cd23) = (Sse.UnpackHigh(a.V, b.V), Sse.UnpackHigh(c.V, d.V));
        a.V = Sse.MoveLowToHigh(ab01, cd01);
        b.V = Sse.MoveHighToLow(cd01, ab01);
        c.V = Sse.MoveLowToHigh(ab23, cd23);
        d.V = Sse.MoveHighToLow(cd23, ab23);
    }
}
