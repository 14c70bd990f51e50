using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The absolute value.</summary>
public static class AbsExtensions
{
    extension(Tensor x)
    {
        /// <summary>|x|, elementwise.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
        /// <remarks>The derivative at 0 is taken as 0.</remarks>
        public Tensor Abs() =>
            new ElementwiseOp<Abs>(new()).Apply(x);
    }
}

internal readonly struct Abs : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T> => RealFunctions.Abs(x);

    public T D<T>(T x) where T : struct, IReal<T> =>
        T.SelectPositive(x, T.Create(1), T.SelectPositive(-x, T.Create(-1), x - x));

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Abs", [x]);
}
