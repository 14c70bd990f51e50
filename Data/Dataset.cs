using System.Globalization;

namespace PyNetSharp.Data;

/// <summary>Labeled items of one shape: one part, train or test, of a data set.</summary>
/// <remarks>Immutable, so that several threads may read concurrently.</remarks>
public abstract class Dataset
{
    private readonly int[] labels;

    /// <summary>Sets what all data sets have in common.</summary>
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
    }

    /// <summary>The name of the set in errors and reports: "cifar10 train".</summary>
    public string Name { get; }

    /// <summary>The name of each class, in the order of the labels.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>[c, h, w] for images, [features] otherwise.</summary>
    public Shape ItemShape { get; }

    /// <summary>The number of items.</summary>
    public int Count => labels.Length;

    /// <summary>The class of each item, in [0, classes).</summary>
    public ReadOnlySpan<int> Labels => labels;

    /// <summary>Writes one item's values, images in c, h, w order and scaled to [0, 1].</summary>
    /// <param name="index">In [0, <see cref="Count"/>).</param>
    /// <param name="item">As long as <see cref="ItemShape"/> has elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    /// <exception cref="ArgumentException"><paramref name="item"/> has another length.</exception>
    public void Read(int index, Span<float> item)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        if (item.Length != ItemShape.Size)
            throw new ArgumentException(
                $"{Name}: an item of shape {ItemShape} has {ItemShape.Size} values, not {item.Length}.", nameof(item));
        ReadItem(index, item);
    }

    /// <summary>The first items in file order, sharing this set's storage.</summary>
    /// <param name="count">How many; all, if there are fewer.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is not positive.</exception>
    public Dataset Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return count >= Count ? this : new Subset(this, count);
    }

    /// <summary>Writes one item's values; the arguments have been checked.</summary>
    /// <param name="index">In [0, <see cref="Count"/>).</param>
    /// <param name="item">As long as <see cref="ItemShape"/> has elements.</param>
    protected abstract void ReadItem(int index, Span<float> item);

    private sealed class Subset(Dataset whole, int count)
        : Dataset(whole.Name, whole.ClassNames, whole.ItemShape, whole.labels[..count])
    {
        protected override void ReadItem(int index, Span<float> item) => whole.ReadItem(index, item);
    }
}
