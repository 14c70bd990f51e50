using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>NumPy's broadcasting: shapes are aligned at their last axes, and an extent of 1 repeats.</summary>
/// <seealso href="https://numpy.org/doc/stable/user/basics.broadcasting.html">NumPy, Broadcasting</seealso>
internal static class Broadcast
{
    private const int GrainSize = 1 << 15;          // elements that one CPU thread computes at a time
    private const int MaxKernelAxes = 4;            // of one launch on a GPU; more axes take several launches

    /// <summary>The shape to which <paramref name="a"/> and <paramref name="b"/> are broadcast.</summary>
    /// <exception cref="ShapeException">Two aligned extents differ and neither is 1.</exception>
    public static Shape Infer(string op, Shape a, Shape b)
    {
        if (a == b) return a;
        var extents = new int[Math.Max(a.Rank, b.Rank)];
        for (var i = 1; i <= extents.Length; i++)
        {
            var (m, n) = (i > a.Rank ? 1 : a[^i], i > b.Rank ? 1 : b[^i]);
            if (m != n && m != 1 && n != 1)
                throw new ShapeException(
                    $"{op}: {a} and {b} cannot be broadcast; the extents {m} and {n} differ and neither is 1.");
            extents[^i] = m == 1 ? n : m;
        }

        return Shape.Create(extents);
    }

    /// <summary>y = f(a, b), where both operands' shapes can be broadcast to <paramref name="y"/>'s.</summary>
    public static void Run<TBinary>(Tensor a, Tensor b, Tensor y) where TBinary : struct, IBinaryFormula
    {
        var plan = new BroadcastPlan(y.Shape, a.Shape, b.Shape);
        if (y.IsOnCpu) RunOnCpu<TBinary>(plan, a, b, y);
        else RunOnGpu<TBinary>(plan, a, b, y);
    }

    /// <summary>
    /// Sums a gradient over the axes along which an operand of shape <paramref name="operand"/> was repeated.
    /// </summary>
    /// <returns><paramref name="dy"/> itself if there are none.</returns>
    public static Tensor SumTo(Tensor dy, Shape operand)
    {
        if (dy.Shape == operand) return dy;
        var added = dy.Rank - operand.Rank;
        var repeated = Enumerable.Range(0, dy.Rank)
            .Where(i => i < added || operand[i - added] != dy.Shape[i]).ToArray();

        var sum = dy.Sum(repeated, keepDims: true);
        if (sum.Shape == operand) return sum;
        using var temporary = new TemporaryTensor(sum);
        return sum.Reshape(operand);
    }

    private static void RunOnCpu<TBinary>(BroadcastPlan plan, Tensor a, Tensor b, Tensor y)
        where TBinary : struct, IBinaryFormula
    {
        var width = plan.InnerExtent;
        if (width > GrainSize)
            for (var row = 0; row < plan.Rows; row++)
                LongRow(row);
        else
            y.Cpu.ForRanges(plan.Rows, Math.Max(1, GrainSize / Math.Max(1, width)), (first, n) =>
            {
                for (var row = first; row < first + n; row++) Row(row, 0, width);
            });

        void LongRow(int row) => y.Cpu.ForRanges(width, GrainSize, (start, n) => Row(row, start, n));

        void Row(int row, int start, int n)
        {
            var (offsetA, offsetB) = plan.RowOffsets(row);
            RunRow<TBinary>(
                a.Span[(offsetA + start * plan.StrideA)..], plan.StrideA,
                b.Span[(offsetB + start * plan.StrideB)..], plan.StrideB,
                y.Span.Slice(row * width + start, n));
        }
    }

    private static void RunRow<TBinary>(
        ReadOnlySpan<float> a, int strideA, ReadOnlySpan<float> b, int strideB, Span<float> y)
        where TBinary : struct, IBinaryFormula
    {
        switch (strideA, strideB)
        {
            case (1, 1):
                TBinary.Apply(a[..y.Length], b[..y.Length], y);
                break;
            case (1, 0):
                TBinary.Apply(a[..y.Length], b[0], y);
                break;
            case (0, 1):
                TBinary.Apply(a[0], b[..y.Length], y);
                break;
            default:
                for (var i = 0; i < y.Length; i++) y[i] = TBinary.Apply(a[i * strideA], b[i * strideB]);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunOnGpu<TBinary>(BroadcastPlan plan, Tensor a, Tensor b, Tensor y)
        where TBinary : struct, IBinaryFormula
    {
        (int Extent, int A, int B)[] axes = [.. plan.OuterAxes, (plan.InnerExtent, plan.StrideA, plan.StrideB)];
        BroadcastAxis[] inner =
        [
            .. Enumerable.Repeat(new BroadcastAxis(1, 0, 0), Math.Max(0, MaxKernelAxes - axes.Length)),
            .. axes.TakeLast(MaxKernelAxes).Select(axis => new BroadcastAxis(axis.Extent, axis.A, axis.B)),
        ];
        var rows = inner[0].Extent * inner[1].Extent * inner[2].Extent;
        for (var row = 0; row < plan.Rows; row += rows)
        {
            var (offsetA, offsetB) = plan.RowOffsets(row);
            y.Gpu.LaunchItems(rows * plan.InnerExtent, new BroadcastKernel<TBinary>(
                inner[0], inner[1], inner[2], inner[3],
                a.View, offsetA, b.View, offsetB, y.View.SubView((long)row * plan.InnerExtent)));
        }
    }
}

/// <summary>A function of two numbers, along spans of which either may be one number repeated.</summary>
internal interface IBinaryFormula
{
    static abstract float Apply(float a, float b);

    static abstract void Apply(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y);

    static abstract void Apply(ReadOnlySpan<float> a, float b, Span<float> y);

    static abstract void Apply(float a, ReadOnlySpan<float> b, Span<float> y);
}

/// <summary>An axis of a <see cref="BroadcastPlan"/>.</summary>
internal readonly struct BroadcastAxis(int extent, int strideA, int strideB)
{
    public int Extent { get; } = extent;

    public int StrideA { get; } = strideA;

    public int StrideB { get; } = strideB;
}

/// <summary>y = f(a, b); the axes x0 … x3 are in the order in which y is stored.</summary>
internal readonly struct BroadcastKernel<TBinary>(
    BroadcastAxis x0, BroadcastAxis x1, BroadcastAxis x2, BroadcastAxis x3,
    ArrayView<float> a, int startA, ArrayView<float> b, int startB, ArrayView<float> y) : IItemKernel
    where TBinary : struct, IBinaryFormula
{
    public void Run(int i)
    {
        int row2 = i / x3.Extent, row1 = row2 / x2.Extent, i0 = row1 / x1.Extent;
        int i3 = i - row2 * x3.Extent, i2 = row2 - row1 * x2.Extent, i1 = row1 - i0 * x1.Extent;
        var indexA = startA + i3 * x3.StrideA + i2 * x2.StrideA + i1 * x1.StrideA + i0 * x0.StrideA;
        var indexB = startB + i3 * x3.StrideB + i2 * x2.StrideB + i1 * x1.StrideB + i0 * x0.StrideB;
        y[i] = TBinary.Apply(a[indexA], b[indexB]);
    }
}
