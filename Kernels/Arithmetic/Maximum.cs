using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The larger of two numbers.</summary>
public static class MaximumExtensions
{
    extension(Tensor a)
    {
        /// <summary>The larger of a and b, elementwise; shapes are broadcast as NumPy does.</summary>
        /// <param name="b">A shape that broadcasts with <paramref name="a"/>'s.</param>
        /// <returns>The common shape; NaN where either is NaN.</returns>
        /// <exception cref="ShapeException">Two aligned extents differ and neither is 1.</exception>
        /// <remarks>Equal numbers share the gradient in halves.</remarks>
        public Tensor Maximum(Tensor b)
        {
            ArgumentNullException.ThrowIfNull(b);
            return new BinaryOp<Maximum>(new()).Apply(a, b);
        }
    }
}

internal readonly struct Maximum : IBinaryFormula
{
    public T F<T>(T a, T b) where T : struct, IReal<T> =>
        T.SelectGreater(a, b, a, T.SelectGreater(b, a, b, T.SelectEqual(a, b, a, a + b)));

    public T DA<T>(T a, T b) where T : struct, IReal<T> =>
        T.SelectGreater(a, b, T.Create(1), T.SelectEqual(a, b, T.Create(0.5f), T.Create(0)));

    public T DB<T>(T a, T b) where T : struct, IReal<T> => DA(b, a);

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue a, OnnxValue b) => graph.Add("Max", [a, b]);
}
