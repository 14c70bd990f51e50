using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The metrics of one batch.</summary>
/// <param name="BatchSize">The number of items.</param>
/// <param name="Loss">Their mean loss.</param>
/// <param name="Correct">
/// How many items have their label's logit as the highest. An item with a NaN among its logits is not correct. Null
/// where items have no labels.
/// </param>
/// <param name="IsConstantOutput">
/// Whether, bit for bit, the logits of each item are the same for all classes, or those of each class the same for all
/// items. False if one of them is NaN, or where items have no labels.
/// </param>
public readonly record struct BatchMetrics(int BatchSize, float Loss, int? Correct, bool IsConstantOutput);

/// <summary>Records the metrics of batches without waiting for a GPU at each of them.</summary>
/// <remarks>
/// On the CPU metrics are computed at once. On a GPU a kernel writes them into a table on the device, which is copied
/// to the host when it is full or when the log is read.
/// </remarks>
public sealed class BatchMetricsLog
{
    /// <summary>The number of batches after which <c>Add</c> waits for a GPU.</summary>
    public const int Capacity = 50;

    private readonly List<BatchMetrics> metrics = [];
    private readonly List<(int Items, int? Classes)> pending = [];      // of each batch in the table on the device
    private Tensor? deviceMetrics;          // [Capacity, BatchMetricsKernel.Columns]
    private float[] logitBuffer = [];

    /// <summary>Records a batch of a classifier.</summary>
    /// <param name="scores">[N, classes]</param>
    /// <param name="loss">A scalar, the mean of the batch.</param>
    /// <param name="labels">[N]</param>
    /// <exception cref="ShapeException">The scores are not [N, classes], or there is not one label per row.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is outside [0, classes).</exception>
    public void Add(Tensor scores, Tensor loss, Labels labels)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(labels);
        LogitRows.CheckLabels("BatchMetricsLog", scores.Shape, labels.Span);
        if (scores.IsOnCpu)
            metrics.Add(new(labels.Count, loss.Item(), scores.CorrectCount(labels.Span), IsConstantOutput(scores)));
        else
            AddOnGpu(scores, loss, labels);
    }

    /// <summary>Records the loss of a batch whose items have no labels: of regression or segmentation.</summary>
    /// <param name="loss">A scalar, the mean of the batch.</param>
    /// <param name="count">The number of items; not negative.</param>
    /// <exception cref="ShapeException">The loss has several elements.</exception>
    public void Add(Tensor loss, int count)
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (loss.Shape.Size != 1) throw new ShapeException($"BatchMetricsLog: the loss {loss.Shape} is not a scalar.");
        if (loss.IsOnCpu) metrics.Add(new(count, loss.Item(), null, false));
        else AddOnGpu(loss, count);
    }

    /// <summary>The metrics of all batches since the last call, in order; waits for a GPU.</summary>
    /// <exception cref="DeviceException">
    /// A GPU has failed, and all metrics were there: they are lost, and the next call returns none.
    /// </exception>
    public IReadOnlyList<BatchMetrics> Drain()
    {
        try
        {
            FetchFromGpu();
        }
        catch (DeviceException) when (metrics.Count > 0)
        {
            // The device throws again at its next use; the metrics that were fetched before are returned.
        }

        BatchMetrics[] all = [.. metrics];
        metrics.Clear();
        return all;
    }

    private bool IsConstantOutput(Tensor logits)
    {
        if (logitBuffer.Length < logits.Shape.Size) logitBuffer = new float[logits.Shape.Size];
        var values = logitBuffer.AsSpan(0, logits.Shape.Size);
        logits.CopyTo(values);
        if (!values.IsEmpty && float.IsNaN(TensorPrimitives.Max<float>(values))) return false;

        var (items, classes) = logits.Shape;
        var (overClasses, overItems) = (classes > 1, items > 1);        // one class or item is not constant
        for (var i = 0; i < items && (overClasses || overItems); i++)
        {
            var row = values.Slice(i * classes, classes);
            overClasses &= !row.ContainsAnyExcept(row[0]);
            overItems &= row.SequenceEqual(values[..classes]);
        }

        return overClasses || overItems;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddOnGpu(Tensor logits, Tensor loss, Labels labels)
    {
        logits.Gpu.LaunchGroups(new(1, 1, 1), new BatchMetricsKernel(
            logits.View, labels.ViewOn(logits.Device), loss.View, logits.Shape[1], NextRow(logits.Device)));
        pending.Add((labels.Count, logits.Shape[1]));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddOnGpu(Tensor loss, int count)
    {
        loss.Gpu.LaunchItems(1, new LossRecordKernel(loss.View, NextRow(loss.Device)));
        pending.Add((count, null));
    }

    private ArrayView<float> NextRow(Device device)
    {
        if (pending.Count == Capacity || deviceMetrics?.Device != device) FetchFromGpu();
        if (deviceMetrics?.Device != device)
            deviceMetrics = Tensor.Zeros([Capacity, BatchMetricsKernel.Columns], device);
        return deviceMetrics.View.SubView(pending.Count * BatchMetricsKernel.Columns, BatchMetricsKernel.Columns);
    }

    private void FetchFromGpu()
    {
        if (pending.Count == 0) return;
        (int, int?)[] batches = [.. pending];
        pending.Clear();        // before the copy, so that a device that has failed is read once
        var table = deviceMetrics!.ToArray();
        foreach (var (i, (items, classes)) in batches.Index())
        {
            var row = table.AsSpan(i * BatchMetricsKernel.Columns, BatchMetricsKernel.Columns);
            var isConstant = classes is not null && ((classes > 1 && row[2] == 0) || (items > 1 && row[3] == 0));
            metrics.Add(new(items, row[0], classes is null ? null : (int)row[1], isConstant));
        }
    }
}

/// <summary>A row of the table that has the loss only.</summary>
internal readonly struct LossRecordKernel(ArrayView<float> loss, ArrayView<float> metrics) : IItemKernel
{
    public void Run(int i) => metrics[i] = loss[i];
}

/// <summary>
/// A row of the table: the loss, and how many rows of logits are correct, vary over the classes, differ from the first
/// row.
/// </summary>
internal readonly struct BatchMetricsKernel(
    ArrayView<float> logits, ArrayView<int> labels, ArrayView<float> loss, int classes,
    ArrayView<float> metrics) : IGroupKernel
{
    public const int Columns = 4;
    private const int Infinity = 0x7F800000;        // its bits; those of a NaN without its sign are a larger integer

    public static int Threads => 256;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(256);
        var thread = Group.IdxX;
        int correctItems = 0, variedItems = 0, differingItems = 0;
        for (var item = thread; item < labels.IntLength; item += 256)
        {
            int start = item * classes, best = 0, isNan = 0, varies = 0, differs = 0;
            for (var k = 0; k < classes; k++)
            {
                var logit = logits[start + k];
                if (logit > logits[start + best]) best = k;
                if ((BitConverter.SingleToInt32Bits(logit) & int.MaxValue) > Infinity) isNan = 1;
                if (logit != logits[start]) varies = 1;
                if (logit != logits[k]) differs = 1;
            }

            if (best == labels[item] && isNan == 0) correctItems++;
            variedItems += varies | isNan;          // GPUs differ in how they compare with NaN
            differingItems += differs | isNan;
        }

        float correct = GroupReduction.Sum(shared, correctItems);
        float varied = GroupReduction.Sum(shared, variedItems), differing = GroupReduction.Sum(shared, differingItems);
        if (thread != 0) return;
        metrics[0] = loss[0];
        metrics[1] = correct;
        metrics[2] = varied;
        metrics[3] = differing;
    }
}
