using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The leaky rectified linear unit.</summary>
public static class LeakyReluExtensions
{
    extension(Tensor x)
    {
        /// <summary>x, or <paramref name="negativeSlope"/>·x where x is negative, elementwise.</summary>
        /// <param name="negativeSlope">The derivative of negative x.</param>
        /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
        /// <remarks>The derivative at 0 is taken as the negative slope.</remarks>
        /// <seealso href="https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf">
        /// Maas, Hannun and Ng, 2013
        /// </seealso>
        public Tensor LeakyRelu(float negativeSlope = 0.01f) =>
            new ElementwiseOp<LeakyRelu>(new(negativeSlope)).Apply(x);
    }
}

internal readonly struct LeakyRelu(float negativeSlope) : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T> => T.SelectNonPositive(x, x * T.Create(negativeSlope), x);

    public T D<T>(T x) where T : struct, IReal<T> => T.SelectPositive(x, T.Create(1), T.Create(negativeSlope));

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("LeakyRelu", [x], ("alpha", negativeSlope));
}
