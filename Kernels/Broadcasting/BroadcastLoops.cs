namespace PyNetSharp.Kernels;

/// <summary>Runs a <see cref="BroadcastPlan"/>.</summary>
internal static class BroadcastLoops
{
    private const int GrainSize = 1 << 15;

    public static void Run<TBinary>(BroadcastPlan plan, Tensor a, Tensor b, Tensor y) where TBinary : struct, IBinaryFormula
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
            var (fromA, fromB) = plan.RowOffsets(row);
            RunRow<TBinary>(
                a.Span[(fromA + start * plan.StrideA)..], plan.StrideA,
                b.Span[(fromB + start * plan.StrideB)..], plan.StrideB,
                y.Span.Slice(row * width + start, n));
        }
    }

    private static void RunRow<TBinary>(ReadOnlySpan<float> a, int stepA, ReadOnlySpan<float> b, int stepB, Span<float> y)
        where TBinary : struct, IBinaryFormula
    {
        switch (stepA, stepB)
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
                for (var i = 0; i < y.Length; i++) y[i] = TBinary.Apply(a[i * stepA], b[i * stepB]);
                break;
        }
    }
}
