using PyNetSharp.Data;

namespace PyNetSharp.Training;

/// <summary>
/// The loss and the scores of a batch's shards, as numbers that processes add: a shard's are 0 where it was not
/// computed, and every process has the same metrics of the whole batch.
/// </summary>
/// <param name="plan">The shards.</param>
/// <param name="hasLabelPerItem">Whether items have labels; otherwise the loss is all that is measured.</param>
internal sealed class ShardMetrics(ShardPlan plan, bool hasLabelPerItem)
{
    private const int Loss = 0, Correct = 1, ConstantOverClasses = 2, ConstantOverItems = 3, FirstRow = 4;
    private const int FirstRowParts = 4;                        // a hash of 64 bits
    private const int Columns = FirstRow + FirstRowParts;

    private float[] scores = [];

    /// <summary>How many numbers there are.</summary>
    public int Length => plan.Shards * Columns;

    /// <summary>Writes the metrics of a shard, which must have items.</summary>
    /// <param name="values">The numbers of all shards.</param>
    /// <param name="shard">From 0.</param>
    /// <param name="y">The model's outputs: [N, classes], if items have labels.</param>
    /// <param name="loss">A scalar, the shard's mean.</param>
    /// <param name="batch">The shard's items.</param>
    /// <exception cref="ShapeException">The scores or the loss have another shape.</exception>
    public void Write(Span<float> values, int shard, Tensor y, Tensor loss, Batch batch)
    {
        var row = values.Slice(shard * Columns, Columns);
        row[Loss] = loss.Item();
        if (!hasLabelPerItem) return;
        row[Correct] = y.CorrectCount(batch.DominantLabels!.Span);
        if (scores.Length < y.Shape.Size) scores = new float[y.Shape.Size];
        var rows = scores.AsSpan(0, y.Shape.Size);
        y.CopyTo(rows);
        WriteConstancy(rows, y.Shape[1], row);
    }

    /// <summary>The metrics of the whole batch, from the numbers of all its shards.</summary>
    /// <param name="values">The numbers, added over the processes.</param>
    /// <param name="items">The items of the batch.</param>
    public BatchMetrics Read(ReadOnlySpan<float> values, int items)
    {
        var (lossSum, correct, first) = (0.0, 0, plan.FirstWithItems(items));
        var (overClasses, overItems) = (true, items > 1);
        var firstRow = values.Slice(first * Columns + FirstRow, FirstRowParts);
        for (var shard = 0; shard < plan.Shards; shard++)
        {
            var (start, end) = plan.ItemsOf(shard, items);
            if (end == start) continue;
            var row = values.Slice(shard * Columns, Columns);
            lossSum += (double)row[Loss] * (end - start);
            correct += (int)row[Correct];
            overClasses &= row[ConstantOverClasses] > 0;
            overItems &= row[ConstantOverItems] > 0 && row[FirstRow..].SequenceEqual(firstRow);
        }

        var mean = (float)(lossSum / items);
        return hasLabelPerItem
            ? new(items, mean, correct, overClasses || overItems)
            : new(items, mean, null, IsConstantOutput: false);
    }

    /// <summary>As <see cref="BatchMetrics.IsConstantOutput"/>, of one shard, whose rows others must equal.</summary>
    private static void WriteConstancy(ReadOnlySpan<float> scores, int classes, Span<float> row)
    {
        var (overClasses, overItems) = (classes > 1, true);
        var first = scores[..classes];
        for (; !scores.IsEmpty; scores = scores[classes..])
        {
            var item = scores[..classes];
            foreach (var score in item) if (float.IsNaN(score)) return;
            overClasses &= !item.ContainsAnyExcept(item[0]);
            overItems &= item.SequenceEqual(first);
        }

        row[ConstantOverClasses] = overClasses ? 1 : 0;
        row[ConstantOverItems] = overItems ? 1 : 0;
        var hash = Hash(first);
        for (var i = 0; i < FirstRowParts; i++) row[FirstRow + i] = (ushort)(hash >> (16 * i));    // exact as a float
    }

    /// <summary>FNV-1a of the numbers' bits, with −0 as 0.</summary>
    private static ulong Hash(ReadOnlySpan<float> values)
    {
        var hash = 14695981039346656037;
        foreach (var value in values)
            hash = (hash ^ BitConverter.SingleToUInt32Bits(value + 0f)) * 1099511628211;
        return hash;
    }
}
