namespace PyNetSharp.Tests;

public static partial class OpTable
{
    private static OpRow[] Dropouts =>
    [
        Dropout([3, 37], 0.5f) with { LargeShapes = [[70_000]] },
        Dropout([2, 5, 3, 4], 0.25f),
        Dropout([9], 1),
        Dropout([9], 0),
        Dropout1d([4, 19, 7], 0.5f) with { LargeShapes = [[16, 96, 300]] },
        Dropout1d([4, 3, 2], 1),
        Dropout1d([2, 3, 2], 0),
        Dropout2d([4, 19, 3, 2], 0.5f) with { LargeShapes = [[16, 96, 16, 16]] },
        Dropout2d([4, 3, 2, 2], 1),
        Dropout2d([2, 3, 2, 2], 0),
    ];

    private static IEnumerable<ShapeErrorRow> DropoutErrors =>
    [
        new("Dropout1d", x => x[0].Dropout1d(0.5f, 1), [2, 3]),
        new("Dropout1d", x => x[0].Dropout1d(0.5f, 1), [2, 3, 4, 4]),
        new("Dropout2d", x => x[0].Dropout2d(0.5f, 1), [2, 3]),
    ];

    /// <summary>The reference is the op applied to ones; <see cref="DropoutTests"/> tests the masks.</summary>
    private static OpRow Dropout(Shape shape, float p) => new($"Dropout {p}", x => x[0].Dropout(p, 7), shape)
    {
        Step = 1,
        Reference = x => x[0].Broadcast(
            ReferenceTensor.Of(Tensor.Full(shape, 1).Dropout(p, 7)), (value, factor) => value * factor),
    };

    private static OpRow Dropout1d(Shape shape, float p) => new($"Dropout1d {p}", x => x[0].Dropout1d(p, 7), shape)
    {
        Step = 1,
        Reference = x => x[0].Broadcast(
            ReferenceTensor.Of(Tensor.Full(shape, 1).Dropout1d(p, 7)), (value, factor) => value * factor),
    };

    private static OpRow Dropout2d(Shape shape, float p) => new($"Dropout2d {p}", x => x[0].Dropout2d(p, 7), shape)
    {
        Step = 1,
        Reference = x => x[0].Broadcast(
            ReferenceTensor.Of(Tensor.Full(shape, 1).Dropout2d(p, 7)), (value, factor) => value * factor),
    };
}
