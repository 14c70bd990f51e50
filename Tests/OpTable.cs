namespace PyNetSharp.Tests;

/// <summary>Every op with at least one row; the tests are in <see cref="OpTests"/>.</summary>
/// <remarks>
/// Beyond the ordinary case: the same tensor twice, lengths that are no multiple of 8 or 16, channels against pixels,
/// every broadcast that ends in another loop.
/// </remarks>
public static partial class OpTable
{
    public static IEnumerable<OpRow> Rows =>
    [
        .. Elementwise,
        .. Functions,
        .. Broadcasts,
        .. Reductions,
        .. Classification,
        .. Losses,
        .. Dropouts,
        .. Products,
        .. GroupedConvolutions,
        .. Poolings,
        .. Normalizations,
        .. LayerNorms,
        .. Upsamples,
        .. Movements,
        .. Statistics,
        .. Lookups,
        .. BatchedProducts,
    ];

    public static IEnumerable<ShapeErrorRow> ShapeErrors =>
    [
        new("Add", x => x[0] + x[1], [3, 4], [4, 3]),
        new("Add", x => x[0] + x[1], [2, 3, 4, 4], [3]),
        new("Subtract", x => x[0] - x[1], [2], [3]),
        new("Multiply", x => x[0] * x[1], [2, 3], [2]),
        new("Reshape", x => x[0].Reshape(5, -1), [3, 4]),
        new("Reshape", x => x[0].Reshape(-1, -1), [3, 4]),
        new("Reshape", x => x[0].Reshape([2, 7]), [3, 4]),
        new("Flatten", x => x[0].Flatten(), [[]]),
        new("Sum", x => x[0].Sum([2]), [3, 4]),
        new("Sum", x => x[0].Sum([1, -1]), [3, 4]),
        new("Mean", x => x[0].Mean([-3]), [3, 4]),
        .. FunctionErrors,
        .. ClassificationErrors,
        .. LossErrors,
        .. DropoutErrors,
        .. ProductErrors,
        .. GroupedConvolutionErrors,
        .. PoolingErrors,
        .. NormalizationErrors,
        .. LayerNormErrors,
        .. UpsampleErrors,
        .. MovementErrors,
        .. StatisticsErrors,
        .. LookupErrors,
        .. BatchedProductErrors,
    ];

    private static OpRow[] Elementwise =>
    [
        new("Relu", x => x[0].Relu(), [37]) { Low = 0.1f, Reference = x => x[0] },
        new("Relu of negatives", x => x[0].Relu(), [2, 3, 4, 5])
        {
            High = -0.1f,
            Reference = x => x[0].Map(_ => 0),
            LargeShapes = [[4, 96, 20, 20]],
        },
        new("Sigmoid", x => x[0].Sigmoid(), [37])
        {
            Low = -4,
            High = 4,
            Reference = x => x[0].Map(v => 1 / (1 + Math.Exp(-v))),
        },
        new("Silu", x => x[0].Silu(), [37])
        {
            Low = -4,
            High = 4,
            Reference = x => x[0].Map(v => v / (1 + Math.Exp(-v))),
        },
        new("Negate", x => -x[0], [2, 19]) { Step = 1, Reference = x => x[0].Map(v => -v) },
        new("Scale", x => 3 * x[0] * 0.5f, [37])
        {
            Step = 1,
            Reference = x => x[0].Map(v => 1.5 * v),
            LargeShapes = [[100_000]],
        },
        new("Shift", x => 1 - (2 + x[0] + 0.5f - 0.25f), [37]) { Step = 1, Reference = x => x[0].Map(v => -1.25 - v) },
    ];

    private static OpRow[] Broadcasts =>
    [
        Add([3, 4], [3, 4]),
        Add([7, 17], [17]) with { LargeShapes = [[3000, 192], [192]] },
        Add([2, 5, 3, 4], [1, 5, 1, 1]) with { LargeShapes = [[16, 96, 32, 32], [1, 96, 1, 1]] },
        Add([5, 1, 1], [2, 5, 3, 4]),
        Add([2, 5, 3, 4], [4]),
        Add([2, 5, 3, 4], [3, 1]),
        Add([2, 5, 3, 4], [5, 3, 4]),
        Add([2, 5, 3, 4], [2, 1, 3, 4]),
        Add([2, 5, 3, 4], [2, 5, 1, 4]),
        Add([2, 1, 3, 1], [5, 1, 4]),
        Add([3, 1], [1, 4]),
        Add([3, 2, 1, 2, 3], [2, 5, 1, 3]),
        Add([6], []) with { LargeShapes = [[100_000], []] },
        Add([], []),
        Add([2, 70_000], [2, 1]),
        Add([0, 3], [3]),
        new("Add to itself", x => x[0] + x[0], [5]) { Step = 1, Reference = x => x[0].Map(v => 2 * v) },
        Subtract([3, 4], [3, 4]),
        Subtract([4], [3, 4]),
        Subtract([2, 5, 3, 4], [5, 1, 1]) with { LargeShapes = [[16, 96, 32, 32], [96, 1, 1]] },
        Subtract([], [2, 3]),
        new("Subtract from itself", x => x[0] - x[0], [5]) { Step = 1, Reference = x => x[0].Map(_ => 0) },
        Multiply([3, 19], [3, 19]) with { LargeShapes = [[1000, 192], [1000, 192]] },
        Multiply([2, 5, 3, 4], [2, 5, 1, 1]) with { LargeShapes = [[16, 96, 32, 32], [16, 96, 1, 1]] },
        Multiply([2, 5, 3, 4], [2, 1, 3, 4]),
        Multiply([1, 4], [3, 1]),
        Multiply([], [7]),
        new("Square", x => x[0] * x[0], [2, 19]) { Step = 1, Reference = x => x[0].Map(v => v * v) },
        new("Diamond", x => { var h = x[0] * x[0]; return h * x[0] + h; }, [2, 17])
        {
            Reference = x => x[0].Map(v => v * v * v + v * v),
        },
    ];

