using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The exponential function.</summary>
public static class ExpExtensions
{
    extension(Tensor x)
    {
        /// <summary>eˣ, elementwise.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>; infinite above 88.7.</returns>
        /// <remarks>The op saves the result, not <paramref name="x"/>.</remarks>
        public Tensor Exp() =>
            new ElementwiseOp<Exp>(new()).Apply(x);
    }
}

internal readonly struct Exp : IUnaryFormula
{
    public static bool UsesOutput => true;

    public T F<T>(T x) where T : struct, IReal<T> => T.Exp(x);

    public T D<T>(T y) where T : struct, IReal<T> => y;

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Exp", [x]);
}
