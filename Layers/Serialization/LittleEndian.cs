using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace PyNetSharp.Layers;

/// <summary>Writes floats in little-endian order, four bytes each, on every machine.</summary>
internal static class LittleEndian
{
    // Floats per write: a span holds less than 2³¹ bytes.
    private const int ChunkLength = 1 << 22;

    /// <summary>Appends the values to a stream.</summary>
    public static void Write(Stream stream, ReadOnlySpan<float> values)
    {
        while (!values.IsEmpty)
        {
            var chunk = values[..Math.Min(ChunkLength, values.Length)];
            stream.Write(MemoryMarshal.AsBytes(BitConverter.IsLittleEndian ? chunk : ReverseEndianness(chunk)));
            values = values[chunk.Length..];
        }
    }

    private static ReadOnlySpan<float> ReverseEndianness(ReadOnlySpan<float> values)
    {
        var swapped = new int[values.Length];
        BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<float, int>(values), swapped);
        return MemoryMarshal.Cast<int, float>(swapped);
    }
}
