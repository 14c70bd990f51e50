namespace PyNetSharp.Kernels.Simd;

/// <summary>
/// A vector register of floats: the type that every loop and micro-kernel of the CPU is written over.
/// </summary>
/// <remarks>
/// The JIT compiles each use for one width, with the values in registers and the properties as constants.
/// <see cref="VectorDispatch"/> chooses the width.
/// </remarks>
internal unsafe interface IVector<T> : IFloat32<T> where T : struct, IVector<T>
{
    /// <summary>Floats per vector.</summary>
    static abstract int Width { get; }

    /// <summary>
    /// mr: the rows of a micro-kernel's tile, whose sums (two vectors per row) leave registers for its operands.
    /// </summary>
    static abstract int Mr { get; }

    static abstract T Load(float* from);

    void Store(float* to);

    /// <summary>
    /// Stores past the caches what is not read soon, so that the line is not fetched before it is overwritten.
    /// </summary>
    /// <param name="to">Aligned to the vector's size.</param>
    void StoreNonTemporal(float* to);

    /// <summary>
    /// a·b + c, named after .NET's MultiplyAddEstimate: fused in the vectors of a CPU that can, else rounded twice; in
    /// <see cref="F32"/> always rounded twice, because a fused one may be a call.
    /// </summary>
    static abstract T MultiplyAddEstimate(T a, T b, T c);

    /// <summary>sum = a·b + sum in place, rounded as <see cref="MultiplyAddEstimate"/>.</summary>
    /// <remarks>
    /// In place the JIT needs no move, which <see cref="MultiplyAddEstimate"/> costs it every other time.
    /// </remarks>
    static abstract void MultiplyAccumulateEstimate(T a, T b, ref T sum);

    /// <summary>max(a, 0); NaN stays NaN, so that a diverging run shows.</summary>
    static abstract T Relu(T a);

    /// <summary>The sum of the lanes, in an order that depends on the width.</summary>
    static abstract float Sum(T x);

    /// <summary>Whether any lane is above 0.</summary>
    static abstract bool AnyPositive(T x);
}
