using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

internal sealed partial class SoftmaxOp
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForwardOnGpu(Tensor x, Tensor y) =>
        y.Gpu.LaunchGroups(new(LogitRows.Count(y), 1, 1), new SoftmaxKernel(x.View, y.Shape[1], y.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BackwardOnGpu(Tensor y, Tensor dy, Tensor dx) =>
        dx.Gpu.LaunchGroups(new(LogitRows.Count(dx), 1, 1), new SoftmaxGradientKernel(y.View, dy.View, y.Shape[1], dx.View));
}

internal readonly struct SoftmaxKernel(ArrayView<float> x, int classes, ArrayView<float> y) : IGroupKernel
{
    public static int Threads => SoftmaxRow.Threads;

    public void Run()
    {
        var row = new SoftmaxRow(x, classes, SharedMemory.Allocate<float>(SoftmaxRow.Threads));
        var highest = row.Max();
        var sum = row.SumExp(highest);
        for (var i = row.ThreadStart; i < row.End; i += SoftmaxRow.Threads) y[i] = SoftmaxRow.Exp(x[i] - highest) / sum;
    }
}

/// <summary>dx = y·(dy − ⟨dy, y⟩)</summary>
internal readonly struct SoftmaxGradientKernel(ArrayView<float> y, ArrayView<float> dy, int classes, ArrayView<float> dx) : IGroupKernel
{
    public static int Threads => SoftmaxRow.Threads;

    public void Run()
    {
        var lanes = SharedMemory.Allocate<float>(SoftmaxRow.Threads);
        var row = new SoftmaxRow(y, classes, lanes);
        var total = new CompensatedSum();
        var at = row.ThreadStart;
        while (at < row.End)
        {
            var sum = 0f;
            for (var stop = row.BlockEnd(at); at < stop; at += SoftmaxRow.Threads) sum += dy[at] * y[at];
            total.Add(sum);
        }

        var product = GroupReduction.Sum(lanes, total.Total);
        for (var i = row.ThreadStart; i < row.End; i += SoftmaxRow.Threads) dx[i] = y[i] * (dy[i] - product);
    }
}
