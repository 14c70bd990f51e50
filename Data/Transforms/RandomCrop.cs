namespace PyNetSharp.Data;

/// <summary>Crops an image to a fixed size at a random position, after padding it with zeros.</summary>
public sealed class RandomCrop : ITransform
{
    private readonly int height, width, padding;

    /// <summary>Crops to <paramref name="height"/>×<paramref name="width"/> pixels.</summary>
    /// <param name="height">Rows of the result; at least 1.</param>
    /// <param name="width">Columns of the result; at least 1.</param>
    /// <param name="padding">Zeros added on each side before cropping; 4 is usual for 32×32 images.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is not positive, or the padding is negative.</exception>
    public RandomCrop(int height, int width, int padding = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        (this.height, this.width, this.padding) = (height, width, padding);
    }

    /// <inheritdoc/>
    public Shape Infer(Shape item)
    {
        var (channels, h, w) = ImageRegion.GetExtents(item, nameof(RandomCrop));
        return h + 2 * padding >= height && w + 2 * padding >= width
            ? [channels, height, width]
            : throw new ShapeException(
                $"RandomCrop: a crop of {height}×{width} does not fit in {item} with padding {padding}.");
    }

    /// <inheritdoc/>
    public void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng)
    {
        var (_, h, w) = ImageRegion.GetExtents(shape, nameof(RandomCrop));
        var top = rng.Next(h + 2 * padding - height + 1) - padding;
        var left = rng.Next(w + 2 * padding - width + 1) - padding;
        ImageRegion.CopyPadded(shape, x, top, left, Infer(shape), y);
    }
}
