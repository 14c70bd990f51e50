using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Powers.</summary>
public static class PowExtensions
{
    extension(Tensor x)
    {
        /// <summary>x to the power of <paramref name="exponent"/>, elementwise.</summary>
        /// <param name="exponent">Exponents of 2, −1, 0.5 and −0.5 are as fast as one operation.</param>
        /// <returns>
        /// A tensor shaped like <paramref name="x"/>; NaN of a negative number and an exponent that is not whole.
        /// </returns>
        public Tensor Pow(float exponent) => exponent switch
        {
            2 => x.Square(),
            -1 => 1 / x,
            0.5f => x.Sqrt(),
            -0.5f => x.Rsqrt(),
            _ => new ElementwiseOp<PowScalar>(new(exponent), "Pow").Apply(x),
        };

        /// <summary>x to the power of <paramref name="exponent"/>, elementwise; shapes are broadcast.</summary>
        /// <param name="exponent">A shape that broadcasts with <paramref name="x"/>'s.</param>
        /// <returns>The common shape; NaN of a negative number and an exponent that is not whole.</returns>
        /// <exception cref="ShapeException">Two aligned extents differ and neither is 1.</exception>
        public Tensor Pow(Tensor exponent)
        {
            ArgumentNullException.ThrowIfNull(exponent);
            return new BinaryOp<Pow>(new()).Apply(x, exponent);
        }
    }
}

internal readonly struct PowScalar(float exponent) : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T> => T.Pow(x, T.Create(exponent));

    public T D<T>(T x) where T : struct, IReal<T> => default(Pow).DA(x, T.Create(exponent));

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Pow", [x, OnnxValue.Constant(exponent)]);
}

internal readonly struct Pow : IBinaryFormula
{
    public T F<T>(T a, T b) where T : struct, IReal<T> => T.Pow(a, b);

    public T DA<T>(T a, T b) where T : struct, IReal<T> =>
        T.SelectEqual(b, T.Create(0), T.Create(0), b * T.Pow(a, b - T.Create(1)));

    /// <summary>aᵇ·log a; 0 where a is 0 and b positive, the limit there.</summary>
    public T DB<T>(T a, T b) where T : struct, IReal<T> => T.SelectEqual(
        a, T.Create(0), T.SelectNonPositive(-b, T.Create(0), T.Create(float.NegativeInfinity)), T.Pow(a, b) * T.Log(a));

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue a, OnnxValue b) => graph.Add("Pow", [a, b]);
}
