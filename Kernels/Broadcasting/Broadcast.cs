namespace PyNetSharp.Kernels;

/// <summary>NumPy's broadcasting: shapes are aligned at their last axes, and an extent of 1 repeats.</summary>
/// <seealso href="https://numpy.org/doc/stable/user/basics.broadcasting.html">NumPy, Broadcasting</seealso>
internal static partial class Broadcast
{
    /// <summary>The shape that <paramref name="a"/> and <paramref name="b"/> have in common.</summary>
    /// <exception cref="ShapeException">Two aligned extents differ and neither is 1.</exception>
    public static Shape Infer(string op, Shape a, Shape b)
    {
        if (a == b) return a;
        var extents = new int[Math.Max(a.Rank, b.Rank)];
        for (var i = 1; i <= extents.Length; i++)
        {
            var (m, n) = (i > a.Rank ? 1 : a[^i], i > b.Rank ? 1 : b[^i]);
            if (m != n && m != 1 && n != 1)
                throw new ShapeException($"{op}: {a} and {b} cannot be broadcast; the extents {m} and {n} differ and neither is 1.");
            extents[^i] = m == 1 ? n : m;
        }

        return Shape.Create(extents);
    }

    /// <summary>y = f(a, b), where both operands' shapes can be broadcast to <paramref name="y"/>'s.</summary>
    public static void Run<TBinary>(Tensor a, Tensor b, Tensor y) where TBinary : struct, IBinaryFormula
    {
        var plan = new BroadcastPlan(y.Shape, a.Shape, b.Shape);
        if (y.IsOnCpu) BroadcastLoops.Run<TBinary>(plan, a, b, y);
        else RunOnGpu<TBinary>(plan, a, b, y);
    }

    /// <summary>Sums a gradient over the axes along which an operand of shape <paramref name="operand"/> was repeated.</summary>
    /// <returns><paramref name="dy"/> itself if there are none.</returns>
    public static Tensor SumTo(Tensor dy, Shape operand)
    {
        if (dy.Shape == operand) return dy;
        var added = dy.Rank - operand.Rank;
        var repeated = Enumerable.Range(0, dy.Rank).Where(i => i < added || operand[i - added] != dy.Shape[i]).ToArray();

        var sum = dy.Sum(repeated, keepDims: true);
        if (sum.Shape == operand) return sum;
        using var temporary = new TemporaryTensor(sum);
        return sum.Reshape(operand);
    }
}
