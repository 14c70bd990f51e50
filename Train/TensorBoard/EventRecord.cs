using System.Buffers.Binary;
using System.Numerics;

namespace PyNetSharp.Train;

/// <summary>The framing of TensorBoard's event files: TFRecord's, each part with a masked CRC-32C.</summary>
/// <remarks>
/// A record is the length of its data as uint64, that length's checksum, the data, the data's checksum; little-endian.
/// </remarks>
/// <seealso href="https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details">TFRecord</seealso>
internal static class EventRecord
{
    private const int LengthBytes = sizeof(ulong), CrcBytes = sizeof(uint), MaxData = 1 << 28;

    /// <summary>A record of data.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> data)
    {
        var record = new byte[LengthBytes + CrcBytes + data.Length + CrcBytes];
        var span = record.AsSpan();
        BinaryPrimitives.WriteUInt64LittleEndian(span, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(span[LengthBytes..], MaskedCrc(span[..LengthBytes]));
        data.CopyTo(span[(LengthBytes + CrcBytes)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(span[^CrcBytes..], MaskedCrc(data));
        return record;
    }

    /// <summary>Reads the next record.</summary>
    /// <returns>Its data; null at the end, and where a record is not whole, as after a crash.</returns>
    public static byte[]? Read(Stream stream)
    {
        Span<byte> head = stackalloc byte[LengthBytes + CrcBytes];
        if (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length) return null;
        var length = BinaryPrimitives.ReadUInt64LittleEndian(head);
        var isWhole = BinaryPrimitives.ReadUInt32LittleEndian(head[LengthBytes..]) == MaskedCrc(head[..LengthBytes]);
        if (!isWhole || length > MaxData) return null;
        var data = new byte[length + CrcBytes];
        if (stream.ReadAtLeast(data, data.Length, throwOnEndOfStream: false) < data.Length) return null;
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan()[^CrcBytes..]);
        return crc == MaskedCrc(data.AsSpan()[..^CrcBytes]) ? data[..^CrcBytes] : null;
    }

    /// <summary>The CRC-32C (Castagnoli), masked: a checksum of data that holds checksums is weak.</summary>
    private static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data) crc = BitOperations.Crc32C(crc, value);
        return BitOperations.RotateRight(~crc, 15) + 0xA282EAD8;
    }
}
