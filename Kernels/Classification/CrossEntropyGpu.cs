using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp;

internal sealed partial class CrossEntropy
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void MeasureOnGpu(Tensor logits, Tensor y)
    {
        using var losses = new TemporaryTensor([labels.Count], logits.Device);
        logits.Gpu.Groups(new(labels.Count, 1, 1), new CrossEntropyKernel(
            logits.View, logits.Shape[1], labels.ViewOn(logits.Device), probabilities.View, losses.Tensor.View));
        logits.Gpu.Groups(new(1, 1, 1), new MeanLossKernel(losses.Tensor.View, labels.Count, y.View));
    }

    /// <summary>
    /// As <see cref="Backward"/> in place of the probabilities; <paramref name="dy"/> is not waited for.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void DifferentiateOnGpu(Tensor dy) =>
        dy.Gpu.Each(probabilities.Shape.Size, new CrossEntropyGradientKernel(
            dy.View, labels.ViewOn(dy.Device), labels.Count, probabilities.Shape[1], probabilities.View));
}

/// <summary>The softmax and the loss of each row.</summary>
internal readonly struct CrossEntropyKernel(
    ArrayView<float> x, int classes, ArrayView<int> labels, ArrayView<float> probabilities, ArrayView<float> losses) : IGroupKernel
{
    public static int Threads => ScoreRow.Threads;

    public void Run()
    {
        var row = new ScoreRow(x, classes, SharedMemory.Allocate<float>(ScoreRow.Threads));
        var highest = row.Highest();
        var sum = row.SumOfExponentials(highest);
        for (var i = row.First; i < row.End; i += ScoreRow.Threads) probabilities[i] = ScoreRow.Exp(x[i] - highest) / sum;
        if (Group.IdxX == 0) losses[Grid.IdxX] = Logarithm.Of(sum) + (highest - x[row.Start + labels[Grid.IdxX]]);
    }
}

/// <summary>The mean of all losses, by one group.</summary>
internal readonly struct MeanLossKernel(ArrayView<float> losses, int count, ArrayView<float> mean) : IGroupKernel
{
    public static int Threads => 256;

    public void Run()
    {
        var lanes = SharedMemory.Allocate<float>(256);
        var total = new LongSum();
        var i = Group.IdxX;
        while (i < count)
        {
            var part = 0f;
            for (var stop = LongSum.EndOfStretch(i, 256, count); i < stop; i += 256) part += losses[i];
            total.Add(part);
        }

        var sum = GroupReduction.Sum(lanes, total.Total);
        if (Group.IdxX == 0) mean[0] = sum / count;
    }
}

/// <summary>p = (p − 1 at the label)·dy / batch</summary>
internal readonly struct CrossEntropyGradientKernel(
    ArrayView<float> dy, ArrayView<int> labels, int batch, int classes, ArrayView<float> p) : IItemKernel
{
    public void Run(int i)
    {
        int row = i / classes, c = i - row * classes;
        p[i] = (c == labels[row] ? p[i] - 1 : p[i]) * (dy[0] / batch);
    }
}
