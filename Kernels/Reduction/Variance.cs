using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Variances.</summary>
public static class VarianceExtensions
{
    extension(Tensor x)
    {
        /// <summary>The variance of all elements.</summary>
        /// <param name="correction">Subtracted from the number of elements, by which the squares are divided.</param>
        /// <returns>A scalar, shape [].</returns>
        /// <inheritdoc cref="Variance(Tensor, ReadOnlySpan{int}, bool, double)" path="/remarks"/>
        public Tensor Variance(double correction = 1) =>
            Compute("Variance", x, [.. Enumerable.Range(0, x.Rank)], false, correction);

        /// <summary>Variances along axes, as PyTorch's <c>var</c>: Σ(x − mean)² / (n − correction).</summary>
        /// <param name="axes">Each once, in any order; −1 is the last.</param>
        /// <param name="keepDims">Whether the axes are kept with extent 1; otherwise they are removed.</param>
        /// <param name="correction">
        /// 1 for the unbiased estimate (Bessel's correction), 0 for the variance of the numbers themselves, as batch
        /// normalization uses.
        /// </param>
        /// <returns>[N, C] for [N, C, H, W] and axes [2, 3]; [N, C, 1, 1] with <paramref name="keepDims"/>.</returns>
        /// <exception cref="ShapeException">There is no such axis, or one is given twice.</exception>
        /// <remarks>
        /// NaN where n does not exceed the correction. Deviations are added from the mean, whose own rounding is
        /// corrected: a mean of a million deviations leaves the variance its digits, and equal numbers have the
        /// variance 0. Blocks of fixed size are added in a fixed order.
        /// </remarks>
        /// <seealso href="https://doi.org/10.1080/00031305.1983.10483115">
        /// Chan, Golub and LeVeque, 1983, the shifted and the corrected two-pass algorithm
        /// </seealso>
        public Tensor Variance(ReadOnlySpan<int> axes, bool keepDims = false, double correction = 1) =>
            Compute("Variance", x, axes, keepDims, correction);

        /// <summary>Variances along one axis.</summary>
        /// <inheritdoc cref="Variance(Tensor, ReadOnlySpan{int}, bool, double)"/>
        public Tensor Variance(int axis, bool keepDims = false, double correction = 1) =>
            x.Variance([axis], keepDims, correction);
    }

    /// <param name="op">The op's name in messages.</param>
    internal static Tensor Compute(string op, Tensor x, ReadOnlySpan<int> axes, bool keepDims, double correction)
    {
        var reduced = Axes.Mask(op, x.Shape, axes);
        return Axes.DropReduced(op, new VarianceOp(reduced, correction).Apply(x), x.Shape, reduced, keepDims);
    }
}

/// <summary>Variances along axes that are kept with extent 1.</summary>
internal sealed class VarianceOp(bool[] reduced, double correction) : Op
{
    private Tensor x = null!, mean = null!, residual = null!;       // the mean is their sum
    private ReductionLayout layout = null!;
    private float scale;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        layout = new(x[0].Shape, reduced);
        scale = (float)(1 / Math.Max(0, layout.N - correction));
        return [.. x[0].Shape.Select((extent, axis) => reduced[axis] ? 1 : extent)];
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        this.x = Save(x[0]);
        (mean, residual) = (new(y.Shape, y.Device), new(y.Shape, y.Device));
        using var block = new TemporaryTensor(layout.Read(x[0]));
        ComputeMean(block);
        Deviations.Sum<SquaredDeviation>(block, mean, y);
        Broadcast.Run(new CorrectedVariance(layout.N, scale), y, residual, residual, y);
        if (IsRecorded)
        {
            Save(mean);
            Save(residual);
        }
        else
        {
            mean.Release();
            residual.Release();
        }
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x)
    {
        var deviations = graph.Add("Sub", [x[0], graph.Add("ReduceMean", x, ("axes", Axes.Of(reduced)))]);
        var squares = graph.Add("Mul", [deviations, deviations]);
        var sum = graph.Add("ReduceSum", [squares, OnnxValue.Integers(Axes.Of(reduced))]);
        return graph.Add("Mul", [sum, OnnxValue.Constant(scale)]);
    }

    /// <summary>dx = 2·(x − mean) / (n − correction)·dy</summary>
    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = new Tensor(x.Shape, dy.Device);
        using var factor = new TemporaryTensor(dy.Shape, dy.Device);
        using var input = new TemporaryTensor(layout.Read(x));
        using var block = new TemporaryTensor(layout.Allocate(dx));
        AffineOp.Run(dy, 2 * scale, 0, factor);
        Deviations.Gradient(input, mean, residual, factor, block);
        layout.Write(block, dx);
        return [dx];
    }

    /// <summary>
    /// The mean of the first numbers' distances to the others, and those numbers: sums of distances keep the digits
    /// that sums of the numbers, which may be far larger, would lose.
    /// </summary>
    private void ComputeMean(Tensor block)
    {
        using var first = new TemporaryTensor(mean.Shape, mean.Device);
        using var distances = new TemporaryTensor(mean.Shape, mean.Device);
        if (layout.N == 0) first.Tensor.Device.Fill(first.Tensor.Storage, mean.Shape.Size, 0);
        else
            StridedCopy.Run(
                block, StridedView.RowMajor(block.Shape).Slice(1, 0, 1), first,
                StridedView.RowMajor([layout.Outer, 1, layout.Inner]));
        Deviations.Sum<Deviation>(block, first, distances);
        Broadcast.Run(new ShiftedMean(1f / layout.N), first, distances, distances, mean);
        Broadcast.Run(new ShiftedMeanResidual(1f / layout.N), first, distances, mean, residual);
    }
}

/// <summary>first + distances / n</summary>
internal readonly struct ShiftedMean(float reciprocal) : ITernaryFormula
{
    public T F<T>(T first, T distances, T unused) where T : struct, IReal<T> =>
        first + distances * T.Create(reciprocal);
}

/// <summary>What rounding has taken from <see cref="ShiftedMean"/>.</summary>
/// <seealso href="https://doi.org/10.1007/BF01397083">Dekker, 1971; this form is Knuth's TwoSum</seealso>
internal readonly struct ShiftedMeanResidual(float reciprocal) : ITernaryFormula
{
    public T F<T>(T first, T distances, T mean) where T : struct, IReal<T>
    {
        var added = mean - first;
        return first - (mean - added) + (distances * T.Create(reciprocal) - added);
    }
}

/// <summary>(squares − n·residual²) / (n − correction), at least 0.</summary>
internal readonly struct CorrectedVariance(float n, float scale) : ITernaryFormula
{
    public T F<T>(T squares, T residual, T unused) where T : struct, IReal<T> =>
        T.Max(T.Create(0), squares - T.Create(n) * residual * residual) * T.Create(scale);
}
