using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PyNetSharp.Kernels.Simd;

/// <summary>AVX-512: 32 registers. Eight rows keep the sixteen integer registers enough for the rows' pointers.</summary>
internal unsafe struct Lanes16(Vector512<float> v) : ILanes<Lanes16>
{
    private Vector512<float> v = v;

    public static int Width => 16;

    public static int Mr => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Create(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Load(float* from) => new(Vector512.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* to) => v.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreNonTemporal(float* to) => v.StoreAlignedNonTemporal(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 MultiplyAddEstimate(Lanes16 a, Lanes16 b, Lanes16 c) => new(Vector512.FusedMultiplyAdd(a.v, b.v, c.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAccumulate(Lanes16 a, Lanes16 b, ref Lanes16 sum) => sum.v = Vector512.FusedMultiplyAdd(a.v, b.v, sum.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator +(Lanes16 a, Lanes16 b) => new(a.v + b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator -(Lanes16 a, Lanes16 b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator *(Lanes16 a, Lanes16 b) => new(a.v * b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Relu(Lanes16 a) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(a.v, default), default, a.v));
}

/// <summary>AVX2: 16 registers, of which 12 hold sums.</summary>
internal unsafe struct Lanes8(Vector256<float> v) : ILanes<Lanes8>
{
    private Vector256<float> v = v;

    public static int Width => 8;

    public static int Mr => 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Create(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Load(float* from) => new(Vector256.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* to) => v.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreNonTemporal(float* to) => v.StoreAlignedNonTemporal(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 MultiplyAddEstimate(Lanes8 a, Lanes8 b, Lanes8 c) => new(Vector256.FusedMultiplyAdd(a.v, b.v, c.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAccumulate(Lanes8 a, Lanes8 b, ref Lanes8 sum) => sum.v = Vector256.FusedMultiplyAdd(a.v, b.v, sum.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator +(Lanes8 a, Lanes8 b) => new(a.v + b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator -(Lanes8 a, Lanes8 b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator *(Lanes8 a, Lanes8 b) => new(a.v * b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Relu(Lanes8 a) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(a.v, default), default, a.v));
}

/// <summary>NEON, or a processor with no more than SSE.</summary>
internal unsafe struct Lanes4(Vector128<float> v) : ILanes<Lanes4>
{
    private Vector128<float> v = v;

    public static int Width => 4;

    public static int Mr => 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Create(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Load(float* from) => new(Vector128.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* to) => v.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreNonTemporal(float* to) => v.StoreAlignedNonTemporal(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 MultiplyAddEstimate(Lanes4 a, Lanes4 b, Lanes4 c) => new(Vector128.FusedMultiplyAdd(a.v, b.v, c.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAccumulate(Lanes4 a, Lanes4 b, ref Lanes4 sum) => sum.v = Vector128.FusedMultiplyAdd(a.v, b.v, sum.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator +(Lanes4 a, Lanes4 b) => new(a.v + b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator -(Lanes4 a, Lanes4 b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator *(Lanes4 a, Lanes4 b) => new(a.v * b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Relu(Lanes4 a) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(a.v, default), default, a.v));
}

/// <summary>No vectors at all: one float.</summary>
internal unsafe struct Lanes1(float v) : ILanes<Lanes1>
{
    private float v = v;

    public static int Width => 1;

    public static int Mr => 4;

    public static Lanes1 Create(float value) => new(value);

    public static Lanes1 Load(float* from) => new(*from);

    public readonly void Store(float* to) => *to = v;

    public readonly void StoreNonTemporal(float* to) => *to = v;

    public static Lanes1 MultiplyAddEstimate(Lanes1 a, Lanes1 b, Lanes1 c) => new(a.v * b.v + c.v);     // a fused one would be a call

    public static void MultiplyAccumulate(Lanes1 a, Lanes1 b, ref Lanes1 sum) => sum.v = a.v * b.v + sum.v;

    public static Lanes1 operator +(Lanes1 a, Lanes1 b) => new(a.v + b.v);

    public static Lanes1 operator -(Lanes1 a, Lanes1 b) => new(a.v - b.v);

    public static Lanes1 operator *(Lanes1 a, Lanes1 b) => new(a.v * b.v);

    public static Lanes1 Relu(Lanes1 a) => a.v < 0 ? default : a;
}
