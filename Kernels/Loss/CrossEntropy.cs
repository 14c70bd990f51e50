using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp;

/// <summary>The loss of a classifier.</summary>
public static class CrossEntropyExtensions
{
    extension(Tensor logits)
    {
        /// <summary>
        /// Softmax cross-entropy against class labels: mean over the batch of log Σⱼ exp(xⱼ) − x[label].
        /// </summary>
        /// <param name="labels">[N] class numbers, each in [0, classes); −100 for an item that does not count.</param>
        /// <returns>
        /// A scalar, in nats. Uniform guessing scores ln(classes). NaN if the batch is empty or a logit is NaN.
        /// </returns>
        /// <exception cref="ShapeException">
        /// The logits are not [N, classes], or there is not one label per row.
        /// </exception>
        /// <exception cref="ArgumentOutOfRangeException">A label is outside [0, classes).</exception>
        /// <remarks>
        /// Each row's maximum is subtracted before exponentiating, so no finite logit overflows. The gradient is
        /// (softmax − one-hot) / N; the softmax is kept for it, not the logits.
        /// </remarks>
        /// <seealso href="https://www.deeplearningbook.org/contents/mlp.html">
        /// Goodfellow, Bengio and Courville, 2016, §6.2.2.3
        /// </seealso>
        public Tensor CrossEntropy(params ReadOnlySpan<int> labels) => logits.CrossEntropy(new Labels(labels));

        /// <summary>
        /// Softmax cross-entropy against class labels of items or pixels, with PyTorch's options: per row
        /// (1 − ε)·w[label]·(−log p[label]) + ε/classes·Σⱼ w[j]·(−log p[j]), where p is the softmax of the logits.
        /// </summary>
        /// <param name="labels">
        /// Class numbers, each in [0, classes) or <paramref name="ignoreIndex"/>: [N] for logits [N, classes],
        /// [N, H, W] for logits [N, classes, H, W].
        /// </param>
        /// <param name="weight">w: [classes], without a gradient; null for 1.</param>
        /// <param name="ignoreIndex">The label of rows that do not count: their loss and gradient are 0.</param>
        /// <param name="labelSmoothing">ε, in [0, 1].</param>
        /// <param name="reduction">
        /// The mean is the sum divided by that of w[label] over the rows that count; or the sum, or all losses.
        /// </param>
        /// <returns>
        /// In nats: a scalar; a tensor of the labels' shape for <see cref="LossReduction.None"/>. The mean is NaN if no
        /// row counts.
        /// </returns>
        /// <exception cref="ShapeException">
        /// The logits are neither [N, classes] nor [N, classes, H, W], there is not one label per row, or the weights
        /// are not [classes].
        /// </exception>
        /// <exception cref="ArgumentOutOfRangeException">
        /// A label is outside [0, classes), or another argument outside its range.
        /// </exception>
        /// <exception cref="ArgumentException">The weights require a gradient, or are on another device.</exception>
        /// <remarks>
        /// Each row's maximum is subtracted before exponentiating, so no finite logit overflows; the softmax is kept
        /// for the gradient. The losses are added in blocks and in double.
        /// </remarks>
        /// <seealso href="https://arxiv.org/abs/1512.00567">Szegedy et al., 2015, §7 (label smoothing)</seealso>
        public Tensor CrossEntropy(
            Labels labels, Tensor? weight = null, int ignoreIndex = ClassTargets.DefaultIgnoreIndex,
            float labelSmoothing = 0, LossReduction reduction = LossReduction.Mean)
        {
            ArgumentNullException.ThrowIfNull(labels);
            LossOptions.CheckRange("CrossEntropy", nameof(labelSmoothing), labelSmoothing, 0, 1);
            var isPlain = weight is null && labelSmoothing == 0 && reduction == LossReduction.Mean
                && logits.Rank == 2 && !labels.Span.Contains(ignoreIndex);
            return isPlain
                ? new CrossEntropyOp(labels).Apply(logits)
                : new WeightedCrossEntropyOp(new(labels, weight, ignoreIndex), labelSmoothing, reduction).Apply(logits);
        }

        /// <summary>
        /// Softmax cross-entropy against probabilities, as mixup and distillation have them: per row
        /// −Σⱼ w[j]·q[j]·log p[j], where p is the softmax of the logits and q = (1 − ε)·target + ε/classes.
        /// </summary>
        /// <param name="target">
        /// Of the logits' shape, [N, classes] or [N, classes, H, W]; over the classes it should sum to 1, which is not
        /// checked. It may require a gradient.
        /// </param>
        /// <param name="weight">w: [classes]; null for 1.</param>
        /// <param name="labelSmoothing">ε, in [0, 1].</param>
        /// <param name="reduction">The mean over the rows, whatever their weights; or the sum, or all losses.</param>
        /// <returns>
        /// In nats: a scalar; [N] or [N, H, W] for <see cref="LossReduction.None"/>. The mean of no rows is NaN.
        /// </returns>
        /// <exception cref="ShapeException">
        /// The logits are neither [N, classes] nor [N, classes, H, W], the target's shape is another, or the weights
        /// are not [classes].
        /// </exception>
        /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
        /// <remarks>As in PyTorch, a target of 0 at a logit of −∞ makes the loss NaN.</remarks>
        /// <seealso href="https://arxiv.org/abs/1710.09412">Zhang et al., mixup, 2017</seealso>
        public Tensor CrossEntropy(
            Tensor target, Tensor? weight = null, float labelSmoothing = 0,
            LossReduction reduction = LossReduction.Mean) =>
            SoftTargetCrossEntropy.Compute(logits, target, weight, labelSmoothing, reduction);
    }
}

