namespace PyNetSharp.Tests;

/// <summary>Standard deviations, cumulative sums, triangles, and elements and rows by their indices.</summary>
public static partial class OpTable
{
    private static OpRow[] Lookups =>
    [
        new("Std", x => x[0].Std(), [3, 7])
        {
            ValueTolerance = 1e-5, LargeShapes = [[100, 1237]],
            Reference = x => VarianceReference(x[0], 1, 0, 1).Reshape([]).Map(Math.Sqrt),
        },
        Std([3, 7], 1),
        Std([2, 3, 4, 5], 0, 2, 3) with { LargeShapes = [[8, 96, 32, 32]] },
        Std([40, 3], 0),
        new("Std, no correction, kept", x => x[0].Std(-1, keepDims: true, correction: 0), [3, 7])
        {
            ValueTolerance = 1e-5, Reference = x => VarianceReference(x[0], 0, 1).Map(Math.Sqrt),
        },
        CumSum([19], 0) with { LargeShapes = [[100_000]] },
        CumSum([3, 7], 1) with { LargeShapes = [[300, 700]] },
        CumSum([3, 7], 0) with { LargeShapes = [[300, 700]] },
        CumSum([2, 300], -1),
        CumSum([300, 2], 0),
        CumSum([2, 3, 4, 5], 1) with { LargeShapes = [[4, 96, 20, 20]] },
        CumSum([2, 3, 4, 5], 2),
        CumSum([2, 3, 4, 5], 0),
        CumSum([2, 1, 3, 2, 2], 2),
        Triangle("Tril", [5, 4], 0) with { LargeShapes = [[700, 300]] },
        Triangle("Tril", [4, 5], 1),
        Triangle("Tril", [2, 3, 4, 5], -1) with { LargeShapes = [[4, 64, 30, 40]] },
        Triangle("Tril", [3, 4], int.MaxValue),
        Triangle("Tril", [3, 4], int.MinValue),
        Triangle("Triu", [5, 4], 0) with { LargeShapes = [[700, 300]] },
        Triangle("Triu", [2, 4, 5], 2),
        Triangle("Triu", [2, 3, 5, 4], -2) with { LargeShapes = [[4, 64, 30, 40]] },
        Triangle("Triu", [3, 4], int.MaxValue),
        Gather([3, 5], 1, [3, 2]) with { LargeShapes = [[40_000, 5]] },
        Gather([3, 5], 0, [4, 5]) with { LargeShapes = [[3, 5]] },
        Gather([3, 5], -1, [2, 70]),
        Gather([300, 2], 0, [200, 1]),
        Gather([2, 3, 4, 5], 1, [2, 2, 4, 5]),
        Gather([2, 3, 4, 5], 3, [1, 2, 3, 6]),
        Gather([2, 3, 4, 5], 0, [3, 3, 2, 5]),
        Gather([7], 0, [4]),
        Gather([2, 1, 3, 2, 2], 2, [2, 1, 4, 2, 1]),
        Gather([3, 5], 1, [3, 0]),
        new("Gather by a tensor", x => x[0].Gather(1, (0 * x[0].Detach() + 2)[.., ..1]), [3, 5])
        {
            Step = 1, Reference = x => ReferenceTensor.Of([3, 1], i => x[0][i[0], 2]),
        },
        Slice(
            "Embedding", x => x.Embedding(new Labels([2, 2], [2, 0, 2, 2])), [4, 3], [2, 2, 3],
            i => [i[0] == 0 && i[1] == 1 ? 0 : 2, i[2]]) with { LargeShapes = [[4, 50_000]] },
        Slice(
            "Embedding of masks", x => x.Embedding(new Labels([2, 1, 2], [2, 0, 1, 2])), [4, 3], [2, 1, 2, 3],
            i => [new[] { 2, 0, 1, 2 }[2 * i[0] + i[2]], i[3]]),
        Slice("Embedding of nothing", x => x.Embedding(new Labels([0, 2], [])), [4, 3], [0, 2, 3], i => i),
    ];

    private static ShapeErrorRow[] LookupErrors =>
    [
        new("Std", x => x[0].Std(2), [3, 4]),
        new("Std", x => x[0].Std([1, 1]), [3, 4]),
        new("CumSum", x => x[0].CumSum(2), [3, 4]),
        new("CumSum", x => x[0].CumSum(0), [[]]),
        new("Tril", x => x[0].Tril(), [4]),
        new("Triu", x => x[0].Triu(1), [[]]),
        new("Gather", x => x[0].Gather(2, new Labels([3, 1], [0, 0, 0])), [3, 4]),
        new("Gather", x => x[0].Gather(1, new Labels([3], [0, 0, 0])), [3, 4]),
        new("Gather", x => x[0].Gather(1, new Labels([4, 1], [0, 0, 0, 0])), [3, 4]),
        new("Gather", x => x[0].Gather(1, x[1]), [3, 4], [4, 1]),
        new("Embedding", x => x[0].Embedding(new Labels([0])), [4]),
        new("Embedding", x => x[0].Embedding(new Labels([0])), [4, 3, 2]),
    ];

    private static OpRow Std(Shape shape, params int[] axes) =>
        new($"Std over ({string.Join(", ", axes)})", x => x[0].Std(axes), shape)
        {
            ValueTolerance = 1e-5,
            Reference = x => VarianceReference(x[0], 1, axes)
                .Reshape([.. shape.Where((_, i) => !axes.Contains(i))]).Map(Math.Sqrt),
        };

    private static OpRow CumSum(Shape shape, int axis)
    {
        var at = axis < 0 ? axis + shape.Rank : axis;
        return new($"CumSum along {axis}", x => x[0].CumSum(axis), shape)
        {
            Step = 1, ValueTolerance = 1e-5,
            Reference = x => ReferenceTensor.Of(shape, i => Enumerable.Range(0, i[at] + 1).Sum(k =>
            {
                int[] index = [.. i];
                index[at] = k;
                return x[0][index];
            })),
        };
    }

    private static OpRow Triangle(string name, Shape shape, int diagonal)
    {
        var isLower = name == "Tril";
        return new($"{name} at {diagonal}", x => isLower ? x[0].Tril(diagonal) : x[0].Triu(diagonal), shape)
        {
            Step = 1,
            Reference = x => ReferenceTensor.Of(shape, i =>
            {
                var (distance, index) = ((long)i[^1] - i[^2], i);
                return (isLower ? distance <= diagonal : distance >= diagonal) ? x[0][index] : 0;
            }),
        };
    }

    /// <summary>The indices of the rows of Gather; ops.py has the same.</summary>
    private static int[] GatherIndices(int count, int extent) =>
        [.. Enumerable.Range(0, count).Select(i => i * 7 % 11 % extent)];

    private static OpRow Gather(Shape shape, int axis, Shape index)
    {
        var at = axis < 0 ? axis + shape.Rank : axis;
        var indices = GatherIndices(index.Size, shape[at]);
        return new($"Gather {index} along {axis}", x => x[0].Gather(axis, new Labels(index, indices)), shape)
        {
            Step = 1,
            Reference = x => ReferenceTensor.Of(index, i =>
            {
                int[] from = [.. i];
                from[at] = indices[i.Index().Aggregate(0, (offset, axis) => offset * index[axis.Index] + axis.Item)];
                return x[0][from];
            }),
        };
    }
}
