using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace PyNetSharp.Layers;

/// <summary>Writes floats as files keep them: little-endian, four bytes each.</summary>
internal static class LittleEndian
{
    // A span of bytes ends at 2³¹ − 1, which 2²⁹ floats would pass.
    private const int ChunkLength = 1 << 22;

    /// <summary>Appends the values to a stream.</summary>
    public static void Write(Stream stream, ReadOnlySpan<float> values)
    {
        while (!values.IsEmpty)
        {
            var piece = values[..Math.Min(ChunkLength, values.Length)];
            stream.Write(MemoryMarshal.AsBytes(BitConverter.IsLittleEndian ? piece : ReverseEndianness(piece)));
            values = values[piece.Length..];
        }
    }

    private static ReadOnlySpan<float> ReverseEndianness(ReadOnlySpan<float> values)
    {
        var swapped = new int[values.Length];
        BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<float, int>(values), swapped);
        return MemoryMarshal.Cast<int, float>(swapped);
    }
}
