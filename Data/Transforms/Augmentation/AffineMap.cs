namespace PyNetSharp.Data;

/// <summary>
/// Where the pixels of a moved image come from: (u, v) = (A·x + B·y + C, D·x + E·y + F), where (x, y) is the center of
/// a pixel of the result and (u, v) a point of the image, both relative to the image's center, y and v downwards.
/// </summary>
internal readonly record struct AffineMap(float A, float B, float C, float D, float E, float F)
{
    /// <summary>A rotation about the center, counterclockwise.</summary>
    public static AffineMap Rotation(float degrees)
    {
        var (sin, cos) = MathF.SinCos(degrees * (MathF.PI / 180));
        return new(cos, -sin, 0, sin, cos, 0);
    }

    /// <summary>Moves each row to the left in proportion to its distance from the upper edge.</summary>
    public static AffineMap ShearX(float slope, int height) => new(1, slope, slope * height / 2, 0, 1, 0);

    /// <summary>Moves each column up in proportion to its distance from the left edge.</summary>
    public static AffineMap ShearY(float slope, int width) => new(1, 0, 0, slope, 1, slope * width / 2);

    /// <summary>Moves the image to the right and down.</summary>
    public static AffineMap Translation(int right, int down) => new(1, 0, -right, 0, 1, -down);

    /// <summary>
    /// Moves an image, interpolating bilinearly; beyond its edges all values are <paramref name="fill"/>.
    /// </summary>
    /// <param name="shape">[c, h, w] of both images.</param>
    /// <param name="x">The image.</param>
    /// <param name="y">Overwritten completely. Does not overlap <paramref name="x"/>.</param>
    /// <param name="fill">The value outside of the image.</param>
    public void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, float fill)
    {
        var (channels, h, w) = (shape[0], shape[1], shape[2]);
        var plane = h * w;
        var (centerX, centerY) = ((w - 1) / 2f, (h - 1) / 2f);
        for (var i = 0; i < h; i++)
            for (var j = 0; j < w; j++)
            {
                var (dx, dy) = (j - centerX, i - centerY);
                var u = A * dx + B * dy + C + centerX;
                var v = D * dx + E * dy + F + centerY;
                var at = i * w + j;
                if (!(u > -1 && u < w && v > -1 && v < h))
                {
                    for (var c = 0; c < channels; c++) y[c * plane + at] = fill;
                    continue;
                }

                var (left, top) = ((int)MathF.Floor(u), (int)MathF.Floor(v));
                var (right, down) = (u - left, v - top);
                if (left >= 0 && left + 1 < w && top >= 0 && top + 1 < h)
                    for (var c = 0; c < channels; c++)
                    {
                        var from = x.Slice(c * plane + top * w + left, w + 2);
                        y[c * plane + at] = Mix(from[0], from[1], from[w], from[w + 1], right, down);
                    }
                else
                    for (var c = 0; c < channels; c++)
                    {
                        var from = x.Slice(c * plane, plane);
                        y[c * plane + at] = Mix(
                            Pixel(from, top, left), Pixel(from, top, left + 1),
                            Pixel(from, top + 1, left), Pixel(from, top + 1, left + 1), right, down);
                    }
            }

        float Pixel(ReadOnlySpan<float> image, int row, int column) =>
            (uint)row < (uint)h && (uint)column < (uint)w ? image[row * w + column] : fill;
    }

    /// <summary>The value between four pixels.</summary>
    /// <param name="right">The distance from the left ones, in [0, 1).</param>
    /// <param name="down">The distance from the upper ones.</param>
    private static float Mix(float a, float b, float c, float d, float right, float down)
    {
        var upper = a + (b - a) * right;
        var lower = c + (d - c) * right;
        return upper + (lower - upper) * down;
    }
}
