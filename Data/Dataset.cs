using System.Globalization;

namespace PyNetSharp.Data;

/// <summary>
/// Items of one shape, each with a class label, a mask of them, or values: one part, train or test, of a data set.
/// </summary>
/// <remarks>
/// Immutable, so that several threads may read concurrently. A subclass overrides <see cref="ReadItem"/>; one of masks
/// <see cref="ReadMask"/> as well, one of values <see cref="ReadValues"/>.
/// </remarks>
public abstract class Dataset
{
    private readonly int[]? labels;         // of one label per item

    /// <summary>Items with one label each.</summary>
    /// <param name="name">The name of the set in errors and reports: "cifar10 train".</param>
    /// <param name="classNames">The name of each class; label k means <c>classNames[k]</c>.</param>
    /// <param name="itemShape">[c, h, w] for images, [features] otherwise.</param>
    /// <param name="labels">The class of each item. Kept, not copied.</param>
    /// <exception cref="ArgumentException">A label is outside [0, classes).</exception>
    protected Dataset(string name, IReadOnlyList<string> classNames, Shape itemShape, int[] labels)
    {
        for (var i = 0; i < labels.Length; i++)
            if ((uint)labels[i] >= (uint)classNames.Count)
                throw new ArgumentException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{name}: label {labels[i]} of item {i} is outside 0…{classNames.Count - 1}."),
                    nameof(labels));

