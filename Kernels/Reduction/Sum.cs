using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Sums and means.</summary>
public static class SumExtensions
{
    extension(Tensor x)
    {
        /// <summary>The sum of all elements.</summary>
        /// <returns>A scalar, shape [].</returns>
        public Tensor Sum() => Reduce(x, "Sum", [.. Enumerable.Range(0, x.Rank)], false, mean: false);

        /// <summary>Sums along axes.</summary>
        /// <param name="axes">
        /// Each once, in any order; −1 is the last. [2, 3] sums over the pixels of [N, C, H, W].
        /// </param>
        /// <param name="keepDims">Whether the axes are kept with extent 1; otherwise they are removed.</param>
        /// <returns>[N, C] for [N, C, H, W] and axes [2, 3]; [N, C, 1, 1] with <paramref name="keepDims"/>.</returns>
        /// <exception cref="ShapeException">There is no such axis, or one is given twice.</exception>
        /// <remarks>
        /// Blocks of fixed size are added in a fixed order, so the result does not depend on the number of threads.
        /// </remarks>
        public Tensor Sum(ReadOnlySpan<int> axes, bool keepDims = false) =>
            Reduce(x, "Sum", axes, keepDims, mean: false);

        /// <summary>Sums along one axis.</summary>
        /// <inheritdoc cref="Sum(Tensor, ReadOnlySpan{int}, bool)"/>
        public Tensor Sum(int axis, bool keepDims = false) => x.Sum([axis], keepDims);

        /// <summary>The mean of all elements.</summary>
        /// <returns>A scalar, shape []; NaN if x is empty.</returns>
        public Tensor Mean() => Reduce(x, "Mean", [.. Enumerable.Range(0, x.Rank)], false, mean: true);

        /// <summary>Means along axes; as <c>Sum</c>, divided by the number of elements per sum.</summary>
        /// <inheritdoc cref="Sum(Tensor, ReadOnlySpan{int}, bool)"/>
        public Tensor Mean(ReadOnlySpan<int> axes, bool keepDims = false) =>
            Reduce(x, "Mean", axes, keepDims, mean: true);

        /// <summary>Means along one axis.</summary>
        /// <inheritdoc cref="Sum(Tensor, ReadOnlySpan{int}, bool)"/>
        public Tensor Mean(int axis, bool keepDims = false) => x.Mean([axis], keepDims);
    }

    private static Tensor Reduce(Tensor x, string op, ReadOnlySpan<int> axes, bool keepDims, bool mean)
    {
        var reduced = Axes.Mask(op, x.Shape, axes);
        return Axes.DropReduced(op, new SumOp(reduced, mean).Apply(x), x.Shape, reduced, keepDims);
    }
}

/// <summary>Sums or means along axes that are kept with extent 1.</summary>
internal sealed class SumOp(bool[] reduced, bool mean) : Op
{
    private Shape input = null!;
    private float scale;
    private ReductionPass[] passes = null!;

    public override string Name => mean ? "Mean" : "Sum";

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        input = x[0].Shape;
        passes = Reduction.PassesOf(input, reduced);
        Shape output = [.. input.Select((extent, axis) => reduced[axis] ? 1 : extent)];
        scale = mean ? (float)output.Size / input.Size : 1;
        return output;
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        Reduction.Run(x[0], passes, y);
        if (mean) AffineOp.Run(y, scale, 0, y);
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) => mean
        ? graph.Add("ReduceMean", x, ("axes", Axes.Of(reduced)))
        : graph.Add("ReduceSum", [x[0], OnnxValue.Integers(Axes.Of(reduced))]);

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        using var factor = new TemporaryTensor([], dy.Device);
        dy.Device.Fill(factor.Tensor.Storage, 1, scale);
        var dx = new Tensor(input, dy.Device);
        Broadcast.Run(default(MultiplyOp.Product), dy, factor, dx);
        return [dx];
    }
}
