using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Division.</summary>
public static class DivideExtensions
{
    extension(Tensor)
    {
        /// <summary>a / b, elementwise; shapes are broadcast as NumPy does.</summary>
        /// <param name="a">Any shape.</param>
        /// <param name="b">A shape that broadcasts with <paramref name="a"/>'s.</param>
        /// <returns>The common shape; ±∞ or NaN where b is 0.</returns>
        /// <exception cref="ShapeException">Two aligned extents differ and neither is 1.</exception>
        public static Tensor operator /(Tensor a, Tensor b) => new BinaryOp<Divide>(new()).Apply(a, b);

        /// <summary>x / <paramref name="divisor"/>, elementwise.</summary>
        public static Tensor operator /(Tensor x, float divisor) =>
            new ElementwiseOp<WithScalar<Divide>>(new(divisor), "Divide").Apply(x);

        /// <summary><paramref name="dividend"/> / x, elementwise.</summary>
        public static Tensor operator /(float dividend, Tensor x) =>
            new ElementwiseOp<Reciprocal>(new(dividend), "Divide").Apply(x);
    }
}

internal readonly struct Divide : IBinaryFormula
{
    public T F<T>(T a, T b) where T : struct, IReal<T> => a / b;

    public T DA<T>(T a, T b) where T : struct, IReal<T> => T.Create(1) / b;

    public T DB<T>(T a, T b) where T : struct, IReal<T> => -(a / b) / b;

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue a, OnnxValue b) => graph.Add("Div", [a, b]);
}

/// <summary>dividend / x</summary>
internal readonly struct Reciprocal(float dividend) : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T> => T.Create(dividend) / x;

    public T D<T>(T x) where T : struct, IReal<T> => -(T.Create(dividend) / x) / x;

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Div", [OnnxValue.Constant(dividend), x]);
}
