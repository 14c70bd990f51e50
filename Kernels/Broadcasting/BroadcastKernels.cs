using ILGPU;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>An axis of a <see cref="BroadcastPlan"/>.</summary>
internal readonly struct BroadcastAxis(int extent, int strideA, int strideB)
{
    public int Extent { get; } = extent;

    public int StrideA { get; } = strideA;

    public int StrideB { get; } = strideB;
}

/// <summary>
/// Where a GPU thread reads: the axes x0 … x3 in the order in which the result is stored, and both operands' first
/// elements.
/// </summary>
internal readonly struct BroadcastIndex(
    BroadcastAxis x0, BroadcastAxis x1, BroadcastAxis x2, BroadcastAxis x3, int startA, int startB)
{
    private const int Axes = 4;             // of one launch; more take several

    /// <summary>The launches that compute a result: where its part starts, and how many elements it has.</summary>
    public static IEnumerable<(BroadcastIndex Index, int Start, int Count)> Split(BroadcastPlan plan)
    {
        (int Extent, int A, int B)[] axes = [.. plan.OuterAxes, (plan.InnerExtent, plan.StrideA, plan.StrideB)];
        BroadcastAxis[] inner =
        [
            .. Enumerable.Repeat(new BroadcastAxis(1, 0, 0), Math.Max(0, Axes - axes.Length)),
            .. axes.TakeLast(Axes).Select(axis => new BroadcastAxis(axis.Extent, axis.A, axis.B)),
        ];
        var rows = inner[0].Extent * inner[1].Extent * inner[2].Extent;
        for (var row = 0; row < plan.Rows; row += rows)
        {
            var (a, b) = plan.RowOffsets(row);
            yield return (
                new(inner[0], inner[1], inner[2], inner[3], a, b), row * plan.InnerExtent, rows * plan.InnerExtent);
        }
    }

    /// <summary>The operands' elements for element <paramref name="i"/> of the part.</summary>
    public (int A, int B) Of(int i)
    {
        int row2 = i / x3.Extent, row1 = row2 / x2.Extent, i0 = row1 / x1.Extent;
        int i3 = i - row2 * x3.Extent, i2 = row2 - row1 * x2.Extent, i1 = row1 - i0 * x1.Extent;
        return (
            startA + i3 * x3.StrideA + i2 * x2.StrideA + i1 * x1.StrideA + i0 * x0.StrideA,
            startB + i3 * x3.StrideB + i2 * x2.StrideB + i1 * x1.StrideB + i0 * x0.StrideB);
    }
}

/// <summary>y = F(a, b)</summary>
internal readonly struct BinaryKernel<TFormula>(
    TFormula formula, BroadcastIndex index, ArrayView<float> a, ArrayView<float> b, ArrayView<float> y) : IItemKernel
    where TFormula : struct, IBinaryFormula
{
    public void Run(int i)
    {
        var at = index.Of(i);
        y[i] = formula.F(new GpuFloat(a[at.A]), new GpuFloat(b[at.B])).V;
    }
}

/// <summary>y = F(d, a, b)</summary>
internal readonly struct TernaryKernel<TFormula>(
    TFormula formula, BroadcastIndex index,
    ArrayView<float> d, ArrayView<float> a, ArrayView<float> b, ArrayView<float> y) : IItemKernel
    where TFormula : struct, ITernaryFormula
{
    public void Run(int i)
    {
        var at = index.Of(i);
        y[i] = formula.F(new GpuFloat(d[i]), new GpuFloat(a[at.A]), new GpuFloat(b[at.B])).V;
    }
}
