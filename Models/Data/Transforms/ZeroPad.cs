namespace PyNetSharp;

/// <summary>Adds a border of zeros on all four sides of an image.</summary>
public sealed class ZeroPad : ITransform
{
    private readonly int border;

    /// <summary>Pads by <paramref name="border"/> pixels.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The border is negative.</exception>
    public ZeroPad(int border)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(border);
        this.border = border;
    }

    /// <inheritdoc/>
    public Shape Infer(Shape item)
    {
        var (channels, height, width) = Image.Extents(item, nameof(ZeroPad));
        return [channels, height + 2 * border, width + 2 * border];
    }

    /// <inheritdoc/>
    public void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng) =>
        Image.CopyWindow(shape, x, -border, -border, Infer(shape), y);
}
