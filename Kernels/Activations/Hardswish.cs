using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The hard version of SiLU.</summary>
public static class HardswishExtensions
{
    extension(Tensor x)
    {
        /// <summary>x·min(max(x + 3, 0), 6) / 6, elementwise: a piecewise polynomial like SiLU.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>, from −0.375 up.</returns>
        /// <seealso href="https://arxiv.org/abs/1905.02244">Howard et al., 2019, §5.2</seealso>
        public Tensor Hardswish() =>
            new ElementwiseOp<Hardswish>(new()).Apply(x);
    }
}

internal readonly struct Hardswish : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T> =>
        x * T.Min(T.Create(6), T.Max(T.Create(0), x + T.Create(3))) / T.Create(6);

    public T D<T>(T x) where T : struct, IReal<T>
    {
        var inside = x / T.Create(3) + T.Create(0.5f);
        return T.SelectGreater(
            x, T.Create(3), T.Create(1), T.SelectPositive(-x - T.Create(3), T.Create(0), inside));
    }

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("HardSwish", [x]);
}
