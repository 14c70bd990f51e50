using System.Numerics.Tensors;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>What one batch of scores came to.</summary>
/// <param name="BatchSize">How many there were.</param>
/// <param name="Loss">Their mean loss.</param>
/// <param name="Correct">How many scored their label highest; no item with a NaN among its scores.</param>
/// <param name="IsConstantOutput">
/// Whether no item's scores depend on the class, or no class's on the item; to the last bit, and never with a NaN among
/// them.
/// </param>
public readonly record struct BatchMetrics(int BatchSize, float Loss, int Correct, bool IsConstantOutput);

/// <summary>Notes what batches of scores came to, and does not make a GPU wait until somebody reads.</summary>
/// <remarks>
/// On the CPU a note is made at once. On a GPU a kernel writes it into a sheet there, which comes to the host when it is full
/// or when the log is read.
/// </remarks>
public sealed partial class BatchMetricsLog
{
    /// <summary>For so many batches a GPU is not waited for.</summary>
    public const int Capacity = 50;

    private readonly List<BatchMetrics> metrics = [];
    private float[] scoreBuffer = [];

    /// <summary>Notes a batch.</summary>
    /// <param name="scores">[batch, classes]</param>
    /// <param name="loss">A scalar, the batch's mean.</param>
    /// <param name="labels">[batch]</param>
    /// <exception cref="ShapeException">The scores are not [batch, classes], or there is not one label per row.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is outside [0, classes).</exception>
    public void Add(Tensor scores, Tensor loss, Labels labels)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(labels);
        LogitRows.CheckLabels("ScoreLog", scores.Shape, labels.Span);
        if (scores.IsOnCpu)
            metrics.Add(new(labels.Count, loss.Item(), scores.CorrectCount(labels.Span), IsConstantOutput(scores)));
        else AddOnGpu(scores, loss, labels);
    }

    /// <summary>All that was noted since the last call, in order; waits for a GPU.</summary>
    /// <exception cref="DeviceException">
    /// A GPU has failed, and all notes were there: they are lost, and the next call is empty.
    /// </exception>
    public IReadOnlyList<BatchMetrics> Drain()
    {
        try
        {
            FetchFromGpu();
        }
        catch (DeviceException) when (metrics.Count > 0)
        {
            // The device has failed, and throws it at its next use; the notes that came here before are worth having.
        }

        BatchMetrics[] all = [.. metrics];
        metrics.Clear();
        return all;
    }

    private bool IsConstantOutput(Tensor scores)
    {
        if (scoreBuffer.Length < scores.Shape.Size) scoreBuffer = new float[scores.Shape.Size];
        var rows = scoreBuffer.AsSpan(0, scores.Shape.Size);
        scores.CopyTo(rows);
        if (!rows.IsEmpty && float.IsNaN(TensorPrimitives.Max<float>(rows))) return false;     // it differs from all

        var (items, classes) = scores.Shape;
        var (overClasses, overItems) = (classes > 1, items > 1);       // one class alone cannot differ
        for (var i = 0; i < items && (overClasses || overItems); i++)
        {
            var row = rows.Slice(i * classes, classes);
            overClasses &= !row.ContainsAnyExcept(row[0]);
            overItems &= row.SequenceEqual(rows[..classes]);
        }

        return overClasses || overItems;
    }
}
