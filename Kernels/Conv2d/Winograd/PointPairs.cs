using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <summary>What the transforms of every Winograd filter are written in.</summary>
internal static unsafe class PointPairs
{
    /// <summary>factor·a + b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sum<V>(float factor, V a, V b) where V : struct, ILanes<V> => V.MultiplyAdd(V.Of(factor), a, b);

    /// <summary>A polynomial's values at p and at −p, from its even and its odd terms at p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pair<V>(V even, V odd, float* to, nint stride) where V : struct, ILanes<V>
    {
        (even + odd).Store(to);
        (even - odd).Store(to + stride);
    }
}
