namespace PyNetSharp;

/// <summary>
/// Some elements of a tensor, in an order of one's own: extents, the stride of each (the distance in storage of
/// neighbors along that axis) and the index in storage of the first. What is called a strided view in NumPy.
/// </summary>
/// <remarks>It describes what <see cref="StridedCopy"/> copies; tensors themselves have no strides.</remarks>
internal sealed class StridedView(int[] extents, int[] strides, int start)
{
    /// <summary>All elements of a tensor of this shape: images too are [N, C, H, W] here.</summary>
    public static StridedView Of(Shape shape) =>
        new([.. shape], Dense(shape, Layout.StorageOrder(shape.Rank)), 0);

    /// <summary>All elements of a tensor, as if its storage were row-major with these extents.</summary>
    public static StridedView RowMajor(Shape extents) =>
        new([.. extents], Dense(extents, Enumerable.Range(0, extents.Rank)), 0);

    public ReadOnlySpan<int> Extents => extents;

    public ReadOnlySpan<int> Strides => strides;

    public int Start => start;

    public Shape Shape => Shape.Create(extents);

    /// <summary>Every <paramref name="step"/>-th of an axis, <paramref name="count"/> of them.</summary>
    public StridedView Slice(int axis, int first, int count, int step = 1)
    {
        int[] newExtents = [.. extents], newStrides = [.. strides];
        (newExtents[axis], newStrides[axis]) = (count, step * strides[axis]);
        return new(newExtents, newStrides, start + first * strides[axis]);
    }

    /// <summary>One index of an axis, which is removed.</summary>
    public StridedView Select(int axis, int index) => new(
        [.. extents[..axis], .. extents[(axis + 1)..]], [.. strides[..axis], .. strides[(axis + 1)..]],
        start + index * strides[axis]);

    /// <summary>The axes in another order: the new axis i is <paramref name="order"/>[i].</summary>
    public StridedView Permute(ReadOnlySpan<int> order)
    {
        int[] newExtents = new int[order.Length], newStrides = new int[order.Length];
        for (var i = 0; i < order.Length; i++) (newExtents[i], newStrides[i]) = (extents[order[i]], strides[order[i]]);
        return new(newExtents, newStrides, start);
    }

    /// <summary>The elements repeated to a shape by NumPy's broadcasting: a repeated axis has stride 0.</summary>
    public StridedView Expand(Shape to)
    {
        var newStrides = new int[to.Rank];
        for (var i = 1; i <= extents.Length; i++) newStrides[^i] = extents[^i] == 1 ? 0 : strides[^i];
        return new([.. to], newStrides, start);
    }

    /// <summary>The strides of what is stored densely, with the axes in this order.</summary>
    private static int[] Dense(Shape shape, IEnumerable<int> order)
    {
        var strides = new int[shape.Rank];
        var stride = 1;
        foreach (var axis in order.Reverse())
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        return strides;
    }
}
