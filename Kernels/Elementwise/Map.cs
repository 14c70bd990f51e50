namespace PyNetSharp;

/// <summary>Applies a formula to every element.</summary>
internal sealed partial class Map<TMap> : Op where TMap : struct, IMap
{
    private const int Piece = 1 << 15;

    private Tensor saved = null!;

    internal override string Name => typeof(TMap).Name;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        var from = x[0];
        saved = Save(TMap.UsesOutput ? y : from);
        if (y.IsOnCpu)
            y.Processor.ForPieces(y.Shape.Size, Piece, (start, n) =>
                MapLoops.Forward<TMap>(from.Span.Slice(start, n), y.Span.Slice(start, n)));
        else ForwardOnGpu(from, y);
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = dy.Exclusive ? dy : new Tensor(dy.Shape, dy.Device);
        if (dx.IsOnCpu)
            dx.Processor.ForPieces(dx.Shape.Size, Piece, (start, n) =>
                MapLoops.Backward<TMap>(saved.Span.Slice(start, n), dy.Span.Slice(start, n), dx.Span.Slice(start, n)));
        else BackwardOnGpu(saved, dy, dx);
        return [dx];
    }

    static partial void ForwardOnGpu(Tensor x, Tensor y);

    static partial void BackwardOnGpu(Tensor saved, Tensor dy, Tensor dx);
}
