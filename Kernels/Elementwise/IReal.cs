namespace PyNetSharp.Kernels;

/// <summary>
/// A number or a vector of numbers: the type that a formula is written over, once for every width and device.
/// </summary>
/// <typeparam name="T">The implementing type itself.</typeparam>
/// <remarks>
/// On the CPU it is 16, 8 or 4 floats in a vector register, or one float; all round each of these operations in the
/// same way, so the result of an element does not depend on its position in the tensor. On a GPU it is one float of a
/// thread, whose compiler may fuse a multiplication with an addition. <c>GradientCheck</c> takes it as a double,
/// to test derivatives. There is no branching on a value, as each lane of a vector has its own: use
/// <see cref="SelectPositive"/>.
/// </remarks>
public interface IReal<T> where T : struct, IReal<T>
{
    /// <summary>A constant, in every lane.</summary>
    static abstract T Create(float value);

    /// <summary>a + b</summary>
    static abstract T operator +(T a, T b);

    /// <summary>a − b</summary>
    static abstract T operator -(T a, T b);

    /// <summary>a·b</summary>
    static abstract T operator *(T a, T b);

    /// <summary>a / b, correctly rounded on the CPU.</summary>
    static abstract T operator /(T a, T b);

    /// <summary>−x</summary>
    static abstract T operator -(T x);

    /// <summary>The larger of both; <paramref name="b"/> where either is NaN, so pass what may be NaN there.</summary>
    /// <remarks>One instruction; the IEEE rule costs five.</remarks>
    static abstract T Max(T a, T b);

    /// <summary>The smaller of both; <paramref name="b"/> where either is NaN.</summary>
    static abstract T Min(T a, T b);

    /// <summary>√x, correctly rounded on the CPU.</summary>
    static abstract T Sqrt(T x);

    /// <summary>eˣ, within 2 units in the last place; NaN of NaN.</summary>
    static abstract T Exp(T x);

    /// <summary>
    /// The natural logarithm, within 2 units in the last place; −∞ of 0, NaN of a negative number and of NaN.
    /// </summary>
    static abstract T Log(T x);

    /// <summary>
    /// The sine of x in radians, within 2 units in the last place, near a zero within 2⁻²⁵ of 1; NaN of NaN and ±∞.
    /// </summary>
    static abstract T Sin(T x);

    /// <summary>The cosine of x in radians, as precise as <see cref="Sin"/>.</summary>
    static abstract T Cos(T x);

    /// <summary>The hyperbolic tangent, within 2 units in the last place; NaN of NaN.</summary>
    static abstract T Tanh(T x);

    /// <summary>
    /// The error function, 2/√π·∫₀ˣ exp(−t²) dt, within 2 units in the last place; NaN of NaN.
    /// </summary>
    static abstract T Erf(T x);

    /// <summary>
    /// xʸ, as <see cref="MathF.Pow"/>, lane by lane: slower than the others. On GPUs exp(y·log|x|), whose relative
    /// error grows to 5·10⁻⁶ at the ends of the range of floats.
    /// </summary>
    static abstract T Pow(T x, T y);

    /// <summary><paramref name="then"/> where x &gt; 0, <paramref name="otherwise"/> elsewhere and for NaN.</summary>
    static abstract T SelectPositive(T x, T then, T otherwise);

    /// <summary><paramref name="then"/> where x ≤ 0, <paramref name="otherwise"/> elsewhere and for NaN.</summary>
    static abstract T SelectNonPositive(T x, T then, T otherwise);

    /// <summary><paramref name="then"/> where a &gt; b, <paramref name="otherwise"/> elsewhere and for NaN.</summary>
    /// <param name="a">No constant: ILGPU's compiler would exchange the operands, which is wrong for NaN.</param>
    /// <param name="b">May be a constant.</param>
    /// <param name="then">Taken where a &gt; b.</param>
    /// <param name="otherwise">Taken elsewhere.</param>
    static abstract T SelectGreater(T a, T b, T then, T otherwise);

    /// <summary><paramref name="then"/> where a = b, <paramref name="otherwise"/> elsewhere and for NaN.</summary>
    static abstract T SelectEqual(T a, T b, T then, T otherwise);
}
