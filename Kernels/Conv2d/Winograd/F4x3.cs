using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Simd;
using static PyNetSharp.Kernels.WinogradMath;

namespace PyNetSharp.Kernels;

/// <summary>
/// F(4, 3), from the points 0, ±1, ±2 and ∞: 36 multiplications for 4×4 outputs of a 3×3 filter, instead of 144.
/// </summary>
internal readonly unsafe struct F4x3 : IWinograd
{
    public static int OutputTileSize => 4;

    public static int Taps => 3;

    public static int InputTileSize => 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformInput<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V d0 = V.Load(from), d1 = V.Load(from + step), d2 = V.Load(from + 2 * step), d3 = V.Load(from + 3 * step);
        V d4 = V.Load(from + 4 * step), d5 = V.Load(from + 5 * step);

        MultiplyAdd(4, d0, MultiplyAdd(-5, d2, d4)).Store(to);
        Butterfly(MultiplyAdd(-4, d2, d4), MultiplyAdd(-4, d1, d3), to + stride, stride);
        Butterfly(d4 - d2, V.Create(2) * (d3 - d1), to + 3 * stride, stride);
        MultiplyAdd(4, d1, MultiplyAdd(-5, d3, d5)).Store(to + 5 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformOutput<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V p1 = V.Load(from + step), p2 = V.Load(from + 2 * step);
        V p3 = V.Load(from + 3 * step), p4 = V.Load(from + 4 * step);
        V even1 = p1 + p2, even2 = p3 + p4, odd1 = p1 - p2, odd2 = p3 - p4;

        (V.Load(from) + even1 + even2).Store(to);
        MultiplyAdd(2, odd2, odd1).Store(to + stride);
        MultiplyAdd(4, even2, even1).Store(to + 2 * stride);
        MultiplyAdd(8, odd2, odd1 + V.Load(from + 5 * step)).Store(to + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformOutputGradient<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V y0 = V.Load(from), y1 = V.Load(from + step), y2 = V.Load(from + 2 * step), y3 = V.Load(from + 3 * step);

        y0.Store(to);
        Butterfly(y0 + y2, y1 + y3, to + stride, stride);
        Butterfly(MultiplyAdd(4, y2, y0), MultiplyAdd(8, y3, y1 + y1), to + 3 * stride, stride);
        y3.Store(to + 5 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformFilter<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V g0 = V.Load(from), g1 = V.Load(from + step), g2 = V.Load(from + 2 * step);
        V zero = V.Create(1 / 4f), one = V.Create(-1 / 6f), two = V.Create(1 / 24f);

        (zero * g0).Store(to);
        Butterfly(one * (g0 + g2), one * g1, to + stride, stride);
        Butterfly(two * MultiplyAdd(4, g2, g0), two * (g1 + g1), to + 3 * stride, stride);
        g2.Store(to + 5 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformFilterGradient<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V u1 = V.Load(from + step), u2 = V.Load(from + 2 * step);
        V u3 = V.Load(from + 3 * step), u4 = V.Load(from + 4 * step);
        V zero = V.Create(1 / 4f), one = V.Create(-1 / 6f), two = V.Create(1 / 24f);
        V even1 = one * (u1 + u2), even2 = two * (u3 + u4), odd1 = one * (u1 - u2), odd2 = two * (u3 - u4);

        (zero * V.Load(from) + even1 + even2).Store(to);
        MultiplyAdd(2, odd2, odd1).Store(to + stride);
        MultiplyAdd(4, even2, even1 + V.Load(from + 5 * step)).Store(to + 2 * stride);
    }
}
