using System.Globalization;
using System.Text.Json;
using static PyNetSharp.Quotation;

namespace PyNetSharp;

/// <summary>The header of a safetensors file, read and checked: which tensors there are, and where.</summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The header's one member that is no tensor.</summary>
    public const string MetadataName = "__metadata__";

    /// <summary>The bytes of a header at the most: as in the format's reference implementation.</summary>
    /// <remarks>It also bounds the memory that a hostile file can ask for.</remarks>
    public const int Longest = 100_000_000;

    private const string ExpectedForm = "expected {\"dtype\":…,\"shape\":[…],\"data_offsets\":[begin,end]}";

    // As deep as the format's reference implementation reads.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 128 };

    // Both are far beyond any real file; they bound the memory that a hostile one can ask for.
    private const int MostExtents = 64;
    private const int MostMembers = 1_000_000;

    private readonly long dataLength;
    private readonly Func<string, InputException> fault;
    private readonly Dictionary<string, SafetensorsEntry> tensors = [];
    private Dictionary<string, string>? metadata;
    private bool hasMetadata;

    private SafetensorsHeader(long dataLength, Func<string, InputException> fault) =>
        (this.dataLength, this.fault) = (dataLength, fault);

    /// <summary>The tensors, in the header's order.</summary>
    public IReadOnlyCollection<SafetensorsEntry> Tensors => tensors.Values;

    public IReadOnlyDictionary<string, string> Metadata => metadata ?? [];

    public SafetensorsEntry? Find(string name) => tensors.GetValueOrDefault(name);

    /// <summary>Reads a header and checks that its tensors fill the data, without holes and overlaps.</summary>
    /// <param name="json">The header's bytes.</param>
    /// <param name="dataLength">The bytes that follow it in the file.</param>
    /// <param name="fault">Makes the exception to throw from a description of the fault.</param>
    public static SafetensorsHeader Read(ReadOnlySpan<byte> json, long dataLength, Func<string, InputException> fault)
    {
        var header = new SafetensorsHeader(dataLength, fault);
        header.ReadAll(json);
        header.CheckThatTensorsFillTheData();
        return header;
    }

    private void ReadAll(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty || json[0] != '{') throw fault("its header does not begin with '{'");
        var reader = new Utf8JsonReader(json, Options);
        try
        {
            reader.Read();
            while (ReadName(ref reader) is { } name)
            {
                reader.Read();
                if (tensors.Count == MostMembers) throw fault($"it lists more than {MostMembers} tensors");
                if (name == MetadataName) ReadMetadata(ref reader);
                else if (!tensors.TryAdd(name, ReadTensor(ref reader, name)))
                    throw fault($"{Quote(name)} comes twice in its header");
            }

            reader.Read();          // throws if anything but blanks follows the object
        }
        catch (JsonException error)
        {
            throw fault($"its header is not JSON, near byte {sizeof(ulong) + reader.BytesConsumed} ({error.Message.TrimEnd('.')})");
        }
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (hasMetadata) throw fault($"{MetadataName} comes twice in its header");
        hasMetadata = true;
        if (reader.TokenType == JsonTokenType.Null) return;
        metadata = [];
        if (reader.TokenType != JsonTokenType.StartObject) throw fault($"{MetadataName} is not an object of texts");
        while (ReadName(ref reader) is { } key)
        {
            reader.Read();
            if (metadata.Count == MostMembers) throw fault($"{MetadataName} holds more than {MostMembers} texts");
            if (reader.TokenType != JsonTokenType.String) throw fault($"{MetadataName} holds {Quote(key)}, which is not a text");
            if (!metadata.TryAdd(key, ReadText(ref reader))) throw fault($"{MetadataName} holds {Quote(key)} twice");
        }
    }

    private SafetensorsEntry ReadTensor(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw Malformed(name);
        string? type = null;
        List<long>? extents = null, offsets = null;
        while (ReadName(ref reader) is { } key)
        {
            reader.Read();
            switch (key)
            {
                case "dtype":
                    if (type is not null || reader.TokenType != JsonTokenType.String) throw Malformed(name);
                    type = ReadText(ref reader);
                    break;
                case "shape":
                    if (extents is not null) throw Malformed(name);
                    extents = ReadNumbers(ref reader, name, key);
                    break;
                case "data_offsets":
                    if (offsets is not null) throw Malformed(name);
                    offsets = ReadNumbers(ref reader, name, key);
                    break;
                default:
                    PassOver(ref reader);
                    break;
            }
        }

        return type is not null && extents is not null && offsets is [var begin, var end]
            ? Check(name, type, extents, begin, end)
            : throw Malformed(name);
    }

    private SafetensorsEntry Check(string name, string type, List<long> extents, long begin, long end)
    {
        if (SafetensorsType.Bits(type) is not { } bits)
            throw fault($"{Quote(name)} has elements of type {Quote(type)}, which the format does not have");
        if (begin > end)
            throw fault($"{Quote(name)} ends at byte {end} of the data, before its beginning at byte {begin}");
        if (end > dataLength)
            throw fault($"{Quote(name)} ends at byte {end} of the data, of which there are {dataLength}");

        var tensor = new SafetensorsEntry(name, type, extents, begin, end);
        if (CountBits(extents, bits) is not { } size)
            throw fault($"{Quote(name)} has the shape {tensor.ExtentsText}, which no file can hold");
        var bytes = end - begin;
        if (size != 8 * (UInt128)bytes)
            throw fault(
                $"{Quote(name)} is {type} {tensor.ExtentsText}, which takes {Bytes(size)} bytes, " +
                $"but has bytes {begin} to {end} of the data");
        return tensor;
    }

    /// <summary>The bits of all elements; null if the product, taken from the left, overflows.</summary>
    private static UInt128? CountBits(List<long> extents, int bits)
    {
        ulong count = 1;
        foreach (var extent in extents)
            if (Math.BigMul(count, (ulong)extent, out count) > 0)
                return null;
        return count * (UInt128)(uint)bits;
    }

    /// <summary>Whole bytes, or such as "1.5".</summary>
    private static string Bytes(UInt128 bits) => ((decimal)bits / 8).ToString(CultureInfo.InvariantCulture);

    private void CheckThatTensorsFillTheData()
    {
        long filled = 0;
        var last = "";
        foreach (var tensor in tensors.Values.OrderBy(t => t.Begin).ThenBy(t => t.End))
        {
            if (tensor.Begin < filled)
                throw fault($"{Quote(tensor.Name)} begins at byte {tensor.Begin} of the data, within {Quote(last)}");
            if (tensor.Begin > filled)
                throw fault($"bytes {filled} to {tensor.Begin} of its data belong to no tensor");
            (filled, last) = (tensor.End, tensor.Name);
        }

        if (filled < dataLength) throw fault($"bytes {filled} to {dataLength} of its data belong to no tensor");
    }

    /// <summary>The name of the next member of an object; null at the object's end.</summary>
    private string? ReadName(ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType == JsonTokenType.PropertyName ? ReadText(ref reader) : null;

    private string ReadText(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            var at = sizeof(ulong) + reader.TokenStartIndex;
            throw fault($"the text at byte {at} is not UTF-8, or has half of a surrogate pair");
        }
    }

    /// <summary>Reads a value of whatever kind, to its end.</summary>
    private void PassOver(ref Utf8JsonReader reader)
    {
        var depth = reader.CurrentDepth;
        do
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName) ReadText(ref reader);
        while ((IsBegin(reader.TokenType) || reader.CurrentDepth > depth) && reader.Read());

        static bool IsBegin(JsonTokenType token) => token is JsonTokenType.StartObject or JsonTokenType.StartArray;
    }

    private List<long> ReadNumbers(ref Utf8JsonReader reader, string name, string key)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw Malformed(name);
        List<long> numbers = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number
                || reader.ValueSpan[0] == '-'
                || !reader.TryGetInt64(out var number))
                throw fault($"{Quote(name)} has a {key} that holds something else than whole numbers from 0 to 2⁶³ − 1");
            if (numbers.Count == MostExtents) throw fault($"{Quote(name)} has a {key} of more than {MostExtents} numbers");
            numbers.Add(number);
        }

        return numbers;
    }

    private InputException Malformed(string name) => fault($"{Quote(name)} is not described as it should be; {ExpectedForm}");
}
