using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The sine.</summary>
public static class SinExtensions
{
    extension(Tensor x)
    {
        /// <summary>The sine of x in radians, elementwise.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>, in [−1, 1]; NaN of ±∞.</returns>
        public Tensor Sin() =>
            new ElementwiseOp<Sin>(new()).Apply(x);
    }
}

internal readonly struct Sin : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T> => T.Sin(x);

    public T D<T>(T x) where T : struct, IReal<T> => T.Cos(x);

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Sin", [x]);
}