internal sealed class CrossEntropyOp(Labels labels) : Op
{
    private readonly int version = labels.Version;
    private Tensor probabilities = null!;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        LogitRows.CheckLabels(Name, x[0].Shape, labels.Span);
        return [];
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        var logits = x[0];
        probabilities = new(logits.Shape, logits.Device);
        if (y.IsOnCpu) ForwardOnCpu(logits, y);
        else ForwardOnGpu(logits, y);

        if (Needed(0)) Save(probabilities);
        else probabilities.Release();
    }

    private protected override void CheckSavedVersions()
    {
        base.CheckSavedVersions();
        if (labels.Version != version) throw ModifiedError($"a batch of {labels.Count} labels", "overwritten");
    }

    /// <summary>Overwrites the probabilities with the gradient.</summary>
    protected internal override Tensor?[] Backward(Tensor dy)
    {
        if (dy.IsOnCpu) BackwardOnCpu(dy);
        else BackwardOnGpu(dy);
        return [probabilities];
    }

    private void ForwardOnCpu(Tensor logits, Tensor y)
    {
        var losses = new double[labels.Count];
        LogitRows.ForEach(logits, (i, start, n) =>
        {
            var row = logits.Span.Slice(start, n);
            var logSum = SoftmaxOp.ForwardRow(row, probabilities.Span.Slice(start, n));
            losses[i] = logSum + TensorPrimitives.Max<float>(row) - row[labels[i]];
        });
        y.Span[0] = (float)(losses.Sum() / losses.Length);
    }

    private void BackwardOnCpu(Tensor dy)
    {
        var scale = dy.Span[0] / labels.Count;
        LogitRows.ForEach(probabilities, (i, start, n) =>
        {
            var row = probabilities.Span.Slice(start, n);
            row[labels[i]] -= 1;
            TensorPrimitives.Multiply(row, scale, row);
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ForwardOnGpu(Tensor logits, Tensor y)
    {
        using var losses = new TemporaryTensor([labels.Count], logits.Device);
        logits.Gpu.LaunchGroups(new(labels.Count, 1, 1), new CrossEntropyKernel(
            logits.View, logits.Shape[1], labels.ViewOn(logits.Device), probabilities.View, losses.Tensor.View));
        logits.Gpu.LaunchGroups(new(1, 1, 1), new LossSumKernel(
            losses.Tensor.View, labels.Count, labels.Count, y.View));
    }

    /// <remarks>The kernel reads <paramref name="dy"/> on the device, so the host does not wait for it.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BackwardOnGpu(Tensor dy) =>
        dy.Gpu.LaunchItems(probabilities.Shape.Size, new CrossEntropyGradientKernel(
            dy.View, labels.ViewOn(dy.Device), labels.Count, probabilities.Shape[1], probabilities.View));
}

/// <summary>The softmax and the loss of each row, one group of threads per row.</summary>
internal readonly struct CrossEntropyKernel(
    ArrayView<float> x, int classes, ArrayView<int> labels, ArrayView<float> probabilities,
    ArrayView<float> losses) : IGroupKernel
{
    public static int Threads => SoftmaxRow.Threads;

    public void Run()
    {
        var row = new SoftmaxRow(x, classes, SharedMemory.Allocate<float>(SoftmaxRow.Threads));
        var max = row.Max();
        var sum = row.SumExp(max);
        for (var i = row.ThreadStart; i < row.End; i += SoftmaxRow.Threads)
            probabilities[i] = SoftmaxRow.Exp(x[i] - max) / sum;
        if (Group.IdxX == 0)
            losses[Grid.IdxX] = Logarithm.Log(sum) + (max - x[row.Start + labels[Grid.IdxX]]);
    }
}

/// <summary>p = (p − one-hot of the label)·dy / batch</summary>
internal readonly struct CrossEntropyGradientKernel(
    ArrayView<float> dy, ArrayView<int> labels, int batch, int classes, ArrayView<float> p) : IItemKernel
{
    public void Run(int i)
    {
        int row = i / classes, c = i - row * classes;
        p[i] = (c == labels[row] ? p[i] - 1 : p[i]) * (dy[0] / batch);
    }
}
