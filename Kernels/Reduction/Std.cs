using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Standard deviations.</summary>
public static class StdExtensions
{
    extension(Tensor x)
    {
        /// <summary>The standard deviation of all elements.</summary>
        /// <param name="correction">Subtracted from the number of elements, by which the squares are divided.</param>
        /// <returns>A scalar, shape [].</returns>
        /// <inheritdoc cref="Std(Tensor, ReadOnlySpan{int}, bool, double)" path="/remarks"/>
        public Tensor Std(double correction = 1) =>
            Root(x, [.. Enumerable.Range(0, x.Rank)], false, correction);

        /// <summary>Standard deviations along axes, as PyTorch's <c>std</c>: the roots of the variances.</summary>
        /// <param name="axes">Each once, in any order; −1 is the last.</param>
        /// <param name="keepDims">Whether the axes are kept with extent 1; otherwise they are removed.</param>
        /// <param name="correction">
        /// 1 for the root of the unbiased variance (Bessel's correction), 0 for that of the numbers' own variance.
        /// </param>
        /// <returns>[N, C] for [N, C, H, W] and axes [2, 3]; [N, C, 1, 1] with <paramref name="keepDims"/>.</returns>
        /// <exception cref="ShapeException">There is no such axis, or one is given twice.</exception>
        /// <remarks>
        /// NaN where n does not exceed the correction. Equal numbers have the deviation 0, where it has a kink as |x|
        /// has one at 0: the gradient is 0 there, as in PyTorch, not NaN. The digits are those of the variance, so that
        /// deviations below 10⁻¹⁹, whose squares are no normal floats, lose theirs.
        /// </remarks>
        public Tensor Std(ReadOnlySpan<int> axes, bool keepDims = false, double correction = 1) =>
            Root(x, axes, keepDims, correction);

        /// <summary>Standard deviations along one axis.</summary>
        /// <inheritdoc cref="Std(Tensor, ReadOnlySpan{int}, bool, double)"/>
        public Tensor Std(int axis, bool keepDims = false, double correction = 1) =>
            x.Std([axis], keepDims, correction);
    }

    private static Tensor Root(Tensor x, ReadOnlySpan<int> axes, bool keepDims, double correction)
    {
        using var variance = new TemporaryTensor(VarianceExtensions.Compute("Std", x, axes, keepDims, correction));
        return new ElementwiseOp<Std>(new()).Apply(variance);
    }
}

/// <summary>√x, whose derivative at 0 is taken as 0.</summary>
internal readonly struct Std : IUnaryFormula
{
    public static bool UsesOutput => true;

    public T F<T>(T x) where T : struct, IReal<T> => T.Sqrt(x);

    public T D<T>(T y) where T : struct, IReal<T> =>
        T.SelectEqual(y, T.Create(0), T.Create(0), T.Create(0.5f) / y);

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x) => graph.Add("Sqrt", [x]);
}
