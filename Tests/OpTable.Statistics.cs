namespace PyNetSharp.Tests;

/// <summary>Extremes and variances: reduced axes first, last, in between and apart, in every storage order.</summary>
public static partial class OpTable
{
    private static OpRow[] Statistics =>
    [
        Max([3, 7], 1) with { LargeShapes = [[3, 100_000]] },
        Max([3, 7], 0) with { LargeShapes = [[2000, 300]] },
        Max([2, 3, 4, 5], 2, 3) with { LargeShapes = [[8, 96, 16, 16]] },
        Max([2, 3, 4, 5], 0, 3),
        Max([2, 3, 4, 5], 1) with { LargeShapes = [[4, 96, 32, 32]] },
        Max([2, 3, 4, 3, 2], 0, 2, 4),
        Max([40, 3], 0),
        Max([3, 100], 1),
        Max([2, 300], 1),
        Max([600, 2], 0),
        Max([4]),
        new("Max", x => (x[0] + Spread(x[0])).Max(), [3, 7])
        {
            Step = 1, ValueTolerance = 1e-5, LargeShapes = [[100, 1237]],
            Reference = x => ReferenceTensor.Of([], _ => Spread(x[0]).Values.ToArray().Max()),
        },
        new("Max of equals", x => (0 * x[0] + 1).Max([1]), [3, 6])
        {
            Step = 1, Reference = _ => ReferenceTensor.Of([3], _ => 1),
        },
        new("Max, kept", x => (x[0] + Spread(x[0])).Max([-1], keepDims: true), [3, 7])
        {
            Step = 1, ValueTolerance = 1e-5, Reference = x => Extreme(Spread(x[0]), [1], Math.Max).Reshape([3, 1]),
        },
        Min([2, 3, 4, 5], 1) with { LargeShapes = [[4, 96, 32, 32]] },
        Min([2, 3, 4, 5], 0, 2),
        Min([3, 100], 1) with { LargeShapes = [[3, 100_000]] },
        Min([100, 3], 0),
        new("Min", x => (x[0] + Spread(x[0])).Min(), [3, 7])
        {
            Step = 1, ValueTolerance = 1e-5,
            Reference = x => ReferenceTensor.Of([], _ => Spread(x[0]).Values.ToArray().Min()),
        },
        new("Variance", x => x[0].Variance(), [3, 7])
        {
            ValueTolerance = 1e-5, LargeShapes = [[100, 1237]],
            Reference = x => VarianceReference(x[0], 1, 0, 1).Reshape([]),
        },
        Variance([3, 7], 1) with { LargeShapes = [[3, 100_000]] },
        Variance([7, 3], 0) with { LargeShapes = [[2000, 300]] },
        Variance([2, 3, 4, 5], 0, 2, 3) with { LargeShapes = [[16, 96, 32, 32]] },
        Variance([2, 3, 4, 5], 2, 3) with { LargeShapes = [[8, 96, 16, 16]] },
        Variance([2, 3, 4, 5], 1),
        Variance([2, 3, 4, 5], 0, 3),
        Variance([3, 2, 4, 3, 2], 0, 2),
        Variance([2, 100], 1),
        Variance([300, 3], 0),
        Variance([1, 3, 1, 4], 0, 1, 2),
        new("Variance, no correction, kept", x => x[0].Variance([-1], keepDims: true, correction: 0), [3, 7])
        {
            Reference = x => VarianceReference(x[0], 0, 1),
        },
    ];

    private static ShapeErrorRow[] StatisticsErrors =>
    [
        new("Max", x => x[0].Max([2]), [3, 4]),
        new("Max", x => x[0].Max([0, -2]), [3, 4]),
        new("Max", x => x[0].Max(), [3, 0]),
        new("Min", x => x[0].Min([1]), [3, 0]),
        new("Min", x => x[0].Min([3]), [3, 4]),
        new("Variance", x => x[0].Variance([2]), [3, 4]),
        new("Variance", x => x[0].Variance([1, 1]), [3, 4]),
        new("ArgMax", x => x[0].ArgMax(2), [3, 4]),
        new("ArgMax", x => x[0].ArgMax(1), [3, 0]),
        new("ArgMin", x => x[0].ArgMin(-3), [3, 4]),
    ];

    /// <summary>Numbers at least 3 apart, up to a thousand of them, so that no step exchanges two.</summary>
    private static Tensor Spread(Tensor x) =>
        Tensor.From(x.Shape, Spread(x.Shape.Size), x.Device);

    private static ReferenceTensor Spread(ReferenceTensor x) =>
        new(x.Shape, [.. x.Values.ToArray().Zip(Spread(x.Shape.Size), (a, b) => a + b)]);

    private static float[] Spread(int n) => [.. Enumerable.Range(0, n).Select(i => 3 * (i * 7919L % 1009))];

    private static OpRow Max(Shape shape, params int[] axes) =>
        new($"Max over ({string.Join(", ", axes)})", x => (x[0] + Spread(x[0])).Max(axes), shape)
        {
            Step = 1, ValueTolerance = 1e-5, Reference = x => Extreme(Spread(x[0]), axes, Math.Max),
        };

    private static OpRow Min(Shape shape, params int[] axes) =>
        new($"Min over ({string.Join(", ", axes)})", x => (x[0] + Spread(x[0])).Min(axes), shape)
        {
            Step = 1, ValueTolerance = 1e-5, Reference = x => Extreme(Spread(x[0]), axes, Math.Min),
        };

    private static OpRow Variance(Shape shape, params int[] axes) =>
        new($"Variance over ({string.Join(", ", axes)})", x => x[0].Variance(axes), shape)
        {
            ValueTolerance = 1e-5,
            Reference = x => VarianceReference(x[0], 1, axes).Reshape([.. shape.Where((_, i) => !axes.Contains(i))]),
        };

    private static ReferenceTensor Extreme(ReferenceTensor x, int[] axes, Func<double, double, double> pick)
    {
        Shape kept = [.. x.Shape.Where((_, axis) => !axes.Contains(axis))];
        var found = new Dictionary<string, double>();
        _ = ReferenceTensor.Of(x.Shape, i =>
        {
            var key = string.Join(' ', i.Where((_, axis) => !axes.Contains(axis)));
            return found[key] = found.TryGetValue(key, out var other) ? pick(other, x[i]) : x[i];
        });
        return ReferenceTensor.Of(kept, i => found[string.Join(' ', i)]);
    }

    private static ReferenceTensor VarianceReference(ReferenceTensor x, int correction, params int[] axes)
    {
        var n = axes.Aggregate(1, (product, axis) => product * x.Shape[axis]);
        return x.Broadcast(x.Sum(axes), (v, sum) => Math.Pow(v - sum / n, 2)).Sum(axes).Map(v => v / (n - correction));
    }
}
