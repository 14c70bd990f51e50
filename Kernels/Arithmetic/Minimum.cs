using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The smaller of two numbers.</summary>
public static class MinimumExtensions
{
    extension(Tensor a)
    {
        /// <summary>The smaller of a and b, elementwise; shapes are broadcast as NumPy does.</summary>
        /// <param name="b">A shape that broadcasts with <paramref name="a"/>'s.</param>
        /// <returns>The common shape; NaN where either is NaN.</returns>
        /// <exception cref="ShapeException">Two aligned extents differ and neither is 1.</exception>
        /// <remarks>Equal numbers share the gradient in halves.</remarks>
        public Tensor Minimum(Tensor b)
        {
            ArgumentNullException.ThrowIfNull(b);
            return new BinaryOp<Minimum>(new()).Apply(a, b);
        }
    }
}

internal readonly struct Minimum : IBinaryFormula
{
    public T F<T>(T a, T b) where T : struct, IReal<T> =>
        T.SelectGreater(b, a, a, T.SelectGreater(a, b, b, T.SelectEqual(a, b, a, a + b)));

    public T DA<T>(T a, T b) where T : struct, IReal<T> =>
        T.SelectGreater(b, a, T.Create(1), T.SelectEqual(a, b, T.Create(0.5f), T.Create(0)));

    public T DB<T>(T a, T b) where T : struct, IReal<T> => DA(b, a);

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue a, OnnxValue b) => graph.Add("Min", [a, b]);
}
