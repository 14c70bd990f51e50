namespace PyNetSharp.Kernels.Simd;

/// <summary>
/// A number or a vector of numbers: the type that a formula is written over, once for every width and device.
/// </summary>
/// <remarks>
/// <see cref="F32x16"/>, <see cref="F32x8"/>, <see cref="F32x4"/> and <see cref="F32"/> round each of these operations
/// in the same way, so the result of an element does not depend on its position in the tensor. <see cref="GpuFloat"/>
/// is one float of a GPU thread, whose compiler may fuse a multiplication with an addition. <see cref="F64"/> is for
/// testing derivatives.
/// </remarks>
internal interface IReal<T> where T : struct, IReal<T>
{
    static abstract T Create(float value);

    static abstract T operator +(T a, T b);

    static abstract T operator -(T a, T b);

    static abstract T operator *(T a, T b);

    static abstract T operator /(T a, T b);

    static abstract T operator -(T x);

    /// <summary>The larger of both; <paramref name="b"/> where either is NaN, so pass what may be NaN there.</summary>
    /// <remarks>One instruction; the IEEE rule costs five.</remarks>
    static abstract T Max(T a, T b);

    /// <summary>√x, correctly rounded on the CPU.</summary>
    static abstract T Sqrt(T x);

    /// <summary>eˣ; NaN of NaN.</summary>
    static abstract T Exp(T x);

    /// <summary><paramref name="then"/> where x &gt; 0, <paramref name="otherwise"/> elsewhere and for NaN.</summary>
    static abstract T SelectPositive(T x, T then, T otherwise);

    /// <summary><paramref name="then"/> where x ≤ 0, <paramref name="otherwise"/> elsewhere and for NaN.</summary>
    static abstract T SelectNonPositive(T x, T then, T otherwise);
}

/// <summary>
/// The operations that single precision needs beyond <see cref="IReal{T}"/> to compute an exponential.
/// </summary>
internal interface IFloat32<T> : IReal<T> where T : struct, IFloat32<T>
{
    /// <summary>a·b + c, rounded once on the CPU.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    /// <summary>
    /// x·2ⁿ, where <paramref name="shifted"/> is n + <see cref="Exponential.MagicBias"/>; |n| up to 250.
    /// </summary>
    static abstract T ScaleB(T x, T shifted);
}
