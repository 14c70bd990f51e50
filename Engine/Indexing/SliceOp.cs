namespace PyNetSharp;

/// <summary>Selects elements: the engine's only op, because an indexer must be a member of its type.</summary>
/// <param name="selection">A view of the input, each element at most once, in increasing order along each axis.</param>
/// <param name="name">What the caller has called; the indexer is a slice.</param>
internal sealed class SliceOp(StridedView selection, string name = "Slice") : Op
{
    private Shape input = null!;
    private StridedCopy? copy;

    public override string Name => name;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        input = x[0].Shape;
        return selection.Shape;
    }

    private protected override Tensor CreateOutput(ReadOnlySpan<Tensor> x, Shape shape) =>
        SelectsAllInOrder(shape) ? new(shape, x[0].Storage.Retain()) : new(shape, x[0].Device);

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        if (y.Storage == x[0].Storage) return;
        copy ??= new(selection, StridedView.Of(y.Shape));
        copy.Run(x[0], y);
    }

    /// <summary>
    /// The first elements along the axes follow from the offset, and the steps from the strides: an axis of more than
    /// one element has a stride below that of the next axis outwards in storage.
    /// </summary>
    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x)
    {
        if (selection.Shape.Size == 0) throw new NotSupportedException($"{name}: the part is empty.");
        var whole = StridedView.Of(input);
        int[] first = new int[input.Rank], count = [.. input.Select(_ => 1)], step = [.. count];
        var offset = selection.Start;
        foreach (var axis in Layout.StorageOrder(input.Rank))
            (first[axis], offset) = Math.DivRem(offset, whole.Strides[axis]);
        for (var i = 0; i < selection.Extents.Length; i++)
        {
            if (selection.Extents[i] == 1) continue;
            var stride = selection.Strides[i];
            var axis = Enumerable.Range(0, input.Rank).Single(axis =>
                input[axis] > 1 && stride >= whole.Strides[axis] && stride < whole.Strides[axis] * input[axis]);
            (count[axis], step[axis]) = (selection.Extents[i], stride / whole.Strides[axis]);
        }

        int[] cut = [.. Enumerable.Range(0, input.Rank).Where(axis => count[axis] != input[axis])];
        var part = cut.Length == 0 ? x[0] : graph.Add("Slice",
            [
                x[0], OnnxValue.Integers([.. cut.Select(axis => first[axis])]),
                OnnxValue.Integers([.. cut.Select(axis => first[axis] + (count[axis] - 1) * step[axis] + 1)]),
                OnnxValue.Integers(cut), OnnxValue.Integers([.. cut.Select(axis => step[axis])]),
            ]);
        return count.AsSpan().SequenceEqual(selection.Extents) ? part : graph.Reshape(part, selection.Extents);
    }

    /// <summary>dx = dy where an element was selected, 0 elsewhere.</summary>
    protected internal override Tensor?[] Backward(Tensor dy)
    {
        if (SelectsAllInOrder(dy.Shape)) return [new(input, dy.Storage.Retain())];
        var dx = new Tensor(input, dy.Device);
        if (dy.Shape.Size != input.Size) dx.Device.Fill(dx.Storage, input.Size, 0);
        StridedCopy.Run(dy, StridedView.Of(dy.Shape), dx, selection);
        return [dx];
    }

    private bool SelectsAllInOrder(Shape output) =>
        output.Size == input.Size && Layout.IsContiguous(output) && Layout.IsContiguous(input);
}