    private static OpRow[] Reductions =>
    [
        new("Sum", x => x[0].Sum(), [3, 5])
        {
            Step = 1,
            Reference = x => x[0].Sum(0, 1).Reshape([]),
            LargeShapes = [[100, 1237]],
            ValueTolerance = 1e-5,
        },
        new("Sum of an image", x => x[0].Sum(), [2, 3, 4, 5])
        {
            Step = 1,
            Reference = x => x[0].Sum(0, 1, 2, 3).Reshape([]),
            ValueTolerance = 1e-5,
        },
        Sum([2, 3, 4, 5], 2, 3) with { LargeShapes = [[8, 96, 16, 16]] },
        Sum([2, 3, 4, 5], 0, 2, 3) with { LargeShapes = [[16, 96, 32, 32]] },
        Sum([2, 3, 4, 5], 1) with { LargeShapes = [[4, 96, 32, 32]] },
        Sum([2, 3, 4, 5], 0) with { LargeShapes = [[40, 96, 8, 8]] },
        Sum([2, 3, 4, 5], 3),
        Sum([2, 3, 4, 5], 0, 2),
        Sum([2, 3, 4, 5], 1, 3),
        Sum([2, 3, 4, 3, 2], 1),
        Sum([2, 3, 4, 3, 2], 0, 2, 4),
        Sum([600, 3], 0) with { LargeShapes = [[100_000, 3]] },
        Sum([3, 1100], 0) with { LargeShapes = [[600, 2100]] },
        Sum([3, 1100], 1) with { LargeShapes = [[2, 100_000]] },
        Sum([4]),
        new("Sum, -1", x => x[0].Sum([-1]), [3, 5]) { Step = 1, Reference = x => x[0].Sum(1).Reshape([3]) },
        new("Sum, kept", x => x[0].Sum([1], keepDims: true), [3, 5]) { Step = 1, Reference = x => x[0].Sum(1) },
        new("Mean", x => x[0].Mean(), [3, 5])
        {
            Step = 1,
            Reference = x => x[0].Sum(0, 1).Reshape([]).Map(v => v / 15),
        },
        new("Mean over pixels", x => x[0].Mean([2, 3]), [2, 3, 4, 5])
        {
            Step = 1,
            Reference = x => x[0].Sum(2, 3).Reshape([2, 3]).Map(v => v / 20),
        },
        Reshape([3, 4], [2, 6]),
        Reshape([2, 3, 2, 2], [4, 6]),
        Reshape([4, 6], [2, 3, 2, 2]),
        Reshape([2, 3, 4, 5], [3, 5, 2, 4]),
        Reshape([2, 3, 1, 1], [6]),
        Reshape([2, 1, 3, 4], [2, 3, 1, 4]),
        Reshape([2, 3, 4, 5], [2, 3, 4, 5]),
        Reshape([1, 1], []),
        new("Reshape with a rest", x => x[0].Reshape(2, -1), [3, 4])
        {
            Step = 1,
            Reference = x => x[0].Reshape([2, 6]),
        },
        new("Flatten", x => x[0].Flatten(), [2, 3, 4, 5])
        {
            Step = 1,
            Reference = x => x[0].Reshape([2, 60]),
            LargeShapes = [[16, 96, 16, 16]],
        },
    ];

    private static OpRow Add(Shape a, Shape b) =>
        new("Add", x => x[0] + x[1], a, b)
        {
            Step = 1,
            Reference = x => x[0].Broadcast(x[1], (a, b) => a + b),
            Tolerance = 1e-4,
        };

    private static OpRow Subtract(Shape a, Shape b) =>
        new("Subtract", x => x[0] - x[1], a, b) { Step = 1, Reference = x => x[0].Broadcast(x[1], (a, b) => a - b) };

    private static OpRow Multiply(Shape a, Shape b) =>
        new("Multiply", x => x[0] * x[1], a, b) { Step = 1, Reference = x => x[0].Broadcast(x[1], (a, b) => a * b) };

    private static OpRow Sum(Shape shape, params int[] axes) =>
        new($"Sum over ({string.Join(", ", axes)})", x => x[0].Sum(axes), shape)
        {
            Step = 1,
            Reference = x => x[0].Sum(axes).Reshape([.. shape.Where((_, axis) => !axes.Contains(axis))]),
            ValueTolerance = 1e-5,
        };

    private static OpRow Reshape(Shape from, Shape to) =>
        new($"Reshape to {to}", x => x[0].Reshape(to), from) { Step = 1, Reference = x => x[0].Reshape(to) };
}
