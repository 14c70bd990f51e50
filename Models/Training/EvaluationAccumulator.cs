using System.Numerics.Tensors;
using PyNetSharp.Data;

namespace PyNetSharp.Training;

/// <summary>
/// Collects the results of an evaluation's batches. A GPU's results are read at the end, so that no batch waits for
/// another.
/// </summary>
/// <param name="data">The batches; whether each item has one label, or the loss is all that is measured.</param>
/// <param name="share">Which of them are added here.</param>
internal sealed class EvaluationAccumulator(DataLoader data, EvaluationShare share)
{
    private readonly int count = data.Count;
    private readonly bool hasLabelPerItem = data.HasLabelPerItem;
    private readonly List<(Tensor Outputs, Tensor Loss, int Items)> pending = [];
    private readonly int[] labels = new int[data.HasLabelPerItem ? data.Count : 0];
    private readonly float[] losses = new float[data.BatchCount];       // of the batches, each a mean
    private int addedCount = share.Items.First, readCount = share.Items.First, readBatches = share.Batches.First;
    private int classes;
    private float[] scores = [];

    /// <summary>Adds a batch, whose tensors it releases.</summary>
    /// <param name="y">The model's outputs: [N, classes], if items have labels.</param>
    /// <param name="loss">A scalar, the batch's mean.</param>
    /// <param name="batch">Its items.</param>
    /// <exception cref="ShapeException">The scores are not [N, classes], or a label has no class.</exception>
    public void Add(Tensor y, Tensor loss, Batch batch)
    {
        if (hasLabelPerItem) AddLabels(y, batch.Labels);
        pending.Add((y, loss, batch.Count));
        if (y.Device is CpuDevice) ReadPending();
    }

    /// <summary>
    /// The mean loss, the scores in order, the confusion matrix, and per class the items with a NaN among their scores.
    /// </summary>
    public (double Loss, float[] Scores, int[,] Confusion, int[] Unclassified) Compute()
    {
        ReadPending();
        GatherResults();
        var (confusion, unclassified) = (new int[classes, classes], new int[classes]);
        for (var i = 0; i < labels.Length; i++)
        {
            var row = scores.AsSpan(i * classes, classes);
            var highest = TensorPrimitives.Max<float>(row);         // NaN if there is one
            if (float.IsNaN(highest)) unclassified[labels[i]]++;
            else confusion[labels[i], row.IndexOf(highest)]++;
        }

        var lossSum = 0.0;
        for (var b = 0; b < losses.Length; b++)
            lossSum += (double)losses[b] * Math.Min(data.BatchSize, count - b * data.BatchSize);
        return (lossSum / count, scores, confusion, unclassified);
    }

    /// <summary>Adds what other processes have measured.</summary>
    private void GatherResults()
    {
        share.GatherBatches<float>(losses);
        if (!hasLabelPerItem) return;
        classes = share.Max(classes);
        if (scores.Length == 0) scores = new float[count * classes];
        share.GatherItems<int>(labels, 1);
        share.GatherItems<float>(scores, classes);
    }

    private void AddLabels(Tensor y, Labels labels)
    {
        if (y.Rank != 2 || y.Shape[0] != labels.Count || (scores.Length > 0 && y.Shape[1] != classes))
            throw new ShapeException(
                $"Evaluation: the model outputs {y.Shape} for {labels.Count} items; expected [batch, classes].");
        if (labels.Span.ContainsAnyExceptInRange(0, y.Shape[1] - 1))
            throw new ShapeException(
                $"Evaluation: the model outputs scores {y.Shape}, but there are labels up to {labels.Max()}.");
        if (scores.Length == 0) (classes, scores) = (y.Shape[1], new float[count * y.Shape[1]]);
        labels.Span.CopyTo(this.labels.AsSpan(addedCount));
        addedCount += labels.Count;
    }

    private void ReadPending()
    {
        foreach (var (y, loss, items) in pending)
        {
            losses[readBatches++] = loss.Item();
            if (hasLabelPerItem) y.CopyTo(scores.AsSpan(readCount * classes, items * classes));
            readCount += items;
            loss.Release();
            y.Release();
        }

        pending.Clear();
    }
}
