using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The Gaussian error linear unit.</summary>
public static class GeluExtensions
{
    extension(Tensor x)
    {
        /// <summary>x·Φ(x), elementwise, where Φ is the distribution function of the standard normal.</summary>
        /// <param name="approximate">
        /// Whether to take ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) instead, which differs by up to 5·10⁻⁴; it is
        /// what GPT-2 was trained with.
        /// </param>
        /// <returns>A tensor shaped like <paramref name="x"/>, from −0.17 up.</returns>
        /// <seealso href="https://arxiv.org/abs/1606.08415">Hendrycks and Gimpel, 2016, §2</seealso>
        public Tensor Gelu(bool approximate = false) => approximate
            ? new ElementwiseOp<GeluTanh>(new(), "Gelu").Apply(x)
            : new ElementwiseOp<Gelu>(new()).Apply(x);
    }
}

internal readonly struct Gelu : IUnaryFormula
{
    private const float SqrtHalf = 0.707106781f, InverseSqrt2Pi = 0.398942280f;

    public T F<T>(T x) where T : struct, IReal<T> => x * Distribution(x);

    public T D<T>(T x) where T : struct, IReal<T>
    {
        // Far out the density is 0, and ∞·0 would be NaN
        var limited = T.Min(T.Create(20), T.Max(T.Create(-20), x));
        var density = T.Create(InverseSqrt2Pi) * T.Exp(T.Create(-0.5f) * limited * limited);
        return Distribution(x) + limited * density;
    }

    private static T Distribution<T>(T x) where T : struct, IReal<T> =>
        T.Create(0.5f) + T.Create(0.5f) * T.Erf(T.Create(SqrtHalf) * x);

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x)
    {
        var erf = graph.Add("Erf", [graph.Add("Mul", [x, OnnxValue.Constant(SqrtHalf)])]);
        var doubled = graph.Add("Mul", [x, graph.Add("Add", [erf, OnnxValue.Constant(1)])]);
        return graph.Add("Mul", [doubled, OnnxValue.Constant(0.5f)]);
    }
}

internal readonly struct GeluTanh : IUnaryFormula
{
    private const float Sqrt2OverPi = 0.797884561f, Cubic = 0.044715f;

    public T F<T>(T x) where T : struct, IReal<T> => T.Create(0.5f) * x * (T.Create(1) + Tanh(x));

    public T D<T>(T x) where T : struct, IReal<T>
    {
        // Far out tanh′ is 0, and ∞·0 would be NaN
        var limited = T.Min(T.Create(20), T.Max(T.Create(-20), x));
        var tanh = Tanh(limited);
        var inner = T.Create(Sqrt2OverPi) * (T.Create(1) + T.Create(3 * Cubic) * limited * limited);
        var slope = limited * (T.Create(1) - tanh * tanh) * inner;
        return T.Create(0.5f) * (T.Create(1) + tanh + slope);
    }

    private static T Tanh<T>(T x) where T : struct, IReal<T> =>
        T.Tanh(T.Create(Sqrt2OverPi) * (x + T.Create(Cubic) * x * x * x));

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x)
    {
        var square = graph.Add("Mul", [x, x]);
        var factor = graph.Add("Add", [graph.Add("Mul", [square, OnnxValue.Constant(Cubic)]), OnnxValue.Constant(1)]);
        var inner = graph.Add("Mul", [graph.Add("Mul", [x, factor]), OnnxValue.Constant(Sqrt2OverPi)]);
        var doubled = graph.Add("Mul", [x, graph.Add("Add", [graph.Add("Tanh", [inner]), OnnxValue.Constant(1)])]);
        return graph.Add("Mul", [doubled, OnnxValue.Constant(0.5f)]);
    }
}
