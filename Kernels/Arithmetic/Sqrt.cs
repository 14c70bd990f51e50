using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The square root.</summary>
public static class SqrtExtensions
{
    extension(Tensor x)
    {
        /// <summary>√x, elementwise.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>; NaN of negative numbers.</returns>
        /// <remarks>The derivative at 0 is infinite. The op saves the result, not <paramref name="x"/>.</remarks>
        public Tensor Sqrt() =>
            new ElementwiseOp<Sqrt>(new()).Apply(x);
    }
}

internal readonly struct Sqrt : IUnaryFormula
{
    public static bool UsesOutput => true;

    public T F<T>(T x) where T : struct, IReal<T> => T.Sqrt(x);

    public T D<T>(T y) where T : struct, IReal<T> => T.Create(0.5f) / y;

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Sqrt", [x]);
}
