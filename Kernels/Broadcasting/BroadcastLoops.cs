namespace PyNetSharp;

/// <summary>Runs a <see cref="BroadcastPlan"/>.</summary>
internal static class BroadcastLoops
{
    private const int Piece = 1 << 15;

    public static void Run<TBinary>(BroadcastPlan plan, Tensor a, Tensor b, Tensor y) where TBinary : struct, IBinary
    {
        var width = plan.Width;
        if (width > Piece)
            for (var row = 0; row < plan.Rows; row++)
                LongRow(row);
        else
            y.Processor.ForPieces(plan.Rows, Math.Max(1, Piece / Math.Max(1, width)), (first, n) =>
            {
                for (var row = first; row < first + n; row++) Row(row, 0, width);
            });

        void LongRow(int row) => y.Processor.ForPieces(width, Piece, (start, n) => Row(row, start, n));

        void Row(int row, int start, int n)
        {
            var (fromA, fromB) = plan.StartOf(row);
            Along<TBinary>(
                a.Span[(fromA + start * plan.StepA)..], plan.StepA,
                b.Span[(fromB + start * plan.StepB)..], plan.StepB,
                y.Span.Slice(row * width + start, n));
        }
    }

    private static void Along<TBinary>(ReadOnlySpan<float> a, int stepA, ReadOnlySpan<float> b, int stepB, Span<float> y)
        where TBinary : struct, IBinary
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
