namespace PyNetSharp.Tests;

/// <summary>Slices, permutations and joins: to and from rank 4, whose storage is channels last.</summary>
public static partial class OpTable
{
    private static OpRow[] Movements =>
    [
        Slice("x[1..3, .., ^1]", x => x[1..3, .., ^1], [5, 3, 4], [2, 3], i => [i[0] + 1, i[1], 3]),
        Slice("x[0]", x => x[0], [2, 3, 4, 5], [3, 4, 5], i => [0, .. i]) with { LargeShapes = [[2, 96, 40, 40]] },
        Slice("x[-1]", x => x[-1], [4], [], _ => [3]),
        Slice("x[.., 1..]", x => x[.., 1..], [2, 3, 4, 5], [2, 2, 4, 5], i => [i[0], i[1] + 1, i[2], i[3]]) with
        {
            LargeShapes = [[8, 96, 40, 40]],
        },
        Slice(
            "x[Ellipsis, 1..4]", x => x[TensorIndex.Ellipsis, 1..4], [2, 17, 3, 5], [2, 17, 3, 3],
            i => [i[0], i[1], i[2], i[3] + 1]) with { LargeShapes = [[8, 96, 40, 40]] },
        Slice(
            "x[NewAxis, 1, Ellipsis, ^2]", x => x[TensorIndex.NewAxis, 1, TensorIndex.Ellipsis, ^2],
            [3, 2, 3, 2, 4], [1, 2, 3, 2], i => [1, i[1], i[2], i[3], 2]),
        Slice("x[2..5]", x => x[2..5], [7, 9], [3, 9], i => [i[0] + 2, i[1]]) with { LargeShapes = [[5000, 90]] },
        Slice("x[2..2]", x => x[2..2], [7, 9], [0, 9], i => i),
        Slice("x[..]", x => x[..], [2, 3, 4, 5], [2, 3, 4, 5], i => i),
        Slice("x[.., NewAxis]", x => x[.., TensorIndex.NewAxis], [3, 5], [3, 1, 5], i => [i[0], i[2]]),
        Slice(
            "Slice, step 3", x => x.Slice(-1, 1..^1, step: 3), [4, 23], [4, 7], i => [i[0], 1 + 3 * i[1]]) with
        {
            LargeShapes = [[40, 7003]],
        },
        Slice("Slice of rows, step 2", x => x.Slice(0, .., step: 2), [5, 3], [3, 3], i => [2 * i[0], i[1]]),
        Slice("Narrow", x => x.Narrow(1, 2, 3), [3, 6], [3, 3], i => [i[0], i[1] + 2]),
        Slice("Select", x => x.Select(-1, -2), [3, 2, 5, 6], [3, 2, 5], i => [.. i, 4]),
        new("Slice twice", x => x[0][1..4] * x[0][2..5], [6])
        {
            Step = 1, Reference = x => ReferenceTensor.Of([3], i => x[0][i[0] + 1] * x[0][i[0] + 2]),
        },
        new("Split", x => { var p = x[0].Split(3, 1); return p[0] * 2 + p[^1]; }, [2, 9])
        {
            Step = 1, Reference = x => ReferenceTensor.Of([2, 3], i => 2 * x[0][i[0], i[1]] + x[0][i[0], i[1] + 6]),
        },
        new("Split by sizes", x => { var p = x[0].Split([1, 0, 3]); return p[0] * p[2]; }, [4, 3])
        {
            Step = 1, Reference = x => ReferenceTensor.Of([3, 3], i => x[0][0, i[1]] * x[0][i[0] + 1, i[1]]),
        },
        Permute([2, 3, 4, 5], 0, 2, 3, 1) with { LargeShapes = [[4, 96, 30, 30]] },
        Permute([2, 3, 4, 5], 1, 0, 2, 3) with { LargeShapes = [[40, 30, 20, 20]] },
        Permute([2, 3, 4, 5], 3, 2, 1, 0) with { LargeShapes = [[20, 30, 20, 40]] },
        Permute([2, 3, 4, 5], -4, -3, -2, -1),
        Permute([3, 4, 5], 2, 0, 1) with { LargeShapes = [[70, 40, 33]] },
        Permute([2, 3, 2, 4, 2], 4, 1, 3, 0, 2),
        Permute([2, 1, 3, 2, 2, 2], 5, 3, 1, 4, 2, 0),
        Permute([37, 21], 1, 0) with { LargeShapes = [[700, 333]] },
        Permute([7], 0),
        new("Transpose", x => x[0].Transpose(0, -1), [5, 3, 4])
        {
            Step = 1, Reference = x => ReferenceTensor.Of([4, 3, 5], i => x[0][i[2], i[1], i[0]]),
        },
        Same("Squeeze", x => x.Squeeze(), [1, 3, 1, 4], [3, 4]),
        Same("Squeeze of axis -2", x => x.Squeeze(-2), [1, 3, 1, 4], [1, 3, 4]),
        Same("Squeeze of an axis of 3", x => x.Squeeze(1), [1, 3, 2, 4], [1, 3, 2, 4]),
        Same("Unsqueeze", x => x.Unsqueeze(1), [3, 4], [3, 1, 4]),
        Same("Unsqueeze to an image", x => x.Unsqueeze(-1), [2, 3, 4], [2, 3, 4, 1]),
        Same("Unsqueeze of an image", x => x.Unsqueeze(0), [2, 3, 4, 5], [1, 2, 3, 4, 5]),
        Expand([3, 1], [3, 4], 3, 4),
        Expand([3, 1], [2, 3, 5], 2, -1, 5) with { LargeShapes = [[300, 1]] },
        Expand([1, 5, 1, 1], [2, 5, 3, 4], 2, -1, 3, 4),
        Expand([4], [2, 5, 3, 4], 2, 5, 3, -1),
        Expand([], [2, 2], 2, 2),
        Expand([2, 3], [2, 3], -1, -1),
        Expand([1, 3], [0, 3], 0, 3),
        Concat(0, [2, 3], [4, 3]) with { LargeShapes = [[300, 300], [200, 300]] },
        Concat(-1, [2, 3], [2, 1]) with { LargeShapes = [[300, 300], [300, 200]] },
        Concat(1, [2, 3, 4, 5], [2, 2, 4, 5]) with { LargeShapes = [[4, 64, 20, 20], [4, 33, 20, 20]] },
        Concat(3, [2, 3, 4, 5], [2, 3, 4, 1]),
        Concat(0, [2, 3, 4, 5], [1, 3, 4, 5]),
        Concat(0, [3], [0]),
        Concat(2, [2, 3, 1, 2, 2], [2, 3, 2, 2, 2]),
        new("Concat with itself", x => Tensor.Concat([x[0], x[0], x[0]], 1), [2, 3])
        {
            Step = 1, Reference = x => ReferenceTensor.Of([2, 9], i => x[0][i[0], i[1] % 3]),
        },
        Stack(0, [3, 4], [2, 3, 4], i => (i[0], [i[1], i[2]])),
        Stack(-1, [3, 4], [3, 4, 2], i => (i[2], [i[0], i[1]])) with { LargeShapes = [[300, 400], [300, 400]] },
        Stack(1, [3, 4, 5], [3, 2, 4, 5], i => (i[1], [i[0], i[2], i[3]])),
        Stack(0, [], [2], i => (i[0], [])),
        Pad([3, 4], 0, (1, 2)),
        Pad([2, 3, 4, 5], -1.5f, (1, 1), (0, 2)) with { LargeShapes = [[8, 64, 30, 30]] },
        Pad([2, 3, 4, 5], 2, (1, 0), (2, 1), (0, 0), (0, 0)),
        Pad([4, 5], 0, (-1, 2), (1, -2)),
        Pad([3, 4], 7),
        Slice(
            "IndexSelect", x => x.IndexSelect(0, 2, 0, 2, 2), [4, 3], [4, 3], i => [i[0] == 1 ? 0 : 2, i[1]]) with
        {
            LargeShapes = [[4, 50_000]],
        },
        Slice(
            "IndexSelect of columns", x => x.IndexSelect(-1, 1, 1, 0), [3, 4], [3, 3],
            i => [i[0], i[1] == 2 ? 0 : 1]) with { LargeShapes = [[40_000, 4]] },
        Slice(
            "IndexSelect of channels", x => x.IndexSelect(1, 2, 1), [2, 3, 4, 5], [2, 2, 4, 5],
            i => [i[0], 2 - i[1], i[2], i[3]]),
        Slice(
            "IndexSelect of pixels", x => x.IndexSelect(3, 4, 4, 0, 4), [2, 3, 4, 5], [2, 3, 4, 4],
            i => [i[0], i[1], i[2], i[3] == 2 ? 0 : 4]),
        new(
            "IndexSelect, one index often",
            x => x[0].IndexSelect(0, [.. Enumerable.Range(0, 300).Select(i => i % 100 == 0 ? 1 : 0)]), [2, 3])
        {
            Step = 1, Reference = x => ReferenceTensor.Of([300, 3], i => x[0][i[0] % 100 == 0 ? 1 : 0, i[1]]),
        },
        Slice("IndexSelect of nothing", x => x.IndexSelect(0, []), [4, 3], [0, 3], i => i),
        new("Clone", x => x[0].Clone(), [2, 19])
        {
            Step = 1, Reference = x => x[0], LargeShapes = [[100_000]],
        },
    ];

