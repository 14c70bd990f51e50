using System.Buffers.Binary;
using System.IO.Compression;

namespace PyNetSharp.Train;

/// <summary>Encodes pixels as a PNG file (ISO/IEC 15948), 8 bits per channel.</summary>
/// <seealso href="https://www.w3.org/TR/png-3/">The format</seealso>
internal static class PngEncoder
{
    private static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(CrcOf)];

    /// <summary>The file.</summary>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <param name="channels">1 for gray, 3 for color, 4 for color and alpha.</param>
    /// <param name="pixels">Row after row, the channels of a pixel beside each other.</param>
    public static byte[] Encode(int width, int height, int channels, byte[] pixels)
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, (byte)(channels switch { 1 => 0, 3 => 2, _ => 6 }));       // bits, color type
        WriteChunk(file, "IHDR"u8, header);
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Optimal))
            for (var y = 0; y < height; y++)
            {
                zlib.WriteByte(0);                  // no filter
                zlib.Write(pixels, channels * y * width, channels * width);
            }

        WriteChunk(file, "IDAT"u8, data.ToArray());
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static void WriteChunk(Stream file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(name);
        file.Write(data);
        var crc = uint.MaxValue;
        foreach (var b in name) crc = CrcTable[(byte)(crc ^ b)] ^ (crc >> 8);
        foreach (var b in data) crc = CrcTable[(byte)(crc ^ b)] ^ (crc >> 8);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~crc);
        file.Write(number);
    }

    private static uint CrcOf(int n)
    {
        var crc = (uint)n;
        for (var k = 0; k < 8; k++) crc = (crc & 1) == 0 ? crc >> 1 : 0xEDB88320 ^ (crc >> 1);
        return crc;
    }
}
