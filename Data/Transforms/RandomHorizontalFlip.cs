namespace PyNetSharp.Data;

/// <summary>Mirrors an image left to right, with a given probability.</summary>
public sealed class RandomHorizontalFlip : ITransform
{
    private readonly float probability;

    /// <summary>Mirrors an image with this <paramref name="probability"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1].</exception>
    public RandomHorizontalFlip(float probability = 0.5f)
    {
        if (probability is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(
                nameof(probability), FormattableString.Invariant($"{probability}"), "A probability lies in [0, 1].");
        this.probability = probability;
    }

    /// <inheritdoc/>
    public Shape Infer(Shape item)
    {
        ImageRegion.GetExtents(item, nameof(RandomHorizontalFlip));
        return item;
    }

    /// <inheritdoc/>
    public void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng)
    {
        x.CopyTo(y);
        if (rng.NextFloat() >= probability) return;
        for (var (row, width) = (0, shape[2]); row < y.Length; row += width) y.Slice(row, width).Reverse();
    }
}
