namespace PyNetSharp.Kernels;

/// <summary>Checks axes that a caller names: −1 is the last one.</summary>
internal static class Axes
{
    /// <summary>The axis, counted from the first.</summary>
    /// <exception cref="ShapeException">There is no such axis.</exception>
    public static int Resolve(string op, Shape shape, int axis) => Resolve(op, shape, shape.Rank, axis);

    /// <summary>As <see cref="Resolve(string, Shape, int)"/>, among <paramref name="count"/> axes.</summary>
    public static int Resolve(string op, Shape shape, int count, int axis) =>
        axis >= -count && axis < count
            ? axis < 0 ? axis + count : axis
            : throw new ShapeException(FormattableString.Invariant($"{op}: {shape} has no axis {axis}."));

    /// <summary>True for each axis that is named.</summary>
    /// <exception cref="ShapeException">There is no such axis, or one is given twice.</exception>
    public static bool[] Mask(string op, Shape shape, ReadOnlySpan<int> axes)
    {
        var mask = new bool[shape.Rank];
        foreach (var axis in axes)
        {
            ref var named = ref mask[Resolve(op, shape, axis)];
            if (named)
                throw new ShapeException(
                    FormattableString.Invariant($"{op}: the axis {axis} of {shape} is given twice."));
            named = true;
        }

        return mask;
    }

    /// <summary>The axes that are true.</summary>
    public static int[] Of(bool[] mask) => [.. mask.Index().Where(axis => axis.Item).Select(axis => axis.Index)];

    /// <summary>A reduction's result without the axes that it has reduced to 1, unless they are kept.</summary>
    public static Tensor DropReduced(string op, Tensor y, Shape input, bool[] reduced, bool keepDims)
    {
        if (keepDims) return y;
        using var temporary = new TemporaryTensor(y);
        return ReshapeOp.Apply(y, [.. input.Where((_, axis) => !reduced[axis])], op);
    }

    /// <summary>Shapes for a message: <c>[2, 3] and [4]</c>.</summary>
    public static string Show(ReadOnlySpan<Tensor> tensors) =>
        string.Join(" and ", tensors.ToArray().Select(x => $"{x.Shape}"));
}
