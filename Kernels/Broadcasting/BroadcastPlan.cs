namespace PyNetSharp.Kernels;

/// <summary>
/// The loops of a broadcast operation: the result's extents in storage order, and both operands' strides along them.
/// </summary>
/// <remarks>
/// A stride is the distance in the operand's storage of two neighbors along that axis; 0 where the operand repeats.
/// Axes that both operands pass with one stride are merged: equal shapes leave one axis, a bias leaves two.
/// </remarks>
internal sealed class BroadcastPlan
{
    public BroadcastPlan(Shape y, Shape a, Shape b)
    {
        List<(int Extent, int A, int B)> axes = [];
        var (stridesA, stridesB) = (Strides(a, y), Strides(b, y));
        foreach (var axis in Layout.StorageOrder(y.Rank))
        {
            var (extent, strideA, strideB) = (y[axis], stridesA[axis], stridesB[axis]);
            if (extent == 1) continue;
            if (axes.Count > 0 && axes[^1] is var outer && outer.A == strideA * extent && outer.B == strideB * extent)
                axes[^1] = (outer.Extent * extent, strideA, strideB);
            else
                axes.Add((extent, strideA, strideB));
        }

        (InnerExtent, StrideA, StrideB) = axes.Count > 0 ? axes[^1] : (y.Size, 1, 1);
        OuterAxes = axes.Count > 1 ? [.. axes[..^1]] : [];
        Rows = InnerExtent == 0 ? 0 : y.Size / InnerExtent;
    }

    /// <summary>The extent of the innermost axis, along which the loops run.</summary>
    public int InnerExtent { get; }

    public int StrideA { get; }

    public int StrideB { get; }

    /// <summary>The number of passes along the innermost axis: the product of the outer extents.</summary>
    public int Rows { get; }

    /// <summary>The other axes, outermost first, with the operands' strides.</summary>
    public (int Extent, int A, int B)[] OuterAxes { get; }

    /// <summary>The offset of the first element of a row in each operand.</summary>
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

    /// <summary>The operand's stride for each of the result's axes.</summary>
    private static int[] Strides(Shape operand, Shape result)
    {
        var strides = new int[result.Rank];
        var stride = 1;
        foreach (var axis in Layout.StorageOrder(operand.Rank).Reverse())
        {
            if (operand[axis] != 1) strides[result.Rank - operand.Rank + axis] = stride;
            stride *= operand[axis];
        }

        return strides;
    }
}
