namespace PyNetSharp.Data;

/// <summary>Extents and regions of images, for the transforms.</summary>
internal static class ImageRegion
{
    /// <summary>The extents of a shape [c, h, w].</summary>
    /// <exception cref="ShapeException">The rank is not 3.</exception>
    public static (int Channels, int Height, int Width) GetExtents(Shape shape, string transform) => shape.Rank == 3
        ? (shape[0], shape[1], shape[2])
        : throw new ShapeException($"{transform}: items of shape {shape} are no images [c, h, w].");

    /// <summary>Copies a rectangle of an image; pixels outside of the image are 0.</summary>
    /// <param name="shape">The shape of <paramref name="x"/>, [c, h, w].</param>
    /// <param name="x">The image.</param>
    /// <param name="top">The image row that becomes row 0; negative above the image.</param>
    /// <param name="left">The image column that becomes column 0; negative left of the image.</param>
    /// <param name="region">The shape of <paramref name="y"/>, with the same number of channels.</param>
    /// <param name="y">Overwritten completely.</param>
    public static void CopyPadded(Shape shape, ReadOnlySpan<float> x, int top, int left, Shape region, Span<float> y)
    {
        var (channels, h, w) = GetExtents(shape, nameof(CopyPadded));
        var (height, width) = (region[1], region[2]);
        var (first, end) = (Math.Max(0, -left), Math.Min(width, w - left));         // the columns within the image
        y.Clear();
        if (first >= end) return;

        for (var c = 0; c < channels; c++)
            for (var i = Math.Max(0, -top); i < Math.Min(height, h - top); i++)
            {
                var row = x.Slice((c * h + top + i) * w + left + first, end - first);
                row.CopyTo(y[((c * height + i) * width + first)..]);
            }
    }
}
