using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>The GPU half of <see cref="WeightedCrossEntropyOp"/>.</summary>
internal sealed class WeightedCrossEntropyGpu(ClassTargets targets, float labelSmoothing, LossReduction reduction)
{
    private Tensor divisor = null!;     // [1]: the sum of the rows' weights, or 1
    private Tensor scales = null!;      // [rows]: the softmax's factor in the gradient; 0 of ignored rows

    /// <summary>What <see cref="Backward"/> reads beside the probabilities.</summary>
    public Tensor[] ForBackward => [divisor, scales];

    public void Release()
    {
        foreach (var tensor in ForBackward) tensor.Release();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Forward(Tensor logits, Tensor probabilities, Tensor y)
    {
        var (rows, classes) = (targets.Count, logits.Shape[1]);
        (divisor, scales) = (new([1], logits.Device), new([rows], logits.Device));
        using var losses = new TemporaryTensor(
            reduction == LossReduction.None ? y : new([rows], logits.Device), borrowed: y);
        using var weights = new TemporaryTensor([rows], logits.Device);
        logits.Gpu.LaunchGroups(new(rows, 1, 1), new WeightedCrossEntropyKernel(
            logits.View, classes, targets.View(logits.Device, logits.View), labelSmoothing,
            probabilities.View, losses.Tensor.View, weights.Tensor.View, scales.View));
        RowLosses.Reduce(losses, weights, reduction, divisor, y);
    }

    /// <remarks>The kernel reads <paramref name="dy"/> on the device, so the host does not wait for it.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Backward(Tensor dy, Tensor probabilities) =>
        dy.Gpu.LaunchItems(probabilities.Shape.Size, new WeightedCrossEntropyGradientKernel(
            new(dy.View, reduction == LossReduction.None ? 1 : 0, divisor.View),
            targets.View(dy.Device, dy.View), scales.View, labelSmoothing, probabilities.Shape[1],
            probabilities.View));
}

/// <summary>Sums and means of the rows' losses on a GPU.</summary>
internal static class RowLosses
{
    /// <param name="losses">[rows]; y itself for <see cref="LossReduction.None"/>.</param>
    /// <param name="weights">[rows]</param>
    /// <param name="reduction">How.</param>
    /// <param name="divisor">[1]: what the gradient is divided by.</param>
    /// <param name="y">The result.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Reduce(Tensor losses, Tensor weights, LossReduction reduction, Tensor divisor, Tensor y)
    {
        if (reduction != LossReduction.Mean) divisor.Device.Fill(divisor.Storage, 1, 1);
        if (reduction == LossReduction.None) return;
        if (reduction == LossReduction.Mean) Reduction.Run(weights, [true], divisor);
        using var sum = new TemporaryTensor([1], y.Device);
        Reduction.Run(losses, [true], sum);
        y.Gpu.LaunchItems(1, new QuotientKernel(sum.Tensor.View, divisor.View, y.View));
    }
}

/// <summary>y = a / b</summary>
internal readonly struct QuotientKernel(ArrayView<float> a, ArrayView<float> b, ArrayView<float> y) : IItemKernel
{
    public void Run(int i) => y[i] = a[i] / b[i];
}

/// <summary>The gradient of each row's loss: a scalar's share (stride 0), or its own (stride 1).</summary>
internal readonly struct RowGradient(ArrayView<float> dy, int stride, ArrayView<float> divisor)
{
    public float Of(int row) => dy[row * stride] / divisor[0];
}

/// <summary>The softmax, the loss and the weight of each row, one group of threads per row.</summary>
internal readonly struct WeightedCrossEntropyKernel(
    ArrayView<float> x, int classes, ClassTargetsView targets, float labelSmoothing, ArrayView<float> probabilities,
    ArrayView<float> losses, ArrayView<float> weights, ArrayView<float> scales) : IGroupKernel
{
    public static int Threads => SoftmaxRow.Threads;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(SoftmaxRow.Threads);
        var row = new SoftmaxRow(x, classes, shared);
        var max = row.Max();
        var sum = row.SumExp(max);
        for (var i = row.ThreadStart; i < row.End; i += SoftmaxRow.Threads)
            probabilities[i] = SoftmaxRow.Exp(x[i] - max) / sum;

        var logSum = Logarithm.Log(sum);
        CompensatedSum all = new(), classWeights = new();
        var index = labelSmoothing > 0 ? row.ThreadStart : row.End;
        while (index < row.End)
        {
            float partial = 0, partialWeight = 0;
            for (var stop = row.BlockEnd(index); index < stop; index += SoftmaxRow.Threads)
            {
                var w = targets.ClassWeight(index - row.Start);
                partial += w * (logSum + (max - x[index]));
                partialWeight += w;
            }

            all.Add(partial);
            classWeights.Add(partialWeight);
        }

        float smooth = GroupReduction.Sum(shared, all.Total) * (labelSmoothing / classes);
        var smoothScale = GroupReduction.Sum(shared, classWeights.Total) * (labelSmoothing / classes);
        if (Group.IdxX != 0) return;

        var label = targets.LabelOf(Grid.IdxX);
        var weight = targets.WeightOf(label);
        var hard = (1 - labelSmoothing) * weight;
        var loss = 0f;
        if (label >= 0) loss = hard * (logSum + (max - x[row.Start + label])) + smooth;
        losses[Grid.IdxX] = loss;
        weights[Grid.IdxX] = weight;
        scales[Grid.IdxX] = label >= 0 ? hard + smoothScale : 0;
    }
}

/// <summary>p = g·(p·scale − (1 − ε)·w[label]·one-hot − ε/classes·w), 0 in ignored rows.</summary>
internal readonly struct WeightedCrossEntropyGradientKernel(
    RowGradient dy, ClassTargetsView targets, ArrayView<float> scales, float labelSmoothing, int classes,
    ArrayView<float> p) : IItemKernel
{
    public void Run(int i)
    {
        int row = i / classes, c = i - row * classes, label = targets.LabelOf(row);
        var gradient = 0f;
        if (label >= 0)
        {
            gradient = p[i] * scales[row] - labelSmoothing / classes * targets.ClassWeight(c);
            if (c == label) gradient -= (1 - labelSmoothing) * targets.WeightOf(label);
            gradient *= dy.Of(row);
        }

        p[i] = gradient;
    }
}
