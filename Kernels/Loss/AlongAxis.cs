namespace PyNetSharp.Kernels;

/// <summary>Applies an op for the rows of a matrix along an axis of a tensor of any rank.</summary>
internal static class AlongAxis
{
    /// <exception cref="ShapeException">There is no such axis.</exception>
    public static Tensor Apply(string op, Tensor x, int axis, Func<Tensor, Tensor> ofRows)
    {
        if (axis < -x.Rank || axis >= x.Rank) throw new ShapeException($"{op}: {x.Shape} has no axis {axis}.");
        if (axis < 0) axis += x.Rank;
        var isLast = axis == x.Rank - 1;
        var last = isLast ? x : PermuteOp.Exchange(x, axis, x.Rank - 1, op);
        var n = last.Shape[^1];
        var rows = ReshapeOp.Apply(last, [n == 0 ? 0 : last.Shape.Size / n, n], op);
        var result = ofRows(rows);
        var shaped = ReshapeOp.Apply(result, last.Shape, op);
        var y = isLast ? shaped : PermuteOp.Exchange(shaped, axis, x.Rank - 1, op);
        foreach (var intermediate in (Tensor[])[last, rows, result, shaped])
            if (intermediate != x && intermediate != y) intermediate.Release();
        return y;
    }
}
