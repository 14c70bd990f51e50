namespace PyNetSharp.Train;

/// <summary>The filters of a convolution as one picture.</summary>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Channels">1 for gray, 3 for color.</param>
/// <param name="Pixels">Row after row, the channels of a pixel beside each other.</param>
internal sealed record FilterPicture(int Width, int Height, int Channels, byte[] Pixels)
{
    /// <summary>Filters side by side, a pixel apart, each stretched from its least value to its largest.</summary>
    /// <param name="values">[k, c, r, s]</param>
    /// <param name="shape">[k, c, r, s], where c is 1 or 3.</param>
    public static FilterPicture Of(ReadOnlySpan<float> values, Shape shape)
    {
        var (count, channels, rows, columns) = (shape[0], shape[1], shape[2], shape[3]);
        var across = (int)Math.Ceiling(Math.Sqrt(count));
        var (width, height) = (across * (columns + 1) - 1, (count + across - 1) / across * (rows + 1) - 1);
        var pixels = new byte[width * height * channels];
        for (var k = 0; k < count; k++)
        {
            var filter = values.Slice(k * channels * rows * columns, channels * rows * columns);
            var (min, max) = Range(filter);
            for (var i = 0; i < filter.Length; i++)
            {
                var (c, r, s) = (i / (rows * columns), i / columns % rows, i % columns);
                var (x, y) = (k % across * (columns + 1) + s, k / across * (rows + 1) + r);
                var share = max > min ? (filter[i] - min) / (max - min) : 0.5f;
                pixels[(y * width + x) * channels + c] = (byte)Math.Round(255 * Math.Clamp(share, 0, 1));
            }
        }

        return new(width, height, channels, pixels);
    }

    /// <summary>As a PNG file.</summary>
    public byte[] ToPng() => PngEncoder.Encode(Width, Height, Channels, Pixels);

    private static (float Min, float Max) Range(ReadOnlySpan<float> values)
    {
        var (min, max) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var value in values)
            if (float.IsFinite(value))
                (min, max) = (Math.Min(min, value), Math.Max(max, value));
        return (min, max);
    }
}
