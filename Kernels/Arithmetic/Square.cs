using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The square.</summary>
public static class SquareExtensions
{
    extension(Tensor x)
    {
        /// <summary>x², elementwise.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
        public Tensor Square() =>
            new ElementwiseOp<Square>(new()).Apply(x);
    }
}

internal readonly struct Square : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T> => x * x;

    public T D<T>(T x) where T : struct, IReal<T> => x + x;

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Mul", [x, x]);
}
