namespace PyNetSharp.Data;

/// <summary>Items that are vectors of measurements, held as floats.</summary>
public sealed class FeatureDataset : Dataset
{
    private readonly float[] features;

    /// <summary>Creates a set of vectors.</summary>
    /// <param name="name">The name of the set in errors and reports: "iris train".</param>
    /// <param name="classNames">The name of each class; label k means <c>classNames[k]</c>.</param>
    /// <param name="features">[items, features], row-major. Kept, not copied.</param>
    /// <param name="labels">The class of each item. Kept, not copied.</param>
    /// <exception cref="ArgumentException">
    /// The number of features is no multiple of the number of labels, or a label has no class.
    /// </exception>
    public FeatureDataset(string name, IReadOnlyList<string> classNames, float[] features, int[] labels)
        : base(name, classNames, [labels.Length == 0 ? 0 : features.Length / labels.Length], labels)
    {
        if (features.Length != ItemShape.Size * labels.Length)
            throw new ArgumentException(
                $"{name}: {features.Length} values do not divide among {labels.Length} items.", nameof(features));
        this.features = features;
    }

    /// <inheritdoc/>
    protected override void ReadItem(int index, Span<float> item) =>
        features.AsSpan(index * item.Length, item.Length).CopyTo(item);
}
