using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The exponential linear unit.</summary>
public static class EluExtensions
{
    extension(Tensor x)
    {
        /// <summary>x, or <paramref name="alpha"/>·(eˣ − 1) where x is negative, elementwise.</summary>
        /// <param name="alpha">The limit of −∞ is −alpha.</param>
        /// <returns>A tensor shaped like <paramref name="x"/>, above −<paramref name="alpha"/>.</returns>
        /// <seealso href="https://arxiv.org/abs/1511.07289">Clevert, Unterthiner and Hochreiter, 2016, eq. 1</seealso>
        public Tensor Elu(float alpha = 1) =>
            new ElementwiseOp<Elu>(new(alpha)).Apply(x);
    }
}

internal readonly struct Elu(float alpha) : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T> =>
        T.SelectPositive(x, x, T.Create(alpha) * RealFunctions.Expm1(-T.Max(T.Create(0), -x)));

    public T D<T>(T x) where T : struct, IReal<T> =>
        T.SelectPositive(x, T.Create(1), T.Create(alpha) * T.Exp(-T.Max(T.Create(0), -x)));

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Elu", [x], ("alpha", alpha));
}
