using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>
/// The transforms of one of Winograd's minimal filters F(m, r): m outputs of a filter of r taps from n = m + r − 1
/// inputs with n multiplications, y = Aᵀ·((G·g) ⊙ (Bᵀ·d)), where ⊙ multiplies element by element.
/// </summary>
/// <remarks>
/// In two dimensions each transform is applied along both axes, and F(m×m, r×r) takes n² multiplications for m²
/// outputs, a direct convolution m²·r². Each method transforms one row of vectors: it reads <c>from[i · step]</c> and
/// writes <c>to[j · stride]</c>.
/// </remarks>
/// <seealso href="https://arxiv.org/abs/1509.09308">
/// Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016
/// </seealso>
internal unsafe interface IWinograd
{
    /// <summary>m: outputs per tile and axis.</summary>
    static abstract int OutputTileSize { get; }

    /// <summary>r: taps of the filter per axis.</summary>
    static abstract int Taps { get; }

    /// <summary>
    /// n = m + r − 1: inputs per tile and axis, and the points at which the filter's polynomial is evaluated.
    /// </summary>
    static abstract int InputTileSize { get; }

    /// <summary>Bᵀ·d, n to n: an input.</summary>
    static abstract void TransformInput<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>;

    /// <summary>Aᵀ·p, n to m: an output from its products.</summary>
    static abstract void TransformOutput<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>;

    /// <summary>A·dy, m to n: the gradient of the products from that of the output.</summary>
    static abstract void TransformOutputGradient<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>;

    /// <summary>G·g, r to n: a filter.</summary>
    static abstract void TransformFilter<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>;

    /// <summary>Gᵀ·u, n to r: the gradient of the filter from that of its transform.</summary>
    static abstract void TransformFilterGradient<V>(float* from, nint step, float* to, nint stride)
        where V : struct, IVector<V>;
}
