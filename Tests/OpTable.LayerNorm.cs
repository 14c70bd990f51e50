namespace PyNetSharp.Tests;

/// <summary>Layer and group normalization, over each layout in storage.</summary>
public static partial class OpTable
{
    private static OpRow[] LayerNorms =>
    [
        LayerNorm([7, 5], axes: 1, affine: true) with { LargeShapes = [[300, 1100], [1100], [1100]] },
        LayerNorm([7, 5], axes: 1, affine: false),
        LayerNorm([7, 15], axes: 2, affine: true),
        LayerNorm([2, 3, 19], axes: 1, affine: true),
        LayerNorm([3, 4, 7], axes: 2, affine: true),
        LayerNorm([2, 5, 3, 9], axes: 1, affine: true),
        LayerNorm([2, 5, 3, 4], axes: 2, affine: true),
        LayerNorm([2, 5, 3, 4], axes: 2, affine: false),
        LayerNorm([2, 17, 3, 4], axes: 3, affine: true) with
        {
            LargeShapes = [[4, 40, 13, 13], [40, 13, 13], [40, 13, 13]],
        },
        LayerNorm([2, 5, 3, 4], axes: 4, affine: true),
        LayerNorm([2, 3, 2, 3, 2], axes: 4, affine: true),
        LayerNorm([140, 17], axes: 1, affine: true),        // more rows than a block
        LayerNorm([2, 300], axes: 1, affine: true),         // more elements than a block
        GroupNorm([2, 12, 3, 4], groups: 3, affine: true) with { LargeShapes = [[4, 48, 13, 13], [48], [48]] },
        GroupNorm([2, 17, 5, 4], groups: 1, affine: true),
        GroupNorm([2, 6, 3, 4], groups: 6, affine: true),
        GroupNorm([2, 6, 3, 4], groups: 2, affine: false),
        GroupNorm([3, 24], groups: 2, affine: true),
        GroupNorm([2, 6, 11], groups: 3, affine: true),
        GroupNorm([2, 4, 2, 3, 2], groups: 2, affine: false),
        GroupNorm([1, 3, 20, 15], groups: 3, affine: true),     // more pixels than a block
    ];

    private static ShapeErrorRow[] LayerNormErrors =>
    [
        new("LayerNorm", x => x[0].LayerNorm([4]), [2, 3]),
        new("LayerNorm", x => x[0].LayerNorm([]), [2, 3]),
        new("LayerNorm", x => x[0].LayerNorm([1, 2, 3]), [2, 3]),
        new("LayerNorm", x => x[0].LayerNorm([3, 4], x[1], x[2]), [2, 3, 4], [3, 4], [4]),
        new("LayerNorm", x => x[0].LayerNorm([3, 4], x[1], x[2]), [2, 3, 4], [12], [3, 4]),
        new("GroupNorm", x => x[0].GroupNorm(2), [6]),
        new("GroupNorm", x => x[0].GroupNorm(4), [2, 6, 3, 3]),
        new("GroupNorm", x => x[0].GroupNorm(2, x[1], x[2]), [2, 6, 3, 3], [6], [3]),
        new("GroupNorm", x => x[0].GroupNorm(2, x[1], x[2]), [2, 6, 3, 3], [6, 1], [6]),
    ];

    private static OpRow LayerNorm(Shape shape, int axes, bool affine)
    {
        Shape normalized = LastAxes(shape, axes);
        return new(
            $"LayerNorm, {axes} axes{(affine ? ", affine" : "")}",
            x => x[0].LayerNorm(LastAxes(x[0].Shape, axes), affine ? x[1] : null, affine ? x[2] : null),
            affine ? [shape, normalized, normalized] : [shape])
        {
            Step = 1f / 64,     // as for BatchNorm
            Reference = x => Normalized(
                x[0], index => string.Join(',', index[..^axes]),
                (j, index) => affine ? x[j][index.AsSpan(index.Length - axes)] : 2 - j),
            ValueTolerance = 1e-5,
        };
    }

    private static OpRow GroupNorm(Shape shape, int groups, bool affine) =>
        new($"GroupNorm, {groups} groups{(affine ? ", affine" : "")}",
            x => x[0].GroupNorm(groups, affine ? x[1] : null, affine ? x[2] : null),
            affine ? [shape, [shape[1]], [shape[1]]] : [shape])
        {
            Step = 1f / 64,
            Reference = x => Normalized(
                x[0], index => $"{index[0]},{index[1] * groups / shape[1]}",
                (j, index) => affine ? x[j][index[1]] : 2 - j),
            ValueTolerance = 1e-5,
        };

    private static Shape LastAxes(Shape shape, int axes) => [.. shape.Skip(shape.Rank - axes)];

    /// <param name="x">What is normalized.</param>
    /// <param name="key">The same for the elements that are normalized together.</param>
    /// <param name="parameter">The weight (1) or the bias (2) at an index.</param>
    private static ReferenceTensor Normalized(
        ReferenceTensor x, Func<int[], string> key, Func<int, int[], double> parameter)
    {
        var sets = new Dictionary<string, List<double>>();
        _ = ReferenceTensor.Of(x.Shape, i =>
        {
            if (!sets.TryGetValue(key(i), out var set)) sets[key(i)] = set = [];
            set.Add(x[i]);
            return 0;
        });
        var statistics = sets.ToDictionary(set => set.Key, set =>
        {
            var mean = set.Value.Average();
            return (Mean: mean, Std: Math.Sqrt(set.Value.Average(v => (v - mean) * (v - mean)) + 1e-5f));
        });
        return ReferenceTensor.Of(x.Shape, i =>
            (x[i] - statistics[key(i)].Mean) / statistics[key(i)].Std * parameter(1, i) + parameter(2, i));
    }
}
