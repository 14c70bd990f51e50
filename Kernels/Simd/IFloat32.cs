namespace PyNetSharp.Kernels.Simd;

/// <summary>
/// The operations that single precision needs beyond <see cref="IReal{T}"/> to compute transcendental functions.
/// </summary>
internal interface IFloat32<T> : IReal<T> where T : struct, IFloat32<T>
{
    /// <summary>a·b + c, rounded once on the CPU.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    /// <summary>
    /// x·2ⁿ, where <paramref name="shifted"/> is n + <see cref="Exponential.MagicBias"/>; |n| up to 250.
    /// </summary>
    static abstract T ScaleB(T x, T shifted);

    /// <summary>
    /// The n of x = m·2ⁿ, where <paramref name="mantissa"/> m is in [½, 1); x is positive, finite and not denormal.
    /// </summary>
    static abstract T Exponent(T x, out T mantissa);
}
