using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>Operations of the Winograd transforms.</summary>
internal static unsafe class WinogradMath
{
    /// <summary>factor·a + b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V MultiplyAdd<V>(float factor, V a, V b) where V : struct, IVector<V> =>
        V.MultiplyAddEstimate(V.Create(factor), a, b);

    /// <summary>A polynomial's values at p and at −p, from its even and its odd terms at p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Butterfly<V>(V even, V odd, float* to, nint stride) where V : struct, IVector<V>
    {
        (even + odd).Store(to);
        (even - odd).Store(to + stride);
    }
}
