using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PyNetSharp.Kernels.Simd;

/// <summary>Eight doubles, which eight floats are widened to where they are summed in double precision.</summary>
internal readonly unsafe struct F64x8(Vector256<double> low, Vector256<double> high)
{
    private readonly Vector256<double> low = low, high = high;

    public static int Width => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Load(double* from) => new(Vector256.Load(from), Vector256.Load(from + 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Widen(F32x8 x) => new(Vector256.WidenLower(x.V), Vector256.WidenUpper(x.V));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(double* to)
    {
        low.Store(to);
        high.Store(to + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 operator +(F64x8 a, F64x8 b) => new(a.low + b.low, a.high + b.high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 operator *(F64x8 a, F64x8 b) => new(a.low * b.low, a.high * b.high);

    /// <summary>The sum of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(F64x8 x) => Vector256.Sum(x.low + x.high);
}
