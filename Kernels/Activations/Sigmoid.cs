using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The logistic function.</summary>
public static class SigmoidExtensions
{
    extension(Tensor x)
    {
        /// <summary>The logistic function σ(x) = 1 / (1 + e⁻ˣ), elementwise.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>, in [0, 1].</returns>
        public Tensor Sigmoid() => new ElementwiseOp<Sigmoid>(new()).Apply(x);
    }
}

internal readonly struct Sigmoid : IUnaryFormula
{
    public static bool UsesOutput => true;

    public T F<T>(T x) where T : struct, IReal<T> => RealFunctions.Sigmoid(x);

    public T D<T>(T y) where T : struct, IReal<T> => y * (T.Create(1) - y);

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Sigmoid", [x]);
}
