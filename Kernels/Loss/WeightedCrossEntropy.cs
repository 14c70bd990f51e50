using System.Numerics.Tensors;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Cross-entropy of rows of logits with class weights, ignored rows and label smoothing.</summary>
internal sealed class WeightedCrossEntropyOp(ClassTargets targets, float labelSmoothing, LossReduction reduction) : Op
{
    private const int BlockRows = 1 << 8;       // whose losses are added by one thread
    private const int GrainSize = 1 << 13;      // floats

    private Tensor probabilities = null!;
    private WeightedCrossEntropyGpu? gpu;
    private double divisor = 1, classWeightSum;

    /// <inheritdoc/>
    public override string Name => "CrossEntropy";

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        LossOptions.Check(Name, reduction);
        targets.Check(Name, x[0]);
        return reduction == LossReduction.None ? targets.Labels.Shape : [];
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        var logits = x[0];
        probabilities = new(logits.Shape, logits.Device);
        if (y.IsOnCpu)
        {
            ForwardOnCpu(logits, y);
        }
        else
        {
            gpu = new(targets, labelSmoothing, reduction);
            gpu.Forward(logits, probabilities, y);
            if (Needed(0))
                foreach (var tensor in gpu.ForBackward) Save(tensor);
            else gpu.Release();
        }

        if (Needed(0)) Save(probabilities);
        else probabilities.Release();
        if (Needed(0) && targets.ClassWeights is { } weight) Save(weight);
    }

    private protected override void CheckSavedVersions()
    {
        base.CheckSavedVersions();
        if (!targets.AreUnchanged) throw ModifiedError($"a batch of {targets.Count} labels", "overwritten");
    }

    /// <summary>Overwrites the probabilities with the gradient.</summary>
    protected internal override Tensor?[] Backward(Tensor dy)
    {
        if (gpu is not null) gpu.Backward(dy, probabilities);
        else BackwardOnCpu(dy);
        return [probabilities];
    }

    private void ForwardOnCpu(Tensor logits, Tensor y)
    {
        var (rows, classes) = (targets.Count, logits.Shape[1]);
        classWeightSum = targets.ClassWeights is { } weight ? Reduction.SumBlocks(weight.Span) : classes;
        var sums = new (double Loss, double Weight)[(rows + BlockRows - 1) / BlockRows];
        var grain = Math.Max(1, GrainSize / (BlockRows * Math.Max(1, classes)));
        logits.Cpu.ForRanges(sums.Length, grain, (first, count) =>
        {
            for (var block = first; block < first + count; block++)
                for (var row = block * BlockRows; row < Math.Min(rows, (block + 1) * BlockRows); row++)
                {
                    var loss = ForwardRow(logits, row, classes);
                    if (reduction == LossReduction.None) y.Span[row] = (float)loss;
                    sums[block].Loss += loss;
                    sums[block].Weight += targets.WeightOf(targets.LabelOf(row));
                }
        });
        if (reduction == LossReduction.None) return;
        if (reduction == LossReduction.Mean) divisor = sums.Sum(sum => sum.Weight);
        y.Span[0] = (float)(sums.Sum(sum => sum.Loss) / divisor);
    }

    /// <returns>The row's loss; its softmax is stored.</returns>
    private double ForwardRow(Tensor logits, int row, int classes)
    {
        ReadOnlySpan<float> x = logits.Span.Slice(row * classes, classes);
        var label = targets.LabelOf(row);
        if (label < 0)
        {
            probabilities.Span.Slice(row * classes, classes).Clear();
            return 0;
        }

        var logSum = SoftmaxOp.ForwardRow(x, probabilities.Span.Slice(row * classes, classes));
        var max = TensorPrimitives.Max(x);
        var loss = targets.WeightOf(label) * (logSum + max - x[label]);
        if (labelSmoothing == 0) return loss;

        var all = 0.0;
        var weights = targets.ClassWeights is { } w ? w.Span : [];
        for (var c = 0; c < classes; c++) all += (weights.IsEmpty ? 1 : weights[c]) * (logSum + max - x[c]);
        return (1 - labelSmoothing) * loss + labelSmoothing / classes * all;
    }

    /// <summary>dx = g·(p·((1 − ε)·w[label] + ε/classes·Σ w) − (1 − ε)·w[label]·one-hot − ε/classes·w)</summary>
    private void BackwardOnCpu(Tensor dy) => LogitRows.ForEach(probabilities, (i, start, n) =>
    {
        var row = probabilities.Span.Slice(start, n);
        var label = targets.LabelOf(i);
        if (label < 0) return;      // zeros already

        var gradient = reduction == LossReduction.None ? dy.Span[i] : dy.Span[0] / divisor;
        var (hard, smooth) = ((1 - labelSmoothing) * targets.WeightOf(label), labelSmoothing / n);
        TensorPrimitives.Multiply(row, (float)(hard + smooth * classWeightSum), row);
        row[label] -= hard;
        if (smooth > 0)
        {
            if (targets.ClassWeights is not { } weight) TensorPrimitives.Subtract(row, smooth, row);
            else TensorPrimitives.MultiplyAdd(weight.Span, -smooth, row, row);
        }

        TensorPrimitives.Multiply(row, (float)gradient, row);
    });
}