    private static ShapeErrorRow[] MovementErrors =>
    [
        new("Slice", x => x[0][0, 0, 0], [3, 4]),
        new("Slice", x => x[0][TensorIndex.Ellipsis, TensorIndex.Ellipsis], [3, 4]),
        new("Slice", x => x[0].Slice(2, ..), [3, 4]),
        new("Narrow", x => x[0].Narrow(-3, 0, 1), [3, 4]),
        new("Select", x => x[0].Select(2, 0), [3, 4]),
        new("Split", x => x[0].Split(2, 2)[0], [3, 4]),
        new("Split", x => x[0].Split([2, 3], 1)[0], [3, 4]),
        new("Split", x => x[0].Split([5, -1], 1)[0], [3, 4]),
        new("Split", x => x[0].Split([], 1)[0], [3, 4]),
        new("Permute", x => x[0].Permute(0), [3, 4]),
        new("Permute", x => x[0].Permute(0, 0), [3, 4]),
        new("Permute", x => x[0].Permute(0, 2), [3, 4]),
        new("Transpose", x => x[0].Transpose(0, 2), [3, 4]),
        new("Squeeze", x => x[0].Squeeze(2), [3, 4]),
        new("Unsqueeze", x => x[0].Unsqueeze(3), [3, 4]),
        new("Expand", x => x[0].Expand(4), [3, 4]),
        new("Expand", x => x[0].Expand(6, 4), [3, 4]),
        new("Expand", x => x[0].Expand(-1, 3, 4), [3, 4]),
        new("Expand", x => x[0].Expand(-2, 4), [3, 4]),
        new("Concat", x => Tensor.Concat([x[0], x[1]]), [3, 4], [3, 5]),
        new("Concat", x => Tensor.Concat([x[0], x[1]], 1), [3, 4], [3]),
        new("Concat", x => Tensor.Concat([x[0]], 2), [3, 4]),
        new("Stack", x => Tensor.Stack([x[0], x[1]]), [3, 4], [4, 3]),
        new("Stack", x => Tensor.Stack([x[0]], 3), [3, 4]),
        new("IndexSelect", x => x[0].IndexSelect(2, 0), [3, 4]),
        new("Pad", x => x[0].Pad([(0, 0), (0, 0), (0, 0)]), [3, 4]),
        new("Pad", x => x[0].Pad([(-3, -2)]), [3, 4]),
        new("Pad", x => x[0].Pad([(-6, 4)]), [3, 4]),
    ];

