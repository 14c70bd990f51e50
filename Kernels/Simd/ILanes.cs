namespace PyNetSharp.Kernels.Simd;

/// <summary>A vector register of floats, so that a micro-kernel is written once for every width.</summary>
/// <remarks>The JIT compiles each use for one width, with the values in registers and the properties as constants.</remarks>
internal unsafe interface ILanes<T> where T : struct, ILanes<T>
{
    /// <summary>Floats to a vector.</summary>
    static abstract int Width { get; }

    /// <summary>How many rows of two vectors a micro-kernel sums at once: as many as leave registers for its operands.</summary>
    static abstract int Mr { get; }

    static abstract T Create(float value);

    static abstract T Load(float* from);

    void Store(float* to);

    /// <summary>Stores past the caches what nobody reads soon. Without it a line is fetched from memory only to be overwritten.</summary>
    /// <param name="to">Aligned to the vector's size.</param>
    void StoreNonTemporal(float* to);

    /// <summary>a·b + c.</summary>
    static abstract T MultiplyAddEstimate(T a, T b, T c);

    /// <summary>sum += a·b in place: the JIT needs no move then, which <see cref="MultiplyAddEstimate"/> costs it every other time.</summary>
    static abstract void MultiplyAccumulate(T a, T b, ref T sum);

    static abstract T operator +(T a, T b);

    static abstract T operator -(T a, T b);

    static abstract T operator *(T a, T b);

    /// <summary>max(a, 0); NaN stays NaN, so that a run that diverges shows it.</summary>
    static abstract T Relu(T a);
}
