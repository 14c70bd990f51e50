using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <summary>The logistic function.</summary>
public static class SigmoidOp
{
    extension(Tensor x)
    {
        /// <summary>The logistic function σ(x) = 1 / (1 + e⁻ˣ), elementwise.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>, in [0, 1].</returns>
        public Tensor Sigmoid() => new Map<Sigmoid>().Apply(x);
    }
}

internal readonly struct Sigmoid : IMap
{
    public static bool UsesOutput => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]      // without it the JIT calls this once per vector
    public static T F<T>(T x) where T : struct, IReal<T>
    {
        var e = T.Exp(-T.Max(-x, x));                       // of a number ≤ 0, so it cannot overflow
        var s = T.Of(1) / (T.Of(1) + e);
        return T.IfPositive(x, s, e * s);
    }

    public static T D<T>(T y) where T : struct, IReal<T> => y * (T.Of(1) - y);
}
