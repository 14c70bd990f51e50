using System.Globalization;

namespace PyNetSharp.Data;

/// <summary>Items and targets that are tensors in memory, as PyTorch's class of this name.</summary>
/// <remarks>The tensors are copied when the set is created, so they may be changed afterwards.</remarks>
public sealed class TensorDataset : Dataset
{
    private readonly float[] items, values = [];
    private readonly int[] mask = [];

    /// <summary>Items with values: regression, or probabilities of classes.</summary>
    /// <param name="x">[N, …]: [N, c, h, w] for images. On any device.</param>
    /// <param name="targets">[N, …], whose first extent is x's. On any device.</param>
    /// <param name="name">The name of the set in errors and reports.</param>
    /// <exception cref="ShapeException">A tensor is a scalar, or the first extents differ.</exception>
    public TensorDataset(Tensor x, Tensor targets, string name = "tensors")
        : base(name, ItemShapeOf(x), ItemShapeOf(targets), x.Shape[0])
    {
        CheckCounts(x.Shape, targets.Shape);
        (items, values) = (x.ToArray(), targets.ToArray());
    }

    /// <summary>Items with class labels.</summary>
    /// <param name="x">[N, …]: [N, c, h, w] for images. On any device.</param>
    /// <param name="labels">[N], each 0 or more.</param>
    /// <param name="classNames">The name of each class; null for the numbers up to the highest label.</param>
    /// <param name="name">The name of the set in errors and reports.</param>
    /// <exception cref="ShapeException">x is a scalar, or there is not one label per item.</exception>
    /// <exception cref="ArgumentException">A label is outside [0, classes).</exception>
    public TensorDataset(
        Tensor x, ReadOnlySpan<int> labels, IReadOnlyList<string>? classNames = null, string name = "tensors")
        : base(name, classNames ?? Numbers(labels), ItemShapeOf(x), labels.ToArray())
    {
        CheckCounts(x.Shape, [labels.Length]);
        items = x.ToArray();
    }

    /// <summary>Items with masks.</summary>
    /// <param name="x">[N, c, h, w]; on any device.</param>
    /// <param name="masks">[N, h, w]</param>
    /// <param name="classNames">
    /// The name of each class; null for the numbers up to the highest label, so give them where some are ignored.
    /// </param>
    /// <param name="name">The name of the set in errors and reports.</param>
    /// <exception cref="ShapeException">x is a scalar, or there is not one mask per item.</exception>
    /// <exception cref="ArgumentException">The masks are single labels, which another constructor takes.</exception>
    public TensorDataset(Tensor x, Labels masks, IReadOnlyList<string>? classNames = null, string name = "tensors")
        : base(name, ItemShapeOf(x), ItemShapeOf(masks), x.Shape[0], classNames ?? Numbers(masks.Span))
    {
        CheckCounts(x.Shape, masks.Shape);
        (items, mask) = (x.ToArray(), masks.Span.ToArray());
    }

    /// <inheritdoc/>
    protected override void ReadItem(int index, Span<float> item) => Slice(items, index, item.Length).CopyTo(item);

    /// <inheritdoc/>
    protected override void ReadMask(int index, Span<int> mask) =>
        this.mask.AsSpan(index * mask.Length, mask.Length).CopyTo(mask);

    /// <inheritdoc/>
    protected override void ReadValues(int index, Span<float> values) =>
        Slice(this.values, index, values.Length).CopyTo(values);

    private static ReadOnlySpan<float> Slice(float[] all, int index, int length) => all.AsSpan(index * length, length);

    private static string[] Numbers(ReadOnlySpan<int> labels)
    {
        var highest = -1;
        foreach (var label in labels) highest = Math.Max(highest, label);
        return [.. Enumerable.Range(0, highest + 1).Select(k => k.ToString(CultureInfo.InvariantCulture))];
    }

    private static Shape ItemShapeOf(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank == 0) throw new ShapeException($"TensorDataset: {x.Shape} has no first axis for the items.");
        return [.. x.Shape.AsSpan()[1..]];
    }

    private static Shape ItemShapeOf(Labels labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return [.. labels.Shape.AsSpan()[1..]];
    }

    private static void CheckCounts(Shape x, Shape targets)
    {
        if (x[0] != targets[0])
            throw new ShapeException($"TensorDataset: {x[0]} items {x} and {targets[0]} targets {targets}.");
    }
}
