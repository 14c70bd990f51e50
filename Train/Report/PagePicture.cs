namespace PyNetSharp.Train;

/// <summary>A small picture of a page: pixels, written as PNG within the page.</summary>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Pixels">Red, green, blue and alpha of each pixel, row after row.</param>
internal sealed record PagePicture(int Width, int Height, byte[] Pixels)
{
    private const int Channels = 4;

    /// <summary>A transparent picture.</summary>
    public PagePicture(int width, int height) : this(width, height, new byte[Channels * width * height])
    {
    }

    /// <summary>Whether values of this shape are a picture: [1 or 3, h, w].</summary>
    public static bool CanShow(Shape shape) => shape.Rank == 3 && shape[0] is 1 or 3;

    /// <summary>A picture of values, c of them for each pixel; the largest side is at most a limit.</summary>
    /// <param name="values">[c, h, w], each in [0, 1]; c is 1 for gray or 3.</param>
    /// <param name="shape">[c, h, w]</param>
    /// <param name="most">Larger pictures are reduced by a whole factor, each pixel the mean of a square.</param>
    public static PagePicture Of(ReadOnlySpan<float> values, Shape shape, int most = int.MaxValue)
    {
        var (channels, height, width) = (shape[0], shape[1], shape[2]);
        var factor = (Math.Max(height, width) + most - 1) / Math.Max(1, most);
        factor = Math.Max(1, factor);
        var picture = new PagePicture(Math.Max(1, width / factor), Math.Max(1, height / factor));
        for (var y = 0; y < picture.Height; y++)
            for (var x = 0; x < picture.Width; x++)
                for (var c = 0; c < Channels - 1; c++)
                {
                    var plane = values.Slice((channels == 1 ? 0 : c) * height * width, height * width);
                    picture.Pixels[Channels * (y * picture.Width + x) + c] = ToByte(Mean(plane, width, x, y, factor));
                    picture.Pixels[Channels * (y * picture.Width + x) + 3] = byte.MaxValue;
                }

        return picture;
    }

    /// <summary>Pictures of one size beside each other, with a transparent pixel between them.</summary>
    /// <param name="tiles">At least one.</param>
    /// <param name="columns">The pictures of a row.</param>
    public static PagePicture Grid(IReadOnlyList<PagePicture> tiles, int columns)
    {
        columns = Math.Min(columns, tiles.Count);
        var (width, height) = (tiles[0].Width + 1, tiles[0].Height + 1);
        var rows = (tiles.Count + columns - 1) / columns;
        var sheet = new PagePicture(columns * width - 1, rows * height - 1);
        foreach (var (i, tile) in tiles.Index())
            for (var y = 0; y < tile.Height; y++)
                tile.Pixels.AsSpan(Channels * y * tile.Width, Channels * tile.Width).CopyTo(sheet.Pixels.AsSpan(
                    Channels * ((i / columns * height + y) * sheet.Width + i % columns * width)));
        return sheet;
    }

    /// <summary>The picture as a PNG file.</summary>
    public byte[] ToPng() => PngEncoder.Encode(Width, Height, Channels, Pixels);

    private static float Mean(ReadOnlySpan<float> plane, int width, int x, int y, int factor)
    {
        var sum = 0f;
        for (var dy = 0; dy < factor; dy++)
            for (var dx = 0; dx < factor; dx++)
                sum += plane[Math.Min((y * factor + dy) * width + x * factor + dx, plane.Length - 1)];
        return sum / (factor * factor);
    }

    private static byte ToByte(float value) =>
        float.IsFinite(value) ? (byte)Math.Round(255 * Math.Clamp(value, 0, 1)) : (byte)0;
}
