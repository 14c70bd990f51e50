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
        /// <param name="axes">Each once, in any order; −1 is the last. [2, 3] sums over the pixels of [n, c, h, w].</param>
        /// <param name="keepDims">Whether the axes stay, with extent 1; otherwise they go.</param>
        /// <returns>[n, c] for [n, c, h, w] and axes [2, 3]; [n, c, 1, 1] with <paramref name="keepDims"/>.</returns>
        /// <exception cref="ShapeException">There is no such axis, or one is named twice.</exception>
        /// <remarks>Pieces of fixed size are added in a fixed order, so that the number of threads does not matter.</remarks>
        public Tensor Sum(ReadOnlySpan<int> axes, bool keepDims = false) => Reduce(x, "Sum", axes, keepDims, mean: false);

        /// <summary>The mean of all elements.</summary>
        /// <returns>A scalar, shape []; NaN if there are no elements.</returns>
        public Tensor Mean() => Reduce(x, "Mean", [.. Enumerable.Range(0, x.Rank)], false, mean: true);

        /// <summary>Means along axes; as <c>Sum</c>, divided by the number of elements that each sum has.</summary>
        /// <inheritdoc cref="Sum(Tensor, ReadOnlySpan{int}, bool)"/>
        public Tensor Mean(ReadOnlySpan<int> axes, bool keepDims = false) => Reduce(x, "Mean", axes, keepDims, mean: true);
    }

    private static Tensor Reduce(Tensor x, string op, ReadOnlySpan<int> axes, bool keepDims, bool mean)
    {
        var reduced = AxisMask(op, x.Shape, axes);
        var y = new SumOp(reduced, mean).Apply(x);
        if (keepDims) return y;
        using var temporary = new TemporaryTensor(y);
        return y.Reshape([.. x.Shape.Where((_, axis) => !reduced[axis])]);
    }

    /// <summary>Which axes are meant.</summary>
    private static bool[] AxisMask(string op, Shape shape, ReadOnlySpan<int> axes)
    {
        var meant = new bool[shape.Rank];
        foreach (var axis in axes)
        {
            var i = axis < 0 ? axis + shape.Rank : axis;
            if (i < 0 || i >= shape.Rank) throw Fault($"{op}: {shape} has no axis {axis}.");
            if (meant[i]) throw Fault($"{op}: the axis {axis} of {shape} is named twice.");
            meant[i] = true;
        }

        return meant;

        static ShapeException Fault(FormattableString message) => new(FormattableString.Invariant(message));
    }
}

/// <summary>Sums along axes that stay with extent 1; or means, if asked for.</summary>
internal sealed class SumOp(bool[] reduced, bool mean) : Op
{
    private Shape from = null!;
    private float scale;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        from = x[0].Shape;
        Shape to = [.. from.Select((extent, axis) => reduced[axis] ? 1 : extent)];
        scale = mean ? (float)to.Size / from.Size : 1;
        return to;
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        Reduction.Run(x[0], reduced, y);
        if (mean) AffineOp.Run(y, scale, 0, y);
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        using var factor = new TemporaryTensor([], dy.Device);
        dy.Device.Fill(factor.Tensor.Storage, 1, scale);
        var dx = new Tensor(from, dy.Device);
        Broadcast.Run<MultiplyOp.Formula>(dy, factor, dx);
        return [dx];
    }
}
