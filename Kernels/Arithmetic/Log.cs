using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The natural logarithm.</summary>
public static class LogExtensions
{
    extension(Tensor x)
    {
        /// <summary>The natural logarithm, elementwise.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>; −∞ of 0, NaN of negative numbers.</returns>
        public Tensor Log() =>
            new ElementwiseOp<Log>(new()).Apply(x);
    }
}

internal readonly struct Log : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T> => T.Log(x);

    public T D<T>(T x) where T : struct, IReal<T> => T.Create(1) / x;

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Log", [x]);
}
