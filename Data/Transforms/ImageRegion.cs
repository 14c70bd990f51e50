namespace PyNetSharp.Data;

/// <summary>What the transforms of images share.</summary>
internal static class ImageRegion
{
    /// <summary>The extents of a shape [c, h, w].</summary>
    /// <exception cref="ShapeException">The rank is not 3.</exception>
    public static (int Channels, int Height, int Width) GetExtents(Shape shape, string transform) => shape.Rank == 3
        ? (shape[0], shape[1], shape[2])
        : throw new ShapeException($"{transform}: items of shape {shape} are no images [c, h, w].");

    /// <summary>Copies a window of an image; what lies outside of the image is 0.</summary>
    /// <param name="shape">
    /// The shape of <paramref name="x"/>, [c, h, w].</param> <param name="x">The image.
    /// </param>
    /// <param name="top">The image row that becomes row 0; negative above the image.</param>
    /// <param name="left">The image column that becomes column 0.</param>
    /// <param name="window">
    /// The shape of <paramref name="y"/>, with as many channels.</param> <param name="y">Overwritten whole.
    /// </param>
    public static void CopyPadded(Shape shape, ReadOnlySpan<float> x, int top, int left, Shape window, Span<float> y)
    {
        var (channels, h, w) = GetExtents(shape, nameof(CopyPadded));
        var (height, width) = (window[1], window[2]);
        var (first, end) = (Math.Max(0, -left), Math.Min(width, w - left));         // the columns with pixels
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
