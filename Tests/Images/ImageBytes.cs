using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using SkiaSharp;

namespace PyNetSharp.Tests;

/// <summary>Image files made in memory.</summary>
internal static class ImageBytes
{
    /// <summary>8×8 pixels of pure magenta and yellow ink, which is red; by Pillow 9.4, quality 90.</summary>
    public static byte[] RedCmykJpeg => Convert.FromBase64String(
        "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwP" +
        "FxgWFBgSFBUU/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMF" +
        "BQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldY" +
        "WVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn" +
        "6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwD9U6/Kqvyqr9U6/9k=");

    /// <summary>8×8 pixels (200, 100, 50), progressive; by Pillow 9.4, quality 95.</summary>
    public static byte[] ProgressiveJpeg => Convert.FromBase64String(
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoK" +
        "BggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoK" +
        "Cgr/wgARCAAIAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAUAQEAAAAAAAAAAAAAAAAAAAAH/9oADAMBAAIQAxAA" +
        "AAGcFbZ//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABBQJ//8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAgBAwEBPwF//8QAFBEB" +
        "AAAAAAAAAAAAAAAAAAAAAP/aAAgBAgEBPwF//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQAGPwJ//8QAFBABAAAAAAAAAAAAAAAA" +
        "AAAAAP/aAAgBAQABPyF//9oADAMBAAIAAwAAABAD/8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAgBAwEBPxB//8QAFBEBAAAAAAAAAAAA" +
        "AAAAAAAAAP/aAAgBAgEBPxB//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxB//9k=");

    /// <summary>A PNG file.</summary>
    /// <param name="depth">Bits per sample.</param>
    /// <param name="color">0 gray, 2 RGB, 3 palette, 4 gray with alpha, 6 RGBA.</param>
    /// <param name="rows">The packed samples, without the filter's byte.</param>
    /// <param name="palette">Red, green and blue of each entry.</param>
    public static byte[] Png(int width, int height, int depth, int color, byte[][] rows, byte[]? palette = null)
    {
        using var stream = new MemoryStream();
        stream.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = ((byte)depth, (byte)color);
        Chunk("IHDR", header);
        if (palette is not null) Chunk("PLTE", palette);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            foreach (var row in rows) zlib.Write([0, .. row]);
        Chunk("IDAT", packed.ToArray());
        Chunk("IEND", []);
        return stream.ToArray();

        void Chunk(string type, byte[] data)
        {
            byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
            Span<byte> number = stackalloc byte[4];
            BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
            stream.Write(number);
            stream.Write(body);
            var sum = new Crc32();
            sum.Append(body);
            BinaryPrimitives.WriteUInt32BigEndian(number, sum.Value);
            stream.Write(number);
        }
    }

    /// <summary>An RGB image of c, h, w bytes as a PNG file.</summary>
    public static byte[] PngOf(ReadOnlySpan<byte> pixels, int side)
    {
        var (plane, rows) = (side * side, new byte[side][]);
        for (var y = 0; y < side; y++)
        {
            rows[y] = new byte[3 * side];
            for (var i = 0; i < 3 * side; i++) rows[y][i] = pixels[i % 3 * plane + y * side + i / 3];
        }

        return Png(side, side, 8, 2, rows);
    }

    /// <summary>An image of c, h, w bytes, encoded by SkiaSharp; a JPEG with a color for each pixel (4:4:4).</summary>
    public static byte[] Encode(
        ReadOnlySpan<byte> pixels, int width, int height, SKEncodedImageFormat format, int quality)
    {
        var plane = width * height;
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (var i = 0; i < plane; i++)
            bitmap.SetPixel(
                i % width, i / width, new SKColor(pixels[i], pixels[plane + i], pixels[2 * plane + i]));
        using var pixmap = bitmap.PeekPixels();
        using var data = format == SKEncodedImageFormat.Jpeg
            ? pixmap.Encode(new SKJpegEncoderOptions(
                quality, SKJpegEncoderDownsample.Downsample444, SKJpegEncoderAlphaOption.Ignore))
            : bitmap.Encode(format, quality);
        return data!.ToArray();
    }

    /// <summary>A JPEG file with an EXIF orientation, 1 to 8.</summary>
    public static byte[] WithOrientation(byte[] jpeg, byte orientation)
    {
        byte[] tiff =
        [
            .. "Exif\0\0"u8, .. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation,
            0, 0, 0, 0, 0, 0,
        ];
        return [.. jpeg.AsSpan(0, 2), 0xFF, 0xE1, 0, (byte)(tiff.Length + 2), .. tiff, .. jpeg.AsSpan(2)];
    }
}
