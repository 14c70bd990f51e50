using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>
/// A function of one number and its derivative, from which <see cref="ElementwiseOp{TMap}"/> makes an op.
/// </summary>
internal interface IUnaryFormula
{
    /// <summary>
    /// Whether <see cref="D{T}"/> takes F(x) instead of x: then the op saves its result, not its input.
    /// </summary>
    static abstract bool UsesOutput { get; }

    static abstract T F<T>(T x) where T : struct, IReal<T>;

    /// <summary>F′, a function of x or of F(x), as <see cref="UsesOutput"/> says.</summary>
    static abstract T D<T>(T x) where T : struct, IReal<T>;
}
