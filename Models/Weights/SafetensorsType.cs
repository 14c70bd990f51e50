using System.Buffers.Binary;

namespace PyNetSharp;

/// <summary>The element types of the safetensors format.</summary>
internal static class SafetensorsType
{
    /// <summary>What can be read as float32.</summary>
    public const string Readable = "F32, F16, BF16 or F64";

    /// <summary>The bytes of an element; null for a type that the format does not have.</summary>
    public static int? Size(string type) => type switch
    {
        "F64" or "I64" or "U64" => 8,
        "F32" or "I32" or "U32" => 4,
        "F16" or "BF16" or "I16" or "U16" => 2,
        "BOOL" or "I8" or "U8" or "F8_E4M3" or "F8_E5M2" => 1,
        _ => null,
    };

    /// <summary>Whether it is one of <see cref="Readable"/>.</summary>
    public static bool IsReadable(string type) => type is "F32" or "F16" or "BF16" or "F64";

    /// <summary>Converts elements to the nearest floats.</summary>
    /// <param name="type">One of <see cref="Readable"/>.</param>
    /// <param name="elements">Little-endian.</param>
    /// <param name="values">As many as there are elements.</param>
    public static void Convert(string type, ReadOnlySpan<byte> elements, Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
            values[i] = type switch
            {
                "F32" => BinaryPrimitives.ReadSingleLittleEndian(elements[(4 * i)..]),
                "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(elements[(2 * i)..]),
                "BF16" => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(elements[(2 * i)..]) << 16),
                "F64" => (float)BinaryPrimitives.ReadDoubleLittleEndian(elements[(8 * i)..]),
                _ => throw new ArgumentException($"{type} cannot be converted.", nameof(type)),
            };
    }
}
