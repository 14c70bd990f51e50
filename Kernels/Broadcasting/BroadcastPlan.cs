namespace PyNetSharp.Kernels;

/// <summary>How two operands lie under a result: extents in the order in which the result is stored, and a step for each.</summary>
/// <remarks>
/// A step is how far apart in the operand's storage two neighbours along that axis are; 0 where the operand repeats.
/// Axes that both operands pass through in one stride are merged: equal shapes leave one axis, a bias leaves two.
/// </remarks>
internal sealed class BroadcastPlan
{
    public BroadcastPlan(Shape y, Shape a, Shape b)
    {
        List<(int Extent, int A, int B)> axes = [];
        var (stepsA, stepsB) = (Strides(a, y), Strides(b, y));
        foreach (var axis in Layout.StorageOrder(y.Rank))
        {
            var (extent, stepA, stepB) = (y[axis], stepsA[axis], stepsB[axis]);
            if (extent == 1) continue;
            if (axes.Count > 0 && axes[^1] is var outer && outer.A == stepA * extent && outer.B == stepB * extent)
                axes[^1] = (outer.Extent * extent, stepA, stepB);
            else
                axes.Add((extent, stepA, stepB));
        }

        (InnerExtent, StrideA, StrideB) = axes.Count > 0 ? axes[^1] : (y.Size, 1, 1);
        OuterAxes = axes.Count > 1 ? [.. axes[..^1]] : [];
        Rows = InnerExtent == 0 ? 0 : y.Size / InnerExtent;
    }

    /// <summary>The extent of the innermost axis, along which the loops run.</summary>
    public int InnerExtent { get; }

    public int StrideA { get; }

    public int StrideB { get; }

    /// <summary>How often the innermost axis is run through.</summary>
    public int Rows { get; }

    /// <summary>The other axes, outermost first.</summary>
    public (int Extent, int A, int B)[] OuterAxes { get; }

    /// <summary>Where row number <paramref name="row"/> begins in both operands.</summary>
    public (int A, int B) RowOffsets(int row)
    {
        var (a, b) = (0, 0);
        for (var i = OuterAxes.Length - 1; i >= 0; i--)
        {
            (row, var index) = Math.DivRem(row, OuterAxes[i].Extent);
            (a, b) = (a + index * OuterAxes[i].A, b + index * OuterAxes[i].B);
        }

        return (a, b);
    }

    /// <summary>The operand's step for each of the result's axes.</summary>
    private static int[] Strides(Shape operand, Shape result)
    {
        var steps = new int[result.Rank];
        var step = 1;
        foreach (var axis in Layout.StorageOrder(operand.Rank).Reverse())
        {
            if (operand[axis] != 1) steps[result.Rank - operand.Rank + axis] = step;
            step *= operand[axis];
        }

        return steps;
    }
}
