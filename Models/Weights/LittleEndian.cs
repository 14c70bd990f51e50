using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace PyNetSharp;

/// <summary>Moves floats between memory and files that keep them little-endian, in pieces of bounded size.</summary>
internal static class LittleEndian
{
    // A span of bytes cannot exceed 2³¹ − 1, which 2²⁹ floats would.
    private const int Piece = 1 << 22;

    /// <summary>Appends the values to a stream, four bytes each.</summary>
    public static void Write(Stream stream, ReadOnlySpan<float> values)
    {
        for (; !values.IsEmpty; values = values[Math.Min(Piece, values.Length)..])
            stream.Write(MemoryMarshal.AsBytes(Ordered(values[..Math.Min(Piece, values.Length)])));
    }

    private static ReadOnlySpan<float> Ordered(ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian) return values;
        var swapped = new int[values.Length];
        BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<float, int>(values), swapped);
        return MemoryMarshal.Cast<int, float>(swapped);
    }
}