    private static OpRow Slice(string name, Func<Tensor, Tensor> op, Shape from, Shape to, Func<int[], int[]> index) =>
        new(name, x => op(x[0]), from) { Step = 1, Reference = x => ReferenceTensor.Of(to, i => x[0][index(i)]) };

    private static OpRow Same(string name, Func<Tensor, Tensor> op, Shape from, Shape to) =>
        new(name, x => op(x[0]), from) { Step = 1, Reference = x => x[0].Reshape(to) };

    private static OpRow Permute(Shape shape, params int[] axes)
    {
        int[] order = [.. axes.Select(axis => axis < 0 ? axis + shape.Rank : axis)];
        return new($"Permute to ({string.Join(", ", axes)})", x => x[0].Permute(axes), shape)
        {
            Step = 1,
            Reference = x => ReferenceTensor.Of(
                [.. order.Select(axis => shape[axis])],
                i => x[0][[.. order.Index().OrderBy(o => o.Item).Select(o => i[o.Index])]]),
        };
    }

    private static OpRow Expand(Shape from, Shape to, params int[] extents) =>
        new($"Expand to ({string.Join(", ", extents)})", x => x[0].Expand(extents), from)
        {
            Step = 1,
            Reference = x => x[0].Broadcast(new(to, new double[to.Size]), (a, b) => a + b),
        };

    private static OpRow Concat(int axis, Shape a, Shape b)
    {
        var at = axis < 0 ? axis + a.Rank : axis;
        return new($"Concat along {axis}", x => Tensor.Concat(x, axis), a, b)
        {
            Step = 1,
            Reference = x => ReferenceTensor.Of(
                [.. a.Select((extent, i) => i == at ? extent + b[i] : extent)],
                i => i[at] < a[at] ? x[0][i] : x[1][[.. i.Select((j, d) => d == at ? j - a[at] : j)]]),
        };
    }

    private static OpRow Stack(int axis, Shape one, Shape all, Func<int[], (int Input, int[] Index)> source) =>
        new($"Stack along {axis}", x => Tensor.Stack(x, axis), one, one)
        {
            Step = 1,
            Reference = x => ReferenceTensor.Of(all, i => source(i) is var (input, index) ? x[input][index] : 0),
        };

    private static OpRow Pad(Shape from, float value, params (int Before, int After)[] amounts)
    {
        (int Before, int After)[] all = [.. Enumerable.Repeat((0, 0), from.Rank - amounts.Length), .. amounts];
        return new($"Pad by ({string.Join(", ", amounts)}) with {value}", x => x[0].Pad(amounts, value), from)
        {
            Step = 1,
            Reference = x => ReferenceTensor.Of(
                [.. from.Select((extent, axis) => extent + all[axis].Before + all[axis].After)],
                i =>
                {
                    int[] j = [.. i.Select((k, axis) => k - all[axis].Before)];
                    return j.Index().All(k => k.Item >= 0 && k.Item < from[k.Index]) ? x[0][j] : value;
                }),
        };
    }
}
