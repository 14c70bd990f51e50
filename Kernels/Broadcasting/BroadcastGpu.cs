using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels;

internal static partial class Broadcast
{
    private const int MaxKernelAxes = 4;       // with more (merged, as they are) there is a launch for each index of the outer ones

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
            var (fromA, fromB) = plan.RowOffsets(row);
            y.Gpu.LaunchItems(rows * plan.InnerExtent, new BroadcastKernel<TBinary>(
                inner[0], inner[1], inner[2], inner[3],
                a.View, fromA, b.View, fromB, y.View.SubView((long)row * plan.InnerExtent)));
        }
    }
}

/// <summary>An axis of a <see cref="BroadcastPlan"/>.</summary>
internal readonly struct BroadcastAxis(int extent, int a, int b)
{
    public int Extent { get; } = extent;

    public int StrideA { get; } = a;

    public int StrideB { get; } = b;
}

/// <summary>y = f(a, b); the axes x0 … x3 are in the order in which y is stored.</summary>
internal readonly struct BroadcastKernel<TBinary>(
    BroadcastAxis x0, BroadcastAxis x1, BroadcastAxis x2, BroadcastAxis x3,
    ArrayView<float> a, int startA, ArrayView<float> b, int startB, ArrayView<float> y) : IItemKernel
    where TBinary : struct, IBinaryFormula
{
    public void Run(int i)
    {
        int i2 = i / x3.Extent, i1 = i2 / x2.Extent, i0 = i1 / x1.Extent;
        int at3 = i - i2 * x3.Extent, at2 = i2 - i1 * x2.Extent, at1 = i1 - i0 * x1.Extent;
        var fromA = startA + at3 * x3.StrideA + at2 * x2.StrideA + at1 * x1.StrideA + i0 * x0.StrideA;
        var fromB = startB + at3 * x3.StrideB + at2 * x2.StrideB + at1 * x1.StrideB + i0 * x0.StrideB;
        y[i] = TBinary.Apply(a[fromA], b[fromB]);
    }
}
