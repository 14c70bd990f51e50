using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp;

internal sealed partial class CrossEntropyOp
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ForwardOnGpu(Tensor logits, Tensor y)
    {
        using var losses = new TemporaryTensor([labels.Count], logits.Device);
        logits.Gpu.LaunchGroups(new(labels.Count, 1, 1), new CrossEntropyKernel(
            logits.View, logits.Shape[1], labels.ViewOn(logits.Device), probabilities.View, losses.Tensor.View));
        logits.Gpu.LaunchGroups(new(1, 1, 1), new MeanLossKernel(losses.Tensor.View, labels.Count, y.View));
    }

    /// <summary>
    /// As <see cref="Backward"/> in place of the probabilities; <paramref name="dy"/> is not waited for.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BackwardOnGpu(Tensor dy) =>
        dy.Gpu.LaunchItems(probabilities.Shape.Size, new CrossEntropyGradientKernel(
            dy.View, labels.ViewOn(dy.Device), labels.Count, probabilities.Shape[1], probabilities.View));
}

/// <summary>The softmax and the loss of each row.</summary>
internal readonly struct CrossEntropyKernel(
    ArrayView<float> x, int classes, ArrayView<int> labels, ArrayView<float> probabilities, ArrayView<float> losses) : IGroupKernel
{
    public static int Threads => SoftmaxRow.Threads;

    public void Run()
    {
        var row = new SoftmaxRow(x, classes, SharedMemory.Allocate<float>(SoftmaxRow.Threads));
        var highest = row.Max();
        var sum = row.SumExp(highest);
        for (var i = row.ThreadStart; i < row.End; i += SoftmaxRow.Threads) probabilities[i] = SoftmaxRow.Exp(x[i] - highest) / sum;
        if (Group.IdxX == 0) losses[Grid.IdxX] = Logarithm.Log(sum) + (highest - x[row.Start + labels[Grid.IdxX]]);
    }
}

/// <summary>The mean of all losses, by one group.</summary>
internal readonly struct MeanLossKernel(ArrayView<float> losses, int count, ArrayView<float> mean) : IGroupKernel
{
    public static int Threads => 256;

    public void Run()
    {
        var lanes = SharedMemory.Allocate<float>(256);
        var total = new CompensatedSum();
        var i = Group.IdxX;
        while (i < count)
        {
            var part = 0f;
            for (var stop = CompensatedSum.BlockEnd(i, 256, count); i < stop; i += 256) part += losses[i];
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
