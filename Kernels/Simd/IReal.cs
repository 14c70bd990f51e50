namespace PyNetSharp.Kernels.Simd;

/// <summary>A number, or as many as a vector register holds: what an elementwise formula is written over, once.</summary>
/// <remarks>
/// <see cref="F32x16"/>, <see cref="F32x8"/> and <see cref="F32"/> run the same operations in the same order, so an element's
/// result does not depend on where in the tensor it stands. <see cref="F64"/> is for testing derivatives.
/// </remarks>
internal interface IReal<T> where T : struct, IReal<T>
{
    static abstract T Create(float value);

    static abstract T operator +(T a, T b);

    static abstract T operator -(T a, T b);

    static abstract T operator *(T a, T b);

    static abstract T operator /(T a, T b);

    static abstract T operator -(T x);

    /// <summary>The larger of both; <paramref name="b"/> where either is NaN, so put what may be NaN there.</summary>
    /// <remarks>This is the processor's own instruction; the IEEE rule costs five.</remarks>
    static abstract T Max(T a, T b);

    /// <summary>eˣ; NaN of NaN.</summary>
    static abstract T Exp(T x);

    /// <summary><paramref name="then"/> where <paramref name="x"/> &gt; 0, <paramref name="otherwise"/> elsewhere and for NaN.</summary>
    static abstract T SelectPositive(T x, T then, T otherwise);
}

/// <summary>What the single-precision kinds need beyond <see cref="IReal{T}"/> to compute an exponential.</summary>
internal interface IFloat32<T> : IReal<T> where T : struct, IFloat32<T>
{
    /// <summary>a·b + c, rounded once.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    /// <summary>x·2ⁿ, where <paramref name="shifted"/> is n + <see cref="Exponential.MagicBias"/>; |n| up to 250.</summary>
    static abstract T ScaleB(T x, T shifted);
}
