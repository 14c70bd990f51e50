using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp;

internal sealed partial class RowSoftmax
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForwardOnGpu(Tensor x, Tensor y) =>
        y.Gpu.Groups(new(ClassRows.Count(y), 1, 1), new SoftmaxKernel(x.View, y.Shape[1], y.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BackwardOnGpu(Tensor y, Tensor dy, Tensor dx) =>
        dx.Gpu.Groups(new(ClassRows.Count(dx), 1, 1), new SoftmaxGradientKernel(y.View, dy.View, y.Shape[1], dx.View));
}

internal readonly struct SoftmaxKernel(ArrayView<float> x, int classes, ArrayView<float> y) : IGroupKernel
{
    public static int Threads => ScoreRow.Threads;

    public void Run()
    {
        var row = new ScoreRow(x, classes, SharedMemory.Allocate<float>(ScoreRow.Threads));
        var highest = row.Highest();
        var sum = row.SumOfExponentials(highest);
        for (var i = row.First; i < row.End; i += ScoreRow.Threads) y[i] = ScoreRow.Exp(x[i] - highest) / sum;
    }
}

/// <summary>dx = y·(dy − ⟨dy, y⟩)</summary>
internal readonly struct SoftmaxGradientKernel(ArrayView<float> y, ArrayView<float> dy, int classes, ArrayView<float> dx) : IGroupKernel
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
            var sum = 0f;
            for (var stop = row.StretchEnd(at); at < stop; at += ScoreRow.Threads) sum += dy[at] * y[at];
            total.Add(sum);
        }

        var product = GroupReduction.Sum(lanes, total.Total);
        for (var i = row.First; i < row.End; i += ScoreRow.Threads) dx[i] = y[i] * (dy[i] - product);
    }
}
