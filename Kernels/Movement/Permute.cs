using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Axes in another order.</summary>
public static class PermuteExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// The axes in another order, as PyTorch's <c>permute</c>; copied, because tensors have no strides.
        /// </summary>
        /// <param name="axes">
        /// All axes, each once: the new axis i is <c>axes[i]</c> of <paramref name="x"/>; −1 is the last.
        /// </param>
        /// <returns>[N, H, W, C] for [N, C, H, W] and axes 0, 2, 3, 1.</returns>
        /// <exception cref="ShapeException">An axis is missing, given twice, or does not exist.</exception>
        public Tensor Permute(params ReadOnlySpan<int> axes)
        {
            var shape = x.Shape;
            var order = new int[axes.Length];
            for (var i = 0; i < order.Length; i++) order[i] = Axes.Resolve("Permute", shape, axes[i]);
            _ = Axes.Mask("Permute", shape, axes);
            return order.Length == shape.Rank
                ? new PermuteOp(order, "Permute").Apply(x)
                : throw new ShapeException(FormattableString.Invariant(
                    $"Permute: {order.Length} axes are given for {shape}, not all {x.Rank}."));
        }

        /// <summary>
        /// Two axes exchanged, as PyTorch's <c>transpose</c>; copied, because tensors have no strides.
        /// </summary>
        /// <param name="a">An axis; −1 is the last.</param>
        /// <param name="b">Another, or the same.</param>
        /// <returns>[4, 3] for [3, 4] and any two axes.</returns>
        /// <exception cref="ShapeException">There is no such axis.</exception>
        public Tensor Transpose(int a, int b)
        {
            var (i, j) = (Axes.Resolve("Transpose", x.Shape, a), Axes.Resolve("Transpose", x.Shape, b));
            return PermuteOp.Exchange(x, i, j, "Transpose");
        }
    }
}

/// <param name="order">The input's axis for each of the result's.</param>
/// <param name="name">What the caller has called.</param>
internal sealed class PermuteOp(int[] order, string name) : Op
{
    private StridedCopy? copy;

    public override string Name => name;

    /// <summary>Two axes exchanged.</summary>
    public static Tensor Exchange(Tensor x, int a, int b, string name)
    {
        int[] order = [.. Enumerable.Range(0, x.Rank)];
        (order[a], order[b]) = (order[b], order[a]);
        return new PermuteOp(order, name).Apply(x);
    }

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => StridedView.Of(x[0].Shape).Permute(order).Shape;

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        copy ??= Copy(x[0].Shape, order, y.Shape);
        copy.Run(x[0], y);
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        graph.Add("Transpose", x, ("perm", order));

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var inverse = new int[order.Length];
        foreach (var (i, axis) in order.Index()) inverse[axis] = i;
        var dx = new Tensor(StridedView.Of(dy.Shape).Permute(inverse).Shape, dy.Device);
        Copy(dy.Shape, inverse, dx.Shape).Run(dy, dx);
        return [dx];
    }

    private static StridedCopy Copy(Shape from, int[] order, Shape to) =>
        new(StridedView.Of(from).Permute(order), StridedView.Of(to));
}
