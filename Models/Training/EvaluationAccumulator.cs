using System.Numerics.Tensors;

namespace PyNetSharp.Training;

/// <summary>What an evaluation's batches came to. A GPU's results are read at the end, so that no batch waits for another.</summary>
/// <param name="count">Items in all.</param>
internal sealed class EvaluationAccumulator(int count)
{
    private readonly List<(Tensor Scores, Tensor Loss, int Items)> pending = [];
    private readonly int[] labels = new int[count];
    private int addedCount, readCount, classes;
    private double loss;
    private float[] scores = [];

    /// <summary>Takes a batch's results over.</summary>
    /// <exception cref="ShapeException">The scores are not [batch, classes], or a label has no class.</exception>
    public void Add(Tensor y, Tensor value, Labels labels)
    {
        if (y.Rank != 2 || y.Shape[0] != labels.Count || (addedCount > 0 && y.Shape[1] != classes))
            throw new ShapeException($"Evaluation: the model gives {y.Shape} for {labels.Count} items; expected [batch, classes].");
        if (labels.Span.ContainsAnyExceptInRange(0, y.Shape[1] - 1))
            throw new ShapeException($"Evaluation: the model gives scores {y.Shape}, but there are labels up to {labels.Max()}.");
        if (scores.Length == 0) (classes, scores) = (y.Shape[1], new float[count * y.Shape[1]]);
        labels.Span.CopyTo(this.labels.AsSpan(addedCount));
        addedCount += labels.Count;

        pending.Add((y, value, labels.Count));
        if (y.Device is CpuDevice) ReadPending();
    }

    /// <summary>
    /// The mean loss, the scores in order, how many items of each class were taken for each, and how many for none,
    /// because there is a NaN among their scores.
    /// </summary>
    public (double Loss, float[] Scores, int[,] Confusion, int[] Unclassified) Compute()
    {
        ReadPending();
        var (confusion, unclassified) = (new int[classes, classes], new int[classes]);
        for (var i = 0; i < count; i++)
        {
            var row = scores.AsSpan(i * classes, classes);
            var highest = TensorPrimitives.Max<float>(row);         // NaN if there is one
            if (float.IsNaN(highest)) unclassified[labels[i]]++;
            else confusion[labels[i], row.IndexOf(highest)]++;
        }

        return (loss / count, scores, confusion, unclassified);
    }

    private void ReadPending()
    {
        foreach (var (y, value, items) in pending)
        {
            loss += (double)value.Item() * items;
            y.CopyTo(scores.AsSpan(readCount * classes, items * classes));
            readCount += items;
            value.Release();
            y.Release();
        }

        pending.Clear();
    }
}
