using System.Runtime.Intrinsics;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>Runs a formula along a span: sixteen at a time, then eight, then one.</summary>
internal static unsafe class ElementwiseLoops
{
    /// <summary>y = F(x).</summary>
    public static void Forward<TMap>(ReadOnlySpan<float> x, Span<float> y) where TMap : struct, IUnaryFormula
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, y.Length);
        fixed (float* from = x, to = y)
        {
            var (i, n) = (0, y.Length);

            if (Vector512.IsHardwareAccelerated)
                for (; i + 16 <= n; i += 16)
                    TMap.F(new F32x16(Vector512.Load(from + i))).V.Store(to + i);

            if (Vector256.IsHardwareAccelerated)
                for (; i + 8 <= n; i += 8)
                    TMap.F(new F32x8(Vector256.Load(from + i))).V.Store(to + i);

            for (; i < n; i++)
                to[i] = TMap.F(new F32(from[i])).V;
        }
    }

    /// <summary>dx = dy·D(saved); <paramref name="dx"/> may be <paramref name="dy"/>.</summary>
    public static void Backward<TMap>(ReadOnlySpan<float> saved, ReadOnlySpan<float> dy, Span<float> dx) where TMap : struct, IUnaryFormula
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(saved.Length, dx.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(dy.Length, dx.Length);
        fixed (float* at = saved, from = dy, to = dx)
        {
            var (i, n) = (0, dx.Length);

            if (Vector512.IsHardwareAccelerated)
                for (; i + 16 <= n; i += 16)
                    (Vector512.Load(from + i) * TMap.D(new F32x16(Vector512.Load(at + i))).V).Store(to + i);

            if (Vector256.IsHardwareAccelerated)
                for (; i + 8 <= n; i += 8)
                    (Vector256.Load(from + i) * TMap.D(new F32x8(Vector256.Load(at + i))).V).Store(to + i);

            for (; i < n; i++)
                to[i] = from[i] * TMap.D(new F32(at[i])).V;
        }
    }
}
