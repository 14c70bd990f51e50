using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Simd;
using static PyNetSharp.Kernels.WinogradMath;

namespace PyNetSharp.Kernels;

/// <summary>
/// F(4, 5), from the points 0, ±1, ±2, ±½ and ∞: 64 multiplications for 4×4 outputs of a 5×5 filter, instead of 400.
/// </summary>
/// <remarks>The two points ±p share their even and their odd powers, so each pair costs little more than one.</remarks>
internal readonly unsafe struct F4x5 : IWinograd
{
    public static int OutputTileSize => 4;

    public static int Taps => 5;

    public static int InputTileSize => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformInput<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V d0 = V.Load(from), d1 = V.Load(from + step), d2 = V.Load(from + 2 * step), d3 = V.Load(from + 3 * step);
        V d4 = V.Load(from + 4 * step), d5 = V.Load(from + 5 * step), d6 = V.Load(from + 6 * step);
        V d7 = V.Load(from + 7 * step);

        MultiplyAdd(5.25f, d4 - d2, d0 - d6).Store(to);
        Butterfly(MultiplyAdd(-4.25f, d4, d2 + d6), MultiplyAdd(-4.25f, d3, d1 + d5), to + stride, stride);
        Butterfly(
            MultiplyAdd(-1.25f, d4, MultiplyAdd(0.25f, d2, d6)), MultiplyAdd(0.5f, d1, MultiplyAdd(-2.5f, d3, d5 + d5)),
            to + 3 * stride, stride);
        Butterfly(
            MultiplyAdd(-5, d4, MultiplyAdd(4, d2, d6)), MultiplyAdd(-2.5f, d3, MultiplyAdd(0.5f, d5, d1 + d1)),
            to + 5 * stride, stride);
        MultiplyAdd(5.25f, d3 - d5, d7 - d1).Store(to + 7 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformOutput<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V p1 = V.Load(from + step), p2 = V.Load(from + 2 * step);
        V p3 = V.Load(from + 3 * step), p4 = V.Load(from + 4 * step);
        V p5 = V.Load(from + 5 * step), p6 = V.Load(from + 6 * step);
        V even1 = p1 + p2, even2 = p3 + p4, even3 = p5 + p6;
        V odd1 = p1 - p2, odd2 = p3 - p4, odd3 = p5 - p6;

        (V.Load(from) + even1 + even2 + even3).Store(to);
        MultiplyAdd(2, odd2, MultiplyAdd(0.5f, odd3, odd1)).Store(to + stride);
        MultiplyAdd(4, even2, MultiplyAdd(0.25f, even3, even1)).Store(to + 2 * stride);
        MultiplyAdd(8, odd2, MultiplyAdd(0.125f, odd3, odd1 + V.Load(from + 7 * step))).Store(to + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformOutputGradient<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V y0 = V.Load(from), y1 = V.Load(from + step), y2 = V.Load(from + 2 * step), y3 = V.Load(from + 3 * step);

        y0.Store(to);
        Butterfly(y0 + y2, y1 + y3, to + stride, stride);
        Butterfly(MultiplyAdd(4, y2, y0), MultiplyAdd(8, y3, y1 + y1), to + 3 * stride, stride);
        Butterfly(MultiplyAdd(0.25f, y2, y0), MultiplyAdd(0.125f, y3, V.Create(0.5f) * y1), to + 5 * stride, stride);
        y3.Store(to + 7 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformFilter<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V g0 = V.Load(from), g1 = V.Load(from + step), g2 = V.Load(from + 2 * step), g3 = V.Load(from + 3 * step);
        V g4 = V.Load(from + 4 * step);
        V one = V.Create(-2 / 9f), two = V.Create(1 / 90f), half = V.Create(32 / 45f);

        g0.Store(to);
        Butterfly(one * (g0 + g2 + g4), one * (g1 + g3), to + stride, stride);
        Butterfly(
            two * MultiplyAdd(16, g4, MultiplyAdd(4, g2, g0)),
            two * MultiplyAdd(8, g3, g1 + g1), to + 3 * stride, stride);
        Butterfly(
            half * MultiplyAdd(1 / 16f, g4, MultiplyAdd(0.25f, g2, g0)),
            half * MultiplyAdd(0.125f, g3, V.Create(0.5f) * g1), to + 5 * stride, stride);
        g4.Store(to + 7 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformFilterGradient<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V u1 = V.Load(from + step), u2 = V.Load(from + 2 * step);
        V u3 = V.Load(from + 3 * step), u4 = V.Load(from + 4 * step);
        V u5 = V.Load(from + 5 * step), u6 = V.Load(from + 6 * step);
        V one = V.Create(-2 / 9f), two = V.Create(1 / 90f), half = V.Create(32 / 45f);
        V even1 = one * (u1 + u2), even2 = two * (u3 + u4), even3 = half * (u5 + u6);
        V odd1 = one * (u1 - u2), odd2 = two * (u3 - u4), odd3 = half * (u5 - u6);

        (V.Load(from) + even1 + even2 + even3).Store(to);
        MultiplyAdd(2, odd2, MultiplyAdd(0.5f, odd3, odd1)).Store(to + stride);
        MultiplyAdd(4, even2, MultiplyAdd(0.25f, even3, even1)).Store(to + 2 * stride);
        MultiplyAdd(8, odd2, MultiplyAdd(0.125f, odd3, odd1)).Store(to + 3 * stride);
        MultiplyAdd(16, even2, MultiplyAdd(1 / 16f, even3, even1 + V.Load(from + 7 * step))).Store(to + 4 * stride);
    }
}
