using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Several tensors in one.</summary>
public static class ConcatExtensions
{
    extension(Tensor)
    {
        /// <summary>Tensors one after the other along an axis, as PyTorch's <c>cat</c>.</summary>
        /// <param name="tensors">At least one: <c>Tensor.Concat([a, b], axis: 1)</c>.</param>
        /// <param name="axis">−1 is the last.</param>
        /// <returns>[2, 7] for [2, 3] and [2, 4] along axis 1.</returns>
        /// <exception cref="ArgumentException">There is no tensor.</exception>
        /// <exception cref="ShapeException">
        /// There is no such axis, or the ranks or other extents differ.
        /// </exception>
        public static Tensor Concat(ReadOnlySpan<Tensor> tensors, int axis = 0)
        {
            CheckTensors("Concat", tensors);
            return new ConcatOp(Axes.Resolve("Concat", tensors[0].Shape, axis)).Apply(tensors);
        }

        /// <summary>Tensors of one shape side by side along a new axis, as PyTorch's <c>stack</c>.</summary>
        /// <param name="tensors">At least one: <c>Tensor.Stack([a, b])</c>.</param>
        /// <param name="axis">The new axis in the result; −1 is the last.</param>
        /// <returns>[2, 3, 4] for two tensors [3, 4] and axis 0.</returns>
        /// <exception cref="ArgumentException">There is no tensor.</exception>
        /// <exception cref="ShapeException">The result has no such axis, or the shapes differ.</exception>
        public static Tensor Stack(ReadOnlySpan<Tensor> tensors, int axis = 0)
        {
            CheckTensors("Stack", tensors);
            var shape = tensors[0].Shape;
            return new StackOp(Axes.Resolve("Stack", shape, shape.Rank + 1, axis)).Apply(tensors);
        }
    }

    private static void CheckTensors(string op, ReadOnlySpan<Tensor> tensors)
    {
        if (tensors.IsEmpty) throw new ArgumentException($"{op}: there is no tensor to join.", nameof(tensors));
        foreach (var tensor in tensors) ArgumentNullException.ThrowIfNull(tensor, nameof(tensors));
    }
}

internal sealed class ConcatOp(int axis) : Op
{
    private Shape[] inputs = null!;
    private StridedCopy[]? copies;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        inputs = new Shape[x.Length];
        int[] extents = [.. x[0].Shape];
        for (var i = 0; i < x.Length; i++)
        {
            var shape = inputs[i] = x[i].Shape;
            for (var j = 0; j < extents.Length; j++)
                if (shape.Rank != extents.Length || (j != axis && shape[j] != extents[j]))
                    throw new ShapeException(FormattableString.Invariant(
                        $"Concat: {Axes.Show(x)} differ beside axis {axis}."));
            if (i > 0) extents[axis] = checked(extents[axis] + shape[axis]);
        }

        return Shape.Create(extents);
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        copies ??= CreateCopies(y);
        for (var i = 0; i < x.Length; i++) copies[i].Run(x[i], y);
    }

    private StridedCopy[] CreateCopies(Tensor y)
    {
        var (all, start) = (new StridedCopy[inputs.Length], 0);
        for (var i = 0; i < all.Length; start += inputs[i++][axis])
            all[i] = new(StridedView.Of(inputs[i]), Part(y, start, inputs[i]));
        return all;
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        graph.Add("Concat", x, ("axis", axis));

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var (gradients, start) = (new Tensor?[inputs.Length], 0);
        for (var i = 0; i < inputs.Length; start += inputs[i++][axis])
        {
            if (!Needed(i)) continue;
            var dx = gradients[i] = new(inputs[i], dy.Device);
            StridedCopy.Run(dy, Part(dy, start, dx.Shape), dx, StridedView.Of(dx.Shape));
        }

        return gradients;
    }

    private StridedView Part(Tensor y, int start, Shape input) =>
        StridedView.Of(y.Shape).Slice(axis, start, input[axis]);
}

internal sealed class StackOp(int axis) : Op
{
    private Shape input = null!;
    private StridedCopy[]? copies;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        input = x[0].Shape;
        foreach (var one in x)
            if (one.Shape != input) throw new ShapeException($"Stack: {Axes.Show(x)} differ.");
        var extents = input.AsSpan();
        return [.. extents[..axis], x.Length, .. extents[axis..]];
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        copies ??= CreateCopies(x.Length, y);
        for (var i = 0; i < x.Length; i++) copies[i].Run(x[i], y);
    }

    private StridedCopy[] CreateCopies(int count, Tensor y)
    {
        var all = new StridedCopy[count];
        for (var i = 0; i < all.Length; i++)
            all[i] = new(StridedView.Of(input), StridedView.Of(y.Shape).Select(axis, i));
        return all;
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x)
    {
        var parts = new OnnxValue[x.Length];
        for (var i = 0; i < parts.Length; i++) parts[i] = graph.Add("Unsqueeze", [x[i], OnnxValue.Integers(axis)]);
        return graph.Add("Concat", parts, ("axis", axis));
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var gradients = new Tensor?[dy.Shape[axis]];
        for (var i = 0; i < gradients.Length; i++)
        {
            if (!Needed(i)) continue;
            var dx = gradients[i] = new(input, dy.Device);
            StridedCopy.Run(dy, StridedView.Of(dy.Shape).Select(axis, i), dx, StridedView.Of(input));
        }

        return gradients;
    }
}
