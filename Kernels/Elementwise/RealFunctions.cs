using System.Runtime.CompilerServices;

namespace PyNetSharp.Kernels;

/// <summary>Functions for formulas, composed of the operations of <see cref="IReal{T}"/>.</summary>
public static class RealFunctions
{
    /// <summary>|x|; NaN of NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Abs<T>(T x) where T : struct, IReal<T> => T.Max(-x, x);

    /// <summary>σ(x) = 1 / (1 + e⁻ˣ), in [0, 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]      // without it the JIT calls this once per vector
    public static T Sigmoid<T>(T x) where T : struct, IReal<T>
    {
        var e = T.Exp(-T.Max(-x, x));                       // of a number ≤ 0, so it cannot overflow
        var s = T.Create(1) / (T.Create(1) + e);
        return T.SelectPositive(x, s, e * s);
    }

    /// <summary>log(1 + x) of x &gt; −1, precise where x is small.</summary>
    /// <remarks>
    /// The rounding of 1 + x is undone by Kahan's correction: log(u)·x / (u − 1), where u is 1 + x rounded.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Log1p<T>(T x) where T : struct, IReal<T>
    {
        var u = x + T.Create(1);
        return T.SelectEqual(u, T.Create(1), x, T.Log(u) * x / (u - T.Create(1)));
    }

    /// <summary>eˣ − 1 of x ≤ 88, precise where x is small.</summary>
    /// <remarks>As <see cref="Log1p"/>, by Kahan's correction.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Expm1<T>(T x) where T : struct, IReal<T>
    {
        var u = T.Exp(x);
        var difference = u - T.Create(1);
        var corrected = difference * x / T.Log(u);
        return T.SelectEqual(u, T.Create(1), x, T.SelectEqual(difference, T.Create(-1), difference, corrected));
    }
}
