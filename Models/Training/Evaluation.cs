using PyNetSharp.Data;
using PyNetSharp.Layers;

namespace PyNetSharp.Training;

/// <summary>
/// The loss of a model on a data set; where each item has one label, also accuracy and confusion matrix.
/// </summary>
public sealed class Evaluation
{
    private const int MinConstantItems = 100;       // of fewer a score may be zero by chance

    private readonly int[,] confusion;
    private readonly int[] unclassified;        // per class, the items with a NaN among their scores

    private Evaluation(double loss, int count, int[,] confusion, int[] unclassified, float[] logits)
    {
        (Loss, Count, this.confusion, this.unclassified, Logits) = (loss, count, confusion, unclassified, logits);
        for (var truth = 0; truth < Classes; truth++)
        {
            Correct += confusion[truth, truth];
            NanCount += unclassified[truth];
        }
    }

    /// <summary>The mean of the batches' losses, weighted by their items.</summary>
    public double Loss { get; }

    /// <summary>The number of items.</summary>
    public int Count { get; }

    /// <summary>The items classified correctly; of equal scores, the first counts.</summary>
    public int Correct { get; }

    /// <summary>The items with a NaN among their scores: they are predicted as no class, and never correct.</summary>
    public int NanCount { get; }

    /// <summary>
    /// The classes of which there are items and whose score is, bit for bit, the same for all items, as where the ReLU
    /// behind it is dead. None where the set has fewer than 100 items, or items have masks or values.
    /// </summary>
    public IReadOnlyList<int> ConstantClasses => field ??= Count < MinConstantItems
        ? []
        : [.. Enumerable.Range(0, Classes).Where(k => ClassCount(k) > 0 && IsConstant(k))];

    /// <summary>The share classified correctly, 0 to 1; null where items have masks or values.</summary>
    public double? Accuracy => Classes > 0 ? (double)Correct / Count : null;

    /// <summary>The number of classes; 0 where items have masks or values.</summary>
    public int Classes => confusion.GetLength(0);

    /// <summary>
    /// The scores in the loader's order, <see cref="Count"/>×<see cref="Classes"/>, row after row; none where items
    /// have masks or values.
    /// </summary>
    public ReadOnlyMemory<float> Logits { get; }

    /// <summary>
    /// The items of class <paramref name="truth"/> that were predicted as <paramref name="predicted"/>; those of
    /// <see cref="NanCount"/> are in no column.
    /// </summary>
    public int this[int truth, int predicted] => confusion[truth, predicted];

    /// <summary>The number of items of a class.</summary>
    public int ClassCount(int truth) =>
        unclassified[truth] + Enumerable.Range(0, Classes).Sum(predicted => confusion[truth, predicted]);

    /// <summary>The share of a class classified correctly, 0 to 1; null if the set has no item of it.</summary>
    public double? ClassAccuracy(int truth) =>
        ClassCount(truth) is > 0 and var count ? (double)confusion[truth, truth] / count : null;

    /// <summary>Runs all items through the model, without a graph and in evaluation mode.</summary>
    /// <param name="model">
    /// Outputs [N, classes] where each item has one label, otherwise what the loss takes. Afterwards each of its
    /// modules is in the mode that it was in.
    /// </param>
    /// <param name="data">The items; <c>shuffle: false</c> if the order of <see cref="Logits"/> matters.</param>
    /// <param name="loss">The loss to measure; null for cross-entropy against labels.</param>
    /// <param name="progress">Reports the items done: 0 at first, then after each batch.</param>
    /// <param name="cancellation">Stops the evaluation.</param>
    /// <exception cref="ShapeException">The model cannot take the items, or does not output scores.</exception>
    /// <exception cref="ArgumentException">The items have values, and no loss was given.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public static Evaluation Run(
        Module model, DataLoader data, ILoss? loss = null, IProgress<int>? progress = null,
        CancellationToken cancellation = default) => Run(model, data, loss, progress, group: null, cancellation);

    /// <summary>As the other form, divided among processes: each has the same result, to the last bit.</summary>
    /// <param name="model">The same in all processes.</param>
    /// <param name="data">The same in all processes.</param>
    /// <param name="loss">The loss to measure; null for cross-entropy against labels.</param>
    /// <param name="progress">Reports the items done, in proportion to those of this process.</param>
    /// <param name="group">The processes; null for one.</param>
    /// <param name="cancellation">Stops the evaluation in all processes.</param>
    internal static Evaluation Run(
        Module model, DataLoader data, ILoss? loss, IProgress<int>? progress, IProcessGroup? group,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        loss = TrainingChecks.LossFor(data, loss, "Evaluation");

        using var evaluating = model.Evaluating();
        using var paused = GradMode.NoGrad();
        return Measure(model, data, loss, progress, new(group, data), cancellation);
    }

    private bool IsConstant(int label)
    {
        var scores = Logits.Span;
        for (var i = label; i < scores.Length; i += Classes) if (scores[i] != scores[label]) return false;
        return true;
    }

    private static Evaluation Measure(
        Module model, DataLoader data, ILoss loss, IProgress<int>? progress, EvaluationShare share,
        CancellationToken cancellation)
    {
        var (results, done, isCanceled) = (new EvaluationAccumulator(data, share), 0, false);
        var ((first, end), (firstItem, endItem)) = (share.Batches, share.Items);
        progress?.Report(0);
        foreach (var batch in data.Epoch(0, first).Take(end - first))
        {
            isCanceled = cancellation.IsCancellationRequested;
            if (isCanceled) break;
            var y = model.Forward(batch.X);
            results.Add(y, loss.Forward(y, batch.Target), batch);
            done += batch.Count;
            progress?.Report((int)((long)done * data.Count / (endItem - firstItem)));
        }

        if (share.Max(isCanceled ? 1 : 0) > 0) throw new OperationCanceledException(cancellation);
        var (mean, logits, confusion, unclassified) = results.Compute();
        return new(mean, data.Count, confusion, unclassified, logits);
    }
}
