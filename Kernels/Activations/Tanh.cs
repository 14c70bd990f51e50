using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The hyperbolic tangent.</summary>
public static class TanhExtensions
{
    extension(Tensor x)
    {
        /// <summary>The hyperbolic tangent, elementwise.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>, in [−1, 1].</returns>
        /// <remarks>The op saves the result, not <paramref name="x"/>.</remarks>
        public Tensor Tanh() =>
            new ElementwiseOp<Tanh>(new()).Apply(x);
    }
}

internal readonly struct Tanh : IUnaryFormula
{
    public static bool UsesOutput => true;

    public T F<T>(T x) where T : struct, IReal<T> => T.Tanh(x);

    public T D<T>(T y) where T : struct, IReal<T> => T.Create(1) - y * y;

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Tanh", [x]);
}
