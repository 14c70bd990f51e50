using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The softplus function.</summary>
public static class SoftplusExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// log(1 + exp(<paramref name="beta"/>·x)) / <paramref name="beta"/>, elementwise: a smooth ReLU.
        /// </summary>
        /// <param name="beta">How sharp the bend at 0 is; not 0.</param>
        /// <returns>A tensor shaped like <paramref name="x"/>, not negative.</returns>
        /// <remarks>Precise everywhere; there is no threshold above which it is taken as linear.</remarks>
        public Tensor Softplus(float beta = 1) =>
            new ElementwiseOp<Softplus>(new(beta)).Apply(x);
    }
}

internal readonly struct Softplus(float beta) : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T>
    {
        var scaled = T.Create(beta) * x;
        var e = T.Exp(-T.Max(-scaled, scaled));             // of a number ≤ 0, so it cannot overflow
        return (T.Max(T.Create(0), scaled) + RealFunctions.Log1p(e)) / T.Create(beta);
    }

    public T D<T>(T x) where T : struct, IReal<T> => RealFunctions.Sigmoid(T.Create(beta) * x);

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x)
    {
        if (beta == 1) return graph.Add("Softplus", [x]);
        var scaled = graph.Add("Mul", [x, OnnxValue.Constant(beta)]);
        return graph.Add("Div", [graph.Add("Softplus", [scaled]), OnnxValue.Constant(beta)]);
    }
}
