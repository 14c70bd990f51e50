using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Simd;
using static PyNetSharp.Kernels.WinogradMath;

namespace PyNetSharp.Kernels;

/// <summary>
/// F(5, 3), from the points 0, ±1, ±2, ½ and ∞: 49 multiplications for 5×5 outputs of a 3×3 filter, instead of 225.
/// </summary>
/// <remarks>
/// A little less exact than <see cref="F4x3"/>, but images of 13×13 take 9 tiles of 49 instead of 16 of 36.
/// </remarks>
internal readonly unsafe struct F5x3 : IWinograd
{
    public static int OutputTileSize => 5;

    public static int Taps => 3;

    public static int InputTileSize => 7;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformInput<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V d0 = V.Load(from), d1 = V.Load(from + step), d2 = V.Load(from + 2 * step), d3 = V.Load(from + 3 * step);
        V d4 = V.Load(from + 4 * step), d5 = V.Load(from + 5 * step), d6 = V.Load(from + 6 * step);

        // Every row but that of ½ has the factor x − ½; the quotients are the rows of F(4, 3).
        V f0 = MultiplyAdd(-0.5f, d0, d1), f1 = MultiplyAdd(-0.5f, d1, d2), f2 = MultiplyAdd(-0.5f, d2, d3);
        V f3 = MultiplyAdd(-0.5f, d3, d4), f4 = MultiplyAdd(-0.5f, d4, d5), f5 = MultiplyAdd(-0.5f, d5, d6);

        MultiplyAdd(4, f0, MultiplyAdd(-5, f2, f4)).Store(to);
        Butterfly(MultiplyAdd(-4, f2, f4), MultiplyAdd(-4, f1, f3), to + stride, stride);
        Butterfly(f4 - f2, V.Create(2) * (f3 - f1), to + 3 * stride, stride);
        MultiplyAdd(4, d1, MultiplyAdd(-5, d3, d5)).Store(to + 5 * stride);
        MultiplyAdd(4, f1, MultiplyAdd(-5, f3, f5)).Store(to + 6 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformOutput<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V p1 = V.Load(from + step), p2 = V.Load(from + 2 * step);
        V p3 = V.Load(from + 3 * step), p4 = V.Load(from + 4 * step);
        V half = V.Load(from + 5 * step);
        V even1 = p1 + p2, even2 = p3 + p4, odd1 = p1 - p2, odd2 = p3 - p4;

        (V.Load(from) + even1 + even2 + half).Store(to);
        MultiplyAdd(2, odd2, MultiplyAdd(0.5f, half, odd1)).Store(to + stride);
        MultiplyAdd(4, even2, MultiplyAdd(0.25f, half, even1)).Store(to + 2 * stride);
        MultiplyAdd(8, odd2, MultiplyAdd(0.125f, half, odd1)).Store(to + 3 * stride);
        MultiplyAdd(16, even2, MultiplyAdd(1 / 16f, half, even1 + V.Load(from + 6 * step))).Store(to + 4 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformOutputGradient<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V y0 = V.Load(from), y1 = V.Load(from + step), y2 = V.Load(from + 2 * step), y3 = V.Load(from + 3 * step);
        V y4 = V.Load(from + 4 * step);

        y0.Store(to);
        Butterfly(y0 + y2 + y4, y1 + y3, to + stride, stride);
        Butterfly(MultiplyAdd(16, y4, MultiplyAdd(4, y2, y0)), MultiplyAdd(8, y3, y1 + y1), to + 3 * stride, stride);
        MultiplyAdd(1 / 16f, y4, MultiplyAdd(0.125f, y3, MultiplyAdd(0.25f, y2, MultiplyAdd(0.5f, y1, y0))))
            .Store(to + 5 * stride);
        y4.Store(to + 6 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformFilter<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V g0 = V.Load(from), g1 = V.Load(from + step), g2 = V.Load(from + 2 * step);
        V even = g0 + g2, even2 = MultiplyAdd(4, g2, g0), odd2 = g1 + g1;

        (V.Create(-1 / 2f) * g0).Store(to);
        (V.Create(-1 / 3f) * (even + g1)).Store(to + stride);
        (V.Create(1 / 9f) * (even - g1)).Store(to + 2 * stride);
        (V.Create(1 / 36f) * (even2 + odd2)).Store(to + 3 * stride);
        (V.Create(-1 / 60f) * (even2 - odd2)).Store(to + 4 * stride);
        (V.Create(32 / 45f) * MultiplyAdd(0.25f, g2, MultiplyAdd(0.5f, g1, g0))).Store(to + 5 * stride);
        g2.Store(to + 6 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformFilterGradient<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>
    {
        V u1 = V.Create(-1 / 3f) * V.Load(from + step), u2 = V.Create(1 / 9f) * V.Load(from + 2 * step);
        V u3 = V.Create(1 / 36f) * V.Load(from + 3 * step), u4 = V.Create(-1 / 60f) * V.Load(from + 4 * step);
        V half = V.Create(32 / 45f) * V.Load(from + 5 * step);
        V even1 = u1 + u2, even2 = u3 + u4, odd1 = u1 - u2, odd2 = u3 - u4;

        MultiplyAdd(-1 / 2f, V.Load(from), even1 + even2 + half).Store(to);
        MultiplyAdd(2, odd2, MultiplyAdd(0.5f, half, odd1)).Store(to + stride);
        MultiplyAdd(4, even2, MultiplyAdd(0.25f, half, even1 + V.Load(from + 6 * step))).Store(to + 2 * stride);
    }
}
