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
        /// <param name="labels">[N] class numbers, each in [0, classes).</param>
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

        /// <inheritdoc cref="CrossEntropy(Tensor, ReadOnlySpan{int})"/>
        public Tensor CrossEntropy(Labels labels) => new CrossEntropyOp(labels).Apply(logits);
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
        logits.Gpu.LaunchGroups(new(1, 1, 1), new MeanLossKernel(losses.Tensor.View, labels.Count, y.View));
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

/// <summary>The mean of all losses, by one group of threads.</summary>
internal readonly struct MeanLossKernel(ArrayView<float> losses, int count, ArrayView<float> mean) : IGroupKernel
{
    public static int Threads => 256;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(256);
        var total = new CompensatedSum();
        var i = Group.IdxX;
        while (i < count)
        {
            var partial = 0f;
            for (var stop = CompensatedSum.BlockEnd(i, 256, count); i < stop; i += 256) partial += losses[i];
            total.Add(partial);
        }

        var sum = GroupReduction.Sum(shared, total.Total);
        if (Group.IdxX == 0) mean[0] = sum / count;
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
