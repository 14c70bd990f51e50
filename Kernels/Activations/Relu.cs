using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The rectified linear unit.</summary>
public static class ReluExtensions
{
    extension(Tensor x)
    {
        /// <summary>max(0, x), elementwise. NaN stays NaN, so that a diverging run shows.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
        /// <remarks>
        /// The derivative at 0 is taken as 0. The op saves the result for it, not
        /// <paramref name="x"/>.
        /// </remarks>
        public Tensor Relu() => new ElementwiseOp<Relu>(new()).Apply(x);
    }
}

internal readonly struct Relu : IUnaryFormula
{
    public static bool UsesOutput => true;

    public T F<T>(T x) where T : struct, IReal<T> => T.Max(T.Create(0), x);

    public T D<T>(T y) where T : struct, IReal<T> => T.SelectPositive(y, T.Create(1), T.Create(0));

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Relu", [x]);
}
