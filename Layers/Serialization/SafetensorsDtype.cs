using System.Buffers.Binary;

namespace PyNetSharp.Layers;

/// <summary>The element types of the safetensors format.</summary>
internal static class SafetensorsDtype
{
    /// <summary>The types that are converted to float32.</summary>
    public const string ReadableTypes = "F32, F16, BF16 or F64";

    /// <summary>The bits of an element; null for a type that the format does not have.</summary>
    /// <seealso href="https://docs.rs/safetensors/latest/safetensors/tensor/enum.Dtype.html">The types</seealso>
    public static int? BitsPerElement(string type) => type switch
    {
        "F64" or "I64" or "U64" or "C64" => 64,
        "F32" or "I32" or "U32" => 32,
        "F16" or "BF16" or "I16" or "U16" => 16,
        "BOOL" or "I8" or "U8" or "F8_E4M3" or "F8_E5M2" or "F8_E8M0" or "F8_E4M3FNUZ" or "F8_E5M2FNUZ" => 8,
        "F6_E2M3" or "F6_E3M2" => 6,
        "F4" => 4,
        _ => null,
    };

    /// <summary>Whether it is one of <see cref="ReadableTypes"/>.</summary>
    public static bool IsReadable(string type) => type is "F32" or "F16" or "BF16" or "F64";

    /// <summary>Converts elements to the nearest floats; F64 values out of range become infinities.</summary>
    /// <param name="type">One of <see cref="ReadableTypes"/>.</param>
    /// <param name="elements">Little-endian.</param>
    /// <param name="values">As many values as elements.</param>
    public static void Convert(string type, ReadOnlySpan<byte> elements, Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
            values[i] = type switch
            {
                "F32" => BinaryPrimitives.ReadSingleLittleEndian(elements[(4 * i)..]),
                "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(elements[(2 * i)..]),
                "BF16" => BitConverter.Int32BitsToSingle(
                    BinaryPrimitives.ReadInt16LittleEndian(elements[(2 * i)..]) << 16),
                "F64" => (float)BinaryPrimitives.ReadDoubleLittleEndian(elements[(8 * i)..]),
                _ => throw new ArgumentException($"{type} cannot be converted.", nameof(type)),
            };
    }
}
