using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp;

internal sealed partial class LogSoftmax
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForwardOnGpu(Tensor x, Tensor y) =>
        y.Gpu.Groups(new(ClassRows.Count(y), 1, 1), new LogSoftmaxKernel(x.View, y.Shape[1], y.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BackwardOnGpu(Tensor y, Tensor dy, Tensor dx) =>
        dx.Gpu.Groups(new(ClassRows.Count(dx), 1, 1), new LogSoftmaxGradientKernel(y.View, dy.View, y.Shape[1], dx.View));
}

internal readonly struct LogSoftmaxKernel(ArrayView<float> x, int classes, ArrayView<float> y) : IGroupKernel
{
    public static int Threads => ScoreRow.Threads;

    public void Run()
    {
        var row = new ScoreRow(x, classes, SharedMemory.Allocate<float>(ScoreRow.Threads));
        var highest = row.Highest();
        var log = Logarithm.Of(row.SumOfExponentials(highest));
        for (var i = row.First; i < row.End; i += ScoreRow.Threads) y[i] = x[i] - highest - log;
    }
}

/// <summary>dx = dy − eʸ·Σ dy</summary>
internal readonly struct LogSoftmaxGradientKernel(ArrayView<float> y, ArrayView<float> dy, int classes, ArrayView<float> dx) : IGroupKernel
{
    public static int Threads => ScoreRow.Threads;

    public void Run()
    {
        var lanes = SharedMemory.Allocate<float>(ScoreRow.Threads);
        var row = new ScoreRow(y, classes, lanes);
        var total = new LongSum();
        var at = row.First;
        while (at < row.End)
        {
            var part = 0f;
            for (var stop = row.StretchEnd(at); at < stop; at += ScoreRow.Threads) part += dy[at];
            total.Add(part);
        }

        var sum = GroupReduction.Sum(lanes, total.Total);
        for (var i = row.First; i < row.End; i += ScoreRow.Threads) dx[i] = dy[i] - ScoreRow.Exp(y[i]) * sum;
    }
}
