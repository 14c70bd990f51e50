using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The largest and the smallest elements.</summary>
public static class ExtremumExtensions
{
    extension(Tensor x)
    {
        /// <summary>The largest element; NaN if there is one.</summary>
        /// <returns>A scalar, shape [].</returns>
        /// <exception cref="ShapeException">There is no element.</exception>
        /// <inheritdoc cref="Max(Tensor, ReadOnlySpan{int}, bool)" path="/remarks"/>
        public Tensor Max() => Reduce<MaxReduction>(x, [.. Enumerable.Range(0, x.Rank)], false);

        /// <summary>The largest elements along axes, as PyTorch's <c>amax</c>; NaN where there is one.</summary>
        /// <param name="axes">Each once, in any order; −1 is the last. With none, every element is its own.</param>
        /// <param name="keepDims">Whether the axes are kept with extent 1; otherwise they are removed.</param>
        /// <returns>[N, C] for [N, C, H, W] and axes [2, 3]; [N, C, 1, 1] with <paramref name="keepDims"/>.</returns>
        /// <exception cref="ShapeException">
        /// There is no such axis, one is given twice, or there is no element along them.
        /// </exception>
        /// <remarks>
        /// Equal extremes share the gradient evenly. Where the result is NaN, so is the gradient of all that went into
        /// it.
        /// </remarks>
        public Tensor Max(ReadOnlySpan<int> axes, bool keepDims = false) => Reduce<MaxReduction>(x, axes, keepDims);

        /// <summary>The largest elements along one axis.</summary>
        /// <inheritdoc cref="Max(Tensor, ReadOnlySpan{int}, bool)"/>
        public Tensor Max(int axis, bool keepDims = false) => x.Max([axis], keepDims);

        /// <summary>The smallest element; NaN if there is one.</summary>
        /// <inheritdoc cref="Max(Tensor)"/>
        public Tensor Min() => Reduce<MinReduction>(x, [.. Enumerable.Range(0, x.Rank)], false);

        /// <summary>The smallest elements along axes, as PyTorch's <c>amin</c>; NaN where there is one.</summary>
        /// <inheritdoc cref="Max(Tensor, ReadOnlySpan{int}, bool)"/>
        public Tensor Min(ReadOnlySpan<int> axes, bool keepDims = false) => Reduce<MinReduction>(x, axes, keepDims);

        /// <summary>The smallest elements along one axis.</summary>
        /// <inheritdoc cref="Max(Tensor, ReadOnlySpan{int}, bool)"/>
        public Tensor Min(int axis, bool keepDims = false) => x.Min([axis], keepDims);
    }

    private static Tensor Reduce<T>(Tensor x, ReadOnlySpan<int> axes, bool keepDims) where T : struct, IExtremum
    {
        var reduced = Axes.Mask(T.Name, x.Shape, axes);
        return Axes.DropReduced(T.Name, new ExtremumOp<T>(reduced).Apply(x), x.Shape, reduced, keepDims);
    }
}

/// <summary>The extremes along axes that are kept with extent 1.</summary>
internal sealed class ExtremumOp<T>(bool[] reduced) : Op where T : struct, IExtremum
{
    private Tensor x = null!, y = null!;
    private ReductionLayout layout = null!;

    public override string Name => T.Name;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        var shape = x[0].Shape;
        layout = new(shape, reduced);
        return layout.N > 0
            ? [.. shape.Select((extent, axis) => reduced[axis] ? 1 : extent)]
            : throw new ShapeException($"{Name}: {shape} has no element along the axes.");
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        (this.x, this.y) = (Save(x[0]), Save(y));
        using var block = new TemporaryTensor(layout.Read(x[0]));
        ExtremumReduction<T>.Run(block, y);
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        graph.Add($"Reduce{T.Name}", x, ("axes", Axes.Of(reduced)));

    /// <summary>dx = dy / (the number of elements equal to y) where x = y, 0 elsewhere.</summary>
    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = new Tensor(x.Shape, dy.Device);
        using var input = new TemporaryTensor(layout.Read(x));
        using var block = new TemporaryTensor(layout.Allocate(dx));
        using var counts = new TemporaryTensor([layout.Outer, 1, layout.Inner], dy.Device);
        using var extremes = new TemporaryTensor(AsColumns(y));
        using var gradients = new TemporaryTensor(AsColumns(dy));
        Broadcast.Run(new EqualTo(), input, extremes, block);
        Reduction.Run(block, [false, true, false], counts);
        Broadcast.Run(new ExtremumShare(), block, gradients, counts, block);
        layout.Write(block, dx);
        return [dx];
    }

    /// <summary>A view as [outer, 1, inner].</summary>
    private Tensor AsColumns(Tensor x) => new([layout.Outer, 1, layout.Inner], x.Storage.Retain());
}

/// <summary>
/// dy / count where the mask, which says where x = y, is not 0; 0 elsewhere. NaN where the count is 0, because y is
/// NaN there.
/// </summary>
internal readonly struct ExtremumShare : ITernaryFormula
{
    public T F<T>(T mask, T dy, T count) where T : struct, IReal<T>
    {
        var otherwise = T.SelectEqual(count, T.Create(0), T.Create(float.NaN), T.Create(0));
        return T.SelectEqual(mask, T.Create(0), otherwise, dy / count);
    }
}
