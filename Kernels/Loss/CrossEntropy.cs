using System.Numerics.Tensors;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The loss of a classifier.</summary>
public static class CrossEntropyExtensions
{
    extension(Tensor logits)
    {
        /// <summary>Softmax cross-entropy against class labels: mean over the batch of log Σⱼ exp(xⱼ) − x[label].</summary>
        /// <param name="labels">[batch] class numbers, each in [0, classes).</param>
        /// <returns>A scalar, in nats. Uniform guessing scores ln(classes). NaN if the batch is empty or a score is NaN.</returns>
        /// <exception cref="ShapeException">The logits are not [batch, classes], or there is not one label per row.</exception>
        /// <exception cref="ArgumentOutOfRangeException">A label is outside [0, classes).</exception>
        /// <remarks>
        /// Each row's maximum is subtracted before exponentiating, so no finite logit overflows. The gradient is
        /// (softmax − one-hot) / batch; what is kept for it is the softmax, not the logits.
        /// </remarks>
        /// <seealso href="https://www.deeplearningbook.org/contents/mlp.html">Goodfellow, Bengio and Courville, 2016, §6.2.2.3</seealso>
        public Tensor CrossEntropy(params ReadOnlySpan<int> labels) => logits.CrossEntropy(new Labels(labels));

        /// <inheritdoc cref="CrossEntropy(Tensor, ReadOnlySpan{int})"/>
        public Tensor CrossEntropy(Labels labels) => new CrossEntropyOp(labels).Apply(logits);
    }
}

internal sealed partial class CrossEntropyOp(Labels labels) : Op
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

    private void ForwardOnCpu(Tensor logits, Tensor y)
    {
        var losses = new double[labels.Count];
        LogitRows.ForEach(logits, (i, start, n) =>
        {
            var row = logits.Span.Slice(start, n);
            var log = SoftmaxOp.ForwardRow(row, probabilities.Span.Slice(start, n));
            losses[i] = log + TensorPrimitives.Max<float>(row) - row[labels[i]];
        });
        y.Span[0] = (float)(losses.Sum() / losses.Length);
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        if (!dy.IsOnCpu)
        {
            BackwardOnGpu(dy);
            return [probabilities];
        }

        var scale = dy.Span[0] / labels.Count;
        LogitRows.ForEach(probabilities, (i, start, n) =>
        {
            var row = probabilities.Span.Slice(start, n);
            row[labels[i]] -= 1;
            TensorPrimitives.Multiply(row, scale, row);
        });
        return [probabilities];
    }
}
