using System.Runtime.CompilerServices;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp;

/// <summary>The logistic function.</summary>
public static class SigmoidExtensions
{
    extension(Tensor x)
    {
        /// <summary>The logistic function σ(x) = 1 / (1 + e⁻ˣ), elementwise.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>, in [0, 1].</returns>
        public Tensor Sigmoid() => new ElementwiseOp<Sigmoid>().Apply(x);
    }
}

internal readonly struct Sigmoid : IUnaryFormula
{
    public static bool UsesOutput => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]      // without it the JIT calls this once per vector
    public static T F<T>(T x) where T : struct, IReal<T>
    {
        var e = T.Exp(-T.Max(-x, x));                       // of a number ≤ 0, so it cannot overflow
        var s = T.Create(1) / (T.Create(1) + e);
        return T.SelectPositive(x, s, e * s);
    }

    public static T D<T>(T y) where T : struct, IReal<T> => y * (T.Create(1) - y);
}
