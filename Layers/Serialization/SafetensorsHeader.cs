using System.Globalization;
using System.Text.Json;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Layers;

/// <summary>The header of a safetensors file, validated: its tensors and their offsets.</summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The only member of the header that is no tensor.</summary>
    public const string MetadataKey = "__metadata__";

    /// <summary>The maximum length of a header in bytes, that of the format's reference implementation.</summary>
    /// <remarks>It also bounds the memory that a malicious file can make the reader allocate.</remarks>
    public const int MaxLength = 100_000_000;

    private const string ExpectedForm = "expected {\"dtype\":…,\"shape\":[…],\"data_offsets\":[begin,end]}";

    // The maximum depth of the format's reference implementation.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 128 };

    // Far beyond any real file; they bound the memory that a malicious one can make the reader allocate.
    private const int MaxRank = 64;
    private const int MaxMembers = 1_000_000;

    private readonly long dataLength;
    private readonly Func<string, InputException> newError;
    private readonly Dictionary<string, SafetensorsTensorInfo> tensors = [];
    private Dictionary<string, string>? metadata;
    private bool hasMetadata;

    private SafetensorsHeader(long dataLength, Func<string, InputException> newError) =>
        (this.dataLength, this.newError) = (dataLength, newError);

    /// <summary>The tensors, in the header's order.</summary>
    public IReadOnlyCollection<SafetensorsTensorInfo> Tensors => tensors.Values;

    public IReadOnlyDictionary<string, string> Metadata => metadata ?? [];

    public SafetensorsTensorInfo? Find(string name) => tensors.GetValueOrDefault(name);

    /// <summary>Reads a header and checks that its tensors fill the data, without gaps and overlaps.</summary>
    /// <param name="json">The header's bytes.</param>
    /// <param name="dataLength">The bytes that follow it in the file.</param>
    /// <param name="newError">Makes the exception to throw from a description of the error.</param>
    public static SafetensorsHeader Read(
        ReadOnlySpan<byte> json, long dataLength, Func<string, InputException> newError)
    {
        var header = new SafetensorsHeader(dataLength, newError);
        header.ReadAll(json);
        header.CheckNoGaps();
        return header;
    }

    private void ReadAll(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty || json[0] != '{') throw newError("its header does not begin with '{'");
        var reader = new Utf8JsonReader(json, Options);
        try
        {
            reader.Read();
            while (ReadName(ref reader) is { } name)
            {
                reader.Read();
                if (tensors.Count == MaxMembers) throw newError($"it lists more than {MaxMembers} tensors");
                if (name == MetadataKey) ReadMetadata(ref reader);
                else if (!tensors.TryAdd(name, ReadTensor(ref reader, name)))
                    throw newError($"{Quote(name)} comes twice in its header");
            }

            reader.Read();          // throws if anything but white space follows the object
        }
        catch (JsonException error)
        {
            var at = sizeof(ulong) + reader.BytesConsumed;
            throw newError($"its header is not JSON, near byte {at} ({Describe(error)})");
        }
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (hasMetadata) throw newError($"{MetadataKey} comes twice in its header");
        hasMetadata = true;
        if (reader.TokenType == JsonTokenType.Null) return;
        metadata = [];
        if (reader.TokenType != JsonTokenType.StartObject) throw newError($"{MetadataKey} is not an object of texts");
        while (ReadName(ref reader) is { } key)
        {
            reader.Read();
            if (metadata.Count == MaxMembers) throw newError($"{MetadataKey} holds more than {MaxMembers} texts");
            if (reader.TokenType != JsonTokenType.String)
                throw newError($"{MetadataKey} holds {Quote(key)}, which is not a text");
            if (!metadata.TryAdd(key, ReadText(ref reader))) throw newError($"{MetadataKey} holds {Quote(key)} twice");
        }
    }

    private SafetensorsTensorInfo ReadTensor(ref Utf8JsonReader reader, string name)
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
                    Skip(ref reader);
                    break;
            }
        }

        return type is not null && extents is not null && offsets is [var begin, var end]
            ? Check(name, type, extents, begin, end)
            : throw Malformed(name);
    }

    private SafetensorsTensorInfo Check(string name, string type, List<long> extents, long begin, long end)
    {
        if (SafetensorsDtype.BitsPerElement(type) is not { } bits)
            throw newError($"{Quote(name)} has elements of type {Quote(type)}, which the format does not have");
        if (begin > end)
            throw newError($"{Quote(name)} ends at byte {end} of the data, before its beginning at byte {begin}");
        if (end > dataLength)
            throw newError($"{Quote(name)} ends at byte {end} of the data, of which there are {dataLength}");

        var tensor = new SafetensorsTensorInfo(name, type, extents, begin, end);
        if (CountBits(extents, bits) is not { } size)
            throw newError($"{Quote(name)} has the shape {tensor.ExtentsText}, which no file can hold");
        var bytes = end - begin;
        if (size != 8 * (UInt128)bytes)
            throw newError(
                $"{Quote(name)} is {type} {tensor.ExtentsText}, which takes {FormatBytes(size)} bytes, " +
                $"but has bytes {begin} to {end} of the data");
        return tensor;
    }

    /// <summary>The bits of all elements; null if the product, computed from the left, overflows.</summary>
    private static UInt128? CountBits(List<long> extents, int bits)
    {
        ulong count = 1;
        foreach (var extent in extents)
            if (Math.BigMul(count, (ulong)extent, out count) > 0)
                return null;
        return count * (UInt128)(uint)bits;
    }

    /// <summary>The number of bytes, with a fraction if needed: "1.5".</summary>
    private static string FormatBytes(UInt128 bits) => ((decimal)bits / 8).ToString(CultureInfo.InvariantCulture);

    private void CheckNoGaps()
    {
        long filled = 0;
        var last = "";
        foreach (var tensor in tensors.Values.OrderBy(t => t.DataBegin).ThenBy(t => t.DataEnd))
        {
            if (tensor.DataBegin < filled)
                throw newError(
                    $"{Quote(tensor.Name)} begins at byte {tensor.DataBegin} of the data, within {Quote(last)}");
            if (tensor.DataBegin > filled)
                throw newError($"bytes {filled} to {tensor.DataBegin} of its data belong to no tensor");
            (filled, last) = (tensor.DataEnd, tensor.Name);
        }

        if (filled < dataLength) throw newError($"bytes {filled} to {dataLength} of its data belong to no tensor");
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
            throw newError($"the text at byte {at} is not UTF-8, or has half of a surrogate pair");
        }
    }

    /// <summary>Skips a value of any kind, but checks its texts.</summary>
    private void Skip(ref Utf8JsonReader reader)
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
                throw newError(
                    $"{Quote(name)} has a {key} that holds something else than whole numbers from 0 to 2⁶³ − 1");
            if (numbers.Count == MaxRank) throw newError($"{Quote(name)} has a {key} of more than {MaxRank} numbers");
            numbers.Add(number);
        }

        return numbers;
    }

    private InputException Malformed(string name) =>
        newError($"{Quote(name)} is not described as it should be; {ExpectedForm}");
}