        (Name, ClassNames, ItemShape, this.labels) = (name, classNames, itemShape, labels);
        (TargetShape, HasLabels, Count) = ([], true, labels.Length);
    }

    /// <summary>Items with masks or values.</summary>
    /// <param name="name">The name of the set in errors and reports.</param>
    /// <param name="itemShape">[c, h, w] for images, [features] otherwise.</param>
    /// <param name="targetShape">Of one item's target: [h, w] of a mask, any shape of values.</param>
    /// <param name="count">The number of items.</param>
    /// <param name="classNames">For masks: the name of each class. Null for values.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    /// <exception cref="ArgumentException">
    /// Class names for a target of shape []: single labels are for the other constructor.
    /// </exception>
    protected Dataset(
        string name, Shape itemShape, Shape targetShape, int count, IReadOnlyList<string>? classNames = null)
    {
        ArgumentNullException.ThrowIfNull(targetShape);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (classNames is not null && targetShape.Rank == 0)
            throw new ArgumentException($"{name}: the labels of a classifier are an array.", nameof(targetShape));
        (Name, ClassNames, ItemShape) = (name, classNames ?? [], itemShape);
        (TargetShape, HasLabels, Count) = (targetShape, classNames is not null, count);
    }

    private Dataset(Dataset whole, string name, int[] items)
    {
        (Name, ClassNames, ItemShape) = (name, whole.ClassNames, whole.ItemShape);
        (TargetShape, HasLabels, Count) = (whole.TargetShape, whole.HasLabels, items.Length);
        if (whole.labels is { } all) labels = [.. items.Select(item => all[item])];
    }

    /// <summary>The name of the set in errors and reports: "cifar10 train".</summary>
    public string Name { get; }

    /// <summary>The name of each class, in the order of the labels; none where the targets are values.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>[c, h, w] for images, [features] otherwise.</summary>
    public Shape ItemShape { get; }

    /// <summary>The shape of one item's target: [] of a label, [h, w] of a mask.</summary>
    public Shape TargetShape { get; }

    /// <summary>Whether the targets are class numbers: labels or masks; otherwise they are values.</summary>
    public bool HasLabels { get; }

    /// <summary>Whether each item has one label.</summary>
    public bool HasLabelPerItem => labels is not null;

    /// <summary>The number of items.</summary>
    public int Count { get; }

    /// <summary>The class of each item, in [0, classes).</summary>
    /// <exception cref="InvalidOperationException">The targets are masks or values.</exception>
    public ReadOnlySpan<int> Labels => labels
        ?? throw new InvalidOperationException(
            $"{Name}: an item has {(HasLabels ? "a mask" : "values")} of shape {TargetShape}, not one label.");

    /// <summary>Writes one item's values, images in c, h, w order and scaled to [0, 1].</summary>
    /// <param name="index">In [0, <see cref="Count"/>).</param>
    /// <param name="item">As long as <see cref="ItemShape"/> has elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    /// <exception cref="ArgumentException"><paramref name="item"/> has another length.</exception>
    public void Read(int index, Span<float> item)
    {
        Check(index, ItemShape, item.Length, "an item", nameof(item));
        ReadItem(index, item);
    }

    /// <summary>Writes the label of one item, or the classes of its mask's pixels.</summary>
    /// <param name="index">In [0, <see cref="Count"/>).</param>
    /// <param name="target">As long as <see cref="TargetShape"/> has elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    /// <exception cref="ArgumentException"><paramref name="target"/> has another length.</exception>
    /// <exception cref="InvalidOperationException">The targets are values.</exception>
    public void ReadTarget(int index, Span<int> target)
    {
        if (!HasLabels) throw new InvalidOperationException($"{Name}: the targets are values, not class labels.");
        Check(index, TargetShape, target.Length, "a target", nameof(target));
        if (labels is not null) target[0] = labels[index];
        else ReadMask(index, target);
    }

    /// <summary>Writes the values that a model should output for one item.</summary>
    /// <param name="index">In [0, <see cref="Count"/>).</param>
    /// <param name="target">As long as <see cref="TargetShape"/> has elements; images in c, h, w order.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    /// <exception cref="ArgumentException"><paramref name="target"/> has another length.</exception>
    /// <exception cref="InvalidOperationException">The targets are labels or masks.</exception>
    public void ReadTarget(int index, Span<float> target)
    {
        if (HasLabels) throw new InvalidOperationException($"{Name}: the targets are class labels, not values.");
        Check(index, TargetShape, target.Length, "a target", nameof(target));
        ReadValues(index, target);
    }

    /// <summary>The first items in file order, sharing this set's storage.</summary>
    /// <param name="count">How many; all, if there are fewer.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is not positive.</exception>
    public Dataset Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return count >= Count ? this : new Subset(this, Name, [.. Enumerable.Range(0, count)]);
    }

    /// <summary>Divides the set at random into two, as to hold items out of training for validation.</summary>
    /// <param name="heldOut">The items of the second part, at least 1 and fewer than all.</param>
    /// <param name="seed">Which items they are. The same seed gives the same parts.</param>
    /// <returns>
    /// Both parts, in the set's order, sharing its storage. Where items have labels, each class has its share of both,
    /// to within an item.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">A part would be empty.</exception>
    public (Dataset Kept, Dataset HeldOut) RandomSplit(int heldOut, ulong seed)
    {
        if (heldOut < 1 || heldOut >= Count)
            throw new ArgumentOutOfRangeException(
                nameof(heldOut), heldOut.ToString(CultureInfo.InvariantCulture),
                string.Create(CultureInfo.InvariantCulture, $"{Name}: from 1 to {Count - 1} items can be held out."));
        var isHeldOut = StratifiedDraw.Draw(labels ?? new int[Count], heldOut, new(seed));
        int[] all = [.. Enumerable.Range(0, Count)];
        return (
            new Subset(this, Name, [.. all.Where(item => !isHeldOut[item])]),
            new Subset(this, $"{Name}, held out", [.. all.Where(item => isHeldOut[item])]));
    }

    /// <summary>Called by a loader with the items that it reads next: to decode several at once.</summary>
    /// <param name="indices">Each in [0, <see cref="Count"/>).</param>
    protected internal virtual void Prefetch(ReadOnlySpan<int> indices)
    {
    }

    /// <summary>Writes one item's values; the arguments have been checked.</summary>
    /// <param name="index">In [0, <see cref="Count"/>).</param>
    /// <param name="item">As long as <see cref="ItemShape"/> has elements.</param>
    protected abstract void ReadItem(int index, Span<float> item);

    /// <summary>Writes the classes of one mask's pixels; the arguments have been checked.</summary>
    /// <param name="index">In [0, <see cref="Count"/>).</param>
    /// <param name="mask">As long as <see cref="TargetShape"/> has elements.</param>
    /// <remarks>A loss may be told to ignore a number, as 255 for borders.</remarks>
    protected virtual void ReadMask(int index, Span<int> mask) =>
        throw new NotSupportedException($"{GetType().Name} does not override {nameof(ReadMask)}.");

    /// <summary>Writes one item's target values; the arguments have been checked.</summary>
    /// <param name="index">In [0, <see cref="Count"/>).</param>
    /// <param name="values">As long as <see cref="TargetShape"/> has elements.</param>
    protected virtual void ReadValues(int index, Span<float> values) =>
        throw new NotSupportedException($"{GetType().Name} does not override {nameof(ReadValues)}.");

    private void Check(int index, Shape shape, int length, string what, string parameter)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        if (length != shape.Size)
            throw new ArgumentException(
                $"{Name}: {what} of shape {shape} has {shape.Size} values, not {length}.", parameter);
    }

    private sealed class Subset : Dataset
    {
        private readonly Dataset whole;
        private readonly int[] items;       // their numbers in the whole

        public Subset(Dataset whole, string name, int[] items) : base(whole, name, items) =>
            (this.whole, this.items) = (whole, items);

        protected internal override void Prefetch(ReadOnlySpan<int> indices)
        {
            var wholes = new int[indices.Length];
            for (var i = 0; i < wholes.Length; i++) wholes[i] = items[indices[i]];
            whole.Prefetch(wholes);
        }

        protected override void ReadItem(int index, Span<float> item) => whole.ReadItem(items[index], item);

        protected override void ReadMask(int index, Span<int> mask) => whole.ReadMask(items[index], mask);

        protected override void ReadValues(int index, Span<float> values) => whole.ReadValues(items[index], values);
    }
}
