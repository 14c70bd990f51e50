namespace PyNetSharp;

/// <summary>Selects elements: the engine's only op, because an indexer must be a member of its type.</summary>
/// <param name="selection">A view of the input, each element at most once, in increasing order along each axis.</param>
/// <param name="name">What the caller has called; the indexer is a slice.</param>
internal sealed class SliceOp(StridedView selection, string name = "Slice") : Op
{
    private Shape input = null!;

    public override string Name => name;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        input = x[0].Shape;
        return selection.Shape;
    }

    private protected override Tensor CreateOutput(ReadOnlySpan<Tensor> x, Shape shape) =>
        SelectsAllInOrder(shape) ? new(shape, x[0].Storage.Retain()) : new(shape, x[0].Device);

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        if (y.Storage != x[0].Storage) StridedCopy.Run(x[0], selection, y, StridedView.Of(y.Shape));
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
