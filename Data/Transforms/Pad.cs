namespace PyNetSharp.Data;

/// <summary>Adds a border of zeros on all four sides of an image.</summary>
public sealed class Pad : ITransform
{
    private readonly int padding;

    /// <summary>Pads by <paramref name="border"/> pixels on each side.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The border is negative.</exception>
    public Pad(int border)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(border);
        padding = border;
    }

    /// <inheritdoc/>
    public Shape Infer(Shape item)
    {
        var (channels, height, width) = ImageRegion.GetExtents(item, nameof(Pad));
        return [channels, height + 2 * padding, width + 2 * padding];
    }

    /// <inheritdoc/>
    public void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng) =>
        ImageRegion.CopyPadded(shape, x, -padding, -padding, Infer(shape), y);
}
