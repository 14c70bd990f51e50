using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Limits.</summary>
public static class ClampExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// x limited to the range from <paramref name="min"/> to <paramref name="max"/>, elementwise.
        /// </summary>
        /// <param name="min">The least result; −∞ for no limit.</param>
        /// <param name="max">The largest result; ∞ for no limit.</param>
        /// <returns>A tensor shaped like <paramref name="x"/>. NaN stays NaN; where min &gt; max it is max.</returns>
        /// <remarks>The derivative is 1 within the range, its ends included, and 0 outside.</remarks>
        public Tensor Clamp(float min = float.NegativeInfinity, float max = float.PositiveInfinity) =>
            new ElementwiseOp<Clamp>(new(min, max)).Apply(x);
    }
}

internal readonly struct Clamp(float min, float max) : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T> =>
        T.SelectGreater(x, T.Create(max), T.Create(max), T.SelectGreater(T.Create(min), x, T.Create(min), x));

    public T D<T>(T x) where T : struct, IReal<T> => T.SelectGreater(
        x, T.Create(max), T.Create(0), T.SelectGreater(T.Create(min), x, T.Create(0), T.Create(1)));

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) =>
        graph.Add("Clip", [x, OnnxValue.Constant(min), OnnxValue.Constant(max)]);
}
