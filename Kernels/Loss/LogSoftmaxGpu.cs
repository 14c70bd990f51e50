using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp;

internal sealed partial class LogSoftmaxOp
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForwardOnGpu(Tensor x, Tensor y) =>
        y.Gpu.LaunchGroups(new(LogitRows.Count(y), 1, 1), new LogSoftmaxKernel(x.View, y.Shape[1], y.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BackwardOnGpu(Tensor y, Tensor dy, Tensor dx) =>
        dx.Gpu.LaunchGroups(new(LogitRows.Count(dx), 1, 1), new LogSoftmaxGradientKernel(y.View, dy.View, y.Shape[1], dx.View));
}

internal readonly struct LogSoftmaxKernel(ArrayView<float> x, int classes, ArrayView<float> y) : IGroupKernel
{
    public static int Threads => SoftmaxRow.Threads;

    public void Run()
    {
        var row = new SoftmaxRow(x, classes, SharedMemory.Allocate<float>(SoftmaxRow.Threads));
        var highest = row.Max();
        var log = Logarithm.Log(row.SumExp(highest));
        for (var i = row.ThreadStart; i < row.End; i += SoftmaxRow.Threads) y[i] = x[i] - highest - log;
    }
}

/// <summary>dx = dy − eʸ·Σ dy</summary>
internal readonly struct LogSoftmaxGradientKernel(ArrayView<float> y, ArrayView<float> dy, int classes, ArrayView<float> dx) : IGroupKernel
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
            var part = 0f;
            for (var stop = row.BlockEnd(at); at < stop; at += SoftmaxRow.Threads) part += dy[at];
            total.Add(part);
        }

        var sum = GroupReduction.Sum(lanes, total.Total);
        for (var i = row.ThreadStart; i < row.End; i += SoftmaxRow.Threads) dx[i] = dy[i] - SoftmaxRow.Exp(y[i]) * sum;
    }
}
