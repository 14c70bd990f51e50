using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Layers;

/// <summary>Writes the header of a safetensors file whose tensors are all float32.</summary>
internal static class SafetensorsHeaderWriter
{
    private const int Alignment = 8;        // the data begins at a multiple of this

    /// <summary>The file up to its data: the header's length and the header, padded with spaces.</summary>
    /// <exception cref="ArgumentException">
    /// A name occurs twice, or is reserved by the format; a text has half of a surrogate pair; the header exceeds the
    /// format's limit.
    /// </exception>
    public static byte[] Write(
        IReadOnlyList<(string Name, Shape Shape)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var json = new MemoryStream();
        json.Write(new byte[sizeof(ulong)]);
        // The header is not embedded in web pages, so letters beyond ASCII need no escapes.
        using (var writer = new Utf8JsonWriter(json, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            if (metadata is { Count: > 0 }) WriteMetadata(writer, metadata);

            var names = new HashSet<string> { SafetensorsHeader.MetadataKey };
            long end = 0;
            foreach (var (name, shape) in tensors)
            {
                CheckText(name, nameof(tensors));
                if (!names.Add(name))
                    throw new ArgumentException($"The name '{name}' is taken already.", nameof(tensors));
                var begin = end;
                end += (long)shape.Size * sizeof(float);
                WriteTensor(writer, name, shape, begin, end);
            }

            writer.WriteEndObject();
        }

        while (json.Length % Alignment != 0) json.WriteByte((byte)' ');
        var header = json.ToArray();
        var length = header.Length - sizeof(ulong);
        if (length > SafetensorsHeader.MaxLength)
            throw new ArgumentException(
                $"The header would have {length} bytes; expected {SafetensorsHeader.MaxLength} or less.",
                nameof(tensors));
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - sizeof(ulong));
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter writer, IReadOnlyDictionary<string, string> metadata)
    {
        writer.WriteStartObject(SafetensorsHeader.MetadataKey);
        foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            CheckText(key, nameof(metadata));
            CheckText(value, nameof(metadata));
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
    }

    /// <summary>
    /// Checks for lone surrogates: the JSON writer would replace each by the same character, and make two names equal.
    /// </summary>
    private static void CheckText(string text, string parameter)
    {
        for (var i = 0; i < text.Length; i++)
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1])) i++;
            else if (char.IsSurrogate(text[i]))
                throw new ArgumentException(
                    $"{Quote(text)} has half of a surrogate pair, which a file cannot hold.", parameter);
    }

    private static void WriteTensor(Utf8JsonWriter writer, string name, Shape shape, long begin, long end)
    {
        writer.WriteStartObject(name);
        writer.WriteString("dtype", "F32");
        writer.WriteStartArray("shape");
        foreach (var extent in shape) writer.WriteNumberValue(extent);
        writer.WriteEndArray();
        writer.WriteStartArray("data_offsets");
        writer.WriteNumberValue(begin);
        writer.WriteNumberValue(end);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
