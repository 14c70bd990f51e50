namespace PyNetSharp.Data;

/// <summary>Erases a square at a random place of an image.</summary>
/// <remarks>
/// The square's center is any pixel, so that a part of it may lie beyond the edges, as in the paper. There images are
/// normalized first and the square is 0, the mean; before normalization give the mean as the fill.
/// </remarks>
/// <seealso href="https://arxiv.org/abs/1708.04552">DeVries and Taylor, 2017</seealso>
public sealed class Cutout : ITransform
{
    private readonly int size;
    private readonly float fill;

    /// <summary>Erases squares of <paramref name="size"/>×<paramref name="size"/> pixels.</summary>
    /// <param name="size">At least 1; the paper has 16 for CIFAR-10 and 8 for CIFAR-100.</param>
    /// <param name="fill">The value of erased pixels: the mean.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is not positive.</exception>
    public Cutout(int size, float fill = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        (this.size, this.fill) = (size, fill);
    }

    /// <inheritdoc/>
    public Shape Infer(Shape item)
    {
        ImageRegion.GetExtents(item, nameof(Cutout));
        return item;
    }

    /// <inheritdoc/>
    public void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng)
    {
        x.CopyTo(y);
        var (channels, h, w) = (shape[0], shape[1], shape[2]);
        if (h == 0 || w == 0) return;
        var (row, column) = (rng.Next(h), rng.Next(w));
        var (top, bottom) = (Math.Max(0, row - size / 2), Math.Min(h, row - size / 2 + size));
        var (left, right) = (Math.Max(0, column - size / 2), Math.Min(w, column - size / 2 + size));
        for (var c = 0; c < channels; c++)
            for (var i = top; i < bottom; i++)
                y.Slice((c * h + i) * w + left, right - left).Fill(fill);
    }
}
