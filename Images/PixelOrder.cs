using SkiaSharp;

namespace PyNetSharp.Images;

/// <summary>Turns a decoded image as its EXIF orientation says, and splits its pixels into channels.</summary>
/// <param name="origin">The corner of the scene at which the file's rows begin.</param>
/// <param name="width">Columns in the file.</param>
/// <param name="height">Rows in the file.</param>
internal sealed class PixelOrder(SKEncodedOrigin origin, int width, int height)
{
    private const int White = 255, Opaque = 255;

    /// <summary>The channels of an image.</summary>
    /// <param name="rgba">Four bytes per pixel, not premultiplied, in the file's order.</param>
    /// <param name="channels">3, or 1 for gray.</param>
    /// <returns>In c, h, w order.</returns>
    public (byte[] Pixels, Shape Shape) ToPlanes(ReadOnlySpan<byte> rgba, int channels)
    {
        var isTransposed = origin >= SKEncodedOrigin.LeftTop;
        var (rows, columns) = isTransposed ? (width, height) : (height, width);
        var plane = rows * columns;
        var pixels = new byte[channels * plane];
        var (start, acrossStep, downStep) = Steps();
        var at = 0;
        for (var y = 0; y < rows; y++)
            for (var (x, from) = (0, start + y * downStep); x < columns; x++, from += acrossStep, at++)
            {
                var pixel = rgba.Slice(4 * from, 4);
                int r = pixel[0], g = pixel[1], b = pixel[2], alpha = pixel[3];
                if (alpha != Opaque) (r, g, b) = (OnWhite(r, alpha), OnWhite(g, alpha), OnWhite(b, alpha));
                if (channels == 1) pixels[at] = Luma(r, g, b);
                else (pixels[at], pixels[plane + at], pixels[2 * plane + at]) = ((byte)r, (byte)g, (byte)b);
            }

        return (pixels, [channels, rows, columns]);
    }

    /// <summary>Rec. 601, with the integers of Pillow: gray stays what it is.</summary>
    private static byte Luma(int r, int g, int b) => (byte)((19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16);

    private static int OnWhite(int value, int alpha) =>
        (value * alpha + White * (Opaque - alpha) + Opaque / 2) / Opaque;

    /// <summary>The file's pixel at the upper left, and the distances to the next of a row and of a column.</summary>
    private (int Start, int Across, int Down) Steps()
    {
        var (right, last) = (width - 1, width * (height - 1));
        return origin switch
        {
            SKEncodedOrigin.TopRight => (right, -1, width),
            SKEncodedOrigin.BottomRight => (last + right, -1, -width),
            SKEncodedOrigin.BottomLeft => (last, 1, -width),
            SKEncodedOrigin.LeftTop => (0, width, 1),
            SKEncodedOrigin.RightTop => (last, -width, 1),
            SKEncodedOrigin.RightBottom => (last + right, -width, -1),
            SKEncodedOrigin.LeftBottom => (right, width, -1),
            _ => (0, 1, width),
        };
    }
}
