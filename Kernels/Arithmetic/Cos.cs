using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The cosine.</summary>
public static class CosExtensions
{
    extension(Tensor x)
    {
        /// <summary>The cosine of x in radians, elementwise.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>, in [−1, 1]; NaN of ±∞.</returns>
        public Tensor Cos() =>
            new ElementwiseOp<Cos>(new()).Apply(x);
    }
}

internal readonly struct Cos : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T> => T.Cos(x);

    public T D<T>(T x) where T : struct, IReal<T> => -T.Sin(x);

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Cos", [x]);
}
