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
            x.Variance([.. Enumerable.Range(0, x.Rank)], false, correction);

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
        /// NaN where n does not exceed the correction. The mean is computed first, so that a large mean does not cancel
        /// the variance; blocks of fixed size are added in a fixed order.
        /// </remarks>
        public Tensor Variance(ReadOnlySpan<int> axes, bool keepDims = false, double correction = 1)
        {
            var reduced = Axes.Mask("Variance", x.Shape, axes);
            var y = new VarianceOp(reduced, correction).Apply(x);
            return Axes.DropReduced("Variance", y, x.Shape, reduced, keepDims);
        }
    }
}

/// <summary>Variances along axes that are kept with extent 1.</summary>
internal sealed class VarianceOp(bool[] reduced, double correction) : Op
{
    private Tensor x = null!, mean = null!;
    private ReductionLayout layout = null!;
    private float scale;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        layout = new(x[0].Shape, reduced);
        scale = (float)(1 / Math.Max(0, layout.N - correction));
        return [.. x[0].Shape.Select((extent, axis) => reduced[axis] ? 1 : extent)];
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        this.x = Save(x[0]);
        mean = new(y.Shape, y.Device);
        using var block = new TemporaryTensor(layout.Read(x[0]));
        Reduction.Run(block, [false, true, false], mean);
        AffineOp.Run(mean, 1f / layout.N, 0, mean);
        SquaredDeviations.Sum(block, mean, y);
        AffineOp.Run(y, scale, 0, y);
        if (IsRecorded) Save(mean);
        else mean.Release();
    }

    /// <summary>dx = 2·(x − mean) / (n − correction)·dy</summary>
    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = new Tensor(x.Shape, dy.Device);
        using var factor = new TemporaryTensor(dy.Shape, dy.Device);
        using var input = new TemporaryTensor(layout.Read(x));
        using var block = new TemporaryTensor(layout.Allocate(dx));
        AffineOp.Run(dy, 2 * scale, 0, factor);
        SquaredDeviations.Gradient(input, mean, factor, block);
        layout.Write(block, dx);
        return [dx];
    }
}
