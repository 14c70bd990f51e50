using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The reciprocal of the square root.</summary>
public static class RsqrtExtensions
{
    extension(Tensor x)
    {
        /// <summary>1 / √x, elementwise.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>; infinite of 0, NaN of negative numbers.</returns>
        /// <remarks>The op saves the result, not <paramref name="x"/>.</remarks>
        public Tensor Rsqrt() =>
            new ElementwiseOp<Rsqrt>(new()).Apply(x);
    }
}

internal readonly struct Rsqrt : IUnaryFormula
{
    public static bool UsesOutput => true;

    public T F<T>(T x) where T : struct, IReal<T> => T.Create(1) / T.Sqrt(x);

    public T D<T>(T y) where T : struct, IReal<T> => T.Create(-0.5f) * y * y * y;

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Reciprocal", [graph.Add("Sqrt", [x])]);
}
