using System.Buffers.Binary;
using System.IO.Compression;

namespace PyNetSharp.Train;

/// <summary>The filters of a convolution as one picture.</summary>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Channels">1 for gray, 3 for color.</param>
/// <param name="Pixels">Row after row, the channels of a pixel beside each other.</param>
internal sealed record PngImage(int Width, int Height, int Channels, byte[] Pixels)
{
    /// <summary>Filters side by side, a pixel apart, each stretched from its least value to its largest.</summary>
    /// <param name="values">[k, c, r, s]</param>
    /// <param name="shape">[k, c, r, s], where c is 1 or 3.</param>
    public static PngImage OfFilters(ReadOnlySpan<float> values, Shape shape)
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

    /// <summary>A PNG file.</summary>
    /// <seealso href="https://www.w3.org/TR/png-3/">The format</seealso>
    public byte[] ToPng()
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Height);
        (header[8], header[9]) = (8, (byte)(Channels == 3 ? 2 : 0));           // bits, color type
        WriteChunk(file, "IHDR"u8, header);
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Optimal))
            for (var y = 0; y < Height; y++)
            {
                zlib.WriteByte(0);                  // no filter
                zlib.Write(Pixels, y * Width * Channels, Width * Channels);
            }

        WriteChunk(file, "IDAT"u8, data.ToArray());
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static (float Min, float Max) Range(ReadOnlySpan<float> values)
    {
        var (min, max) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var value in values)
            if (float.IsFinite(value))
                (min, max) = (Math.Min(min, value), Math.Max(max, value));
        return (min, max);
    }

    private static void WriteChunk(MemoryStream file, ReadOnlySpan<byte> kind, byte[] content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        file.Write(number);
        file.Write(kind);
        file.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc([.. kind, .. content]));
        file.Write(number);
    }

    /// <summary>The CRC-32 of ISO 3309.</summary>
    private static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }
}
