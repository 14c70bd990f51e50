using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The sigmoid linear unit.</summary>
public static class SiluExtensions
{
    extension(Tensor x)
    {
        /// <summary>SiLU, also called swish: x·σ(x), elementwise.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>, from −0.2785 up.</returns>
        /// <seealso href="https://arxiv.org/abs/1702.03118">Elfwing, Uchibe and Doya, 2017, eq. 5</seealso>
        public Tensor Silu() => new ElementwiseOp<Silu>(new()).Apply(x);
    }
}

internal readonly struct Silu : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T> => x * RealFunctions.Sigmoid(x);

    public T D<T>(T x) where T : struct, IReal<T>
    {
        var s = RealFunctions.Sigmoid(x);
        return s + x * s * (T.Create(1) - s);
    }

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Mul", [x, graph.Add("Sigmoid", [x])]);
}
