using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using PyNetSharp.Layers;
using PyNetSharp.Models;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Train;

/// <summary>Reads and writes a run's <c>config.json</c>.</summary>
internal static class RunConfigFile
{
    private const int MaxBytes = 1 << 20, MaxMessageLength = 300;

    private static readonly RunConfigJson Json = new(new JsonSerializerOptions
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters =
        {
            new JsonStringEnumConverter<Initialization>(new LowerCase(), allowIntegerValues: false),
            new JsonStringEnumConverter<OptimizerKind>(new LowerCase(), allowIntegerValues: false),
            new JsonStringEnumConverter<EvaluationChoice>(new LowerCase(), allowIntegerValues: false),
            new JsonStringEnumConverter<Precision>(new LowerCase(), allowIntegerValues: false),
        },
    });

    /// <summary>Writes the settings.</summary>
    public static void Write(Stream stream, RunConfig config)
    {
        JsonSerializer.Serialize(stream, config, Json.RunConfig);
        stream.WriteByte((byte)'\n');
    }

    /// <summary>Reads settings; their ranges are for <see cref="RunConfig.Check"/>.</summary>
    /// <exception cref="InputException">
    /// The file cannot be read, or a key is missing, unknown, duplicated or of another type.
    /// </exception>
    public static RunConfig Read(string path) => Read(path, () =>
    {
        if (new FileInfo(path) is { Exists: true, Length: > MaxBytes } file)
            throw new JsonException($"it has {file.Length} bytes; settings have less than {MaxBytes}");
        return File.ReadAllText(path);
    });

    /// <summary>Reads settings from a file's text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="InputException">As for <see cref="Read(string)"/>.</exception>
    public static RunConfig Parse(string text, string path) => Read(path, () => text);

    private static RunConfig Read(string path, Func<string> readText)
    {
        try
        {
            var options = new JsonDocumentOptions { AllowDuplicateProperties = false };
            var root = JsonNode.Parse(readText(), null, options) as JsonObject
                ?? throw new JsonException("it is no object");
            CheckKeys(root);
            foreach (var (key, value) in root) CheckText(path, key, value);
            return root.Deserialize(Json.RunConfig)!;
        }
        catch (JsonException fault) when (fault.Path is ['$', '.', .. var key] && key.Length > 0)
        {
            throw new InputException($"'{path}' cannot be read: {Quote(key)} has a value of the wrong type", fault);
        }
        catch (JsonException fault)
        {
            var at = fault.LineNumber is { } line ? FormattableString.Invariant($"line {line + 1}: ") : "";
            throw new InputException($"'{path}' cannot be read: {at}{Describe(fault)}", fault);
        }
        catch (Exception fault)
            when (fault is IOException or UnauthorizedAccessException or ArgumentException
                or InvalidOperationException)       // half of a surrogate pair
        {
            throw new InputException($"'{path}' cannot be read: {Cut(fault.Message, MaxMessageLength)}", fault);
        }
    }

    /// <summary>Whether a file is empty or a beginning of one of ours; earlier versions could leave one.</summary>
    public static bool IsIncomplete(string path)
    {
        try
        {
            if (new FileInfo(path).Length > 1 << 20) return false;
            var text = File.ReadAllText(path).Trim('\0', ' ', '\n', '\r');
            if (!text.StartsWith("{\n  \"model\":", StringComparison.Ordinal)) return text is "" or "{";
            using var whole = JsonDocument.Parse(text);
            return false;
        }
        catch (JsonException)
        {
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void CheckKeys(JsonObject root)
    {
        var known = Json.RunConfig.Properties;
        if (root.FirstOrDefault(pair => known.All(property => property.Name != pair.Key)).Key is { } unknown)
            throw new JsonException($"it has an unknown key {Quote(unknown)}");
        if (known.FirstOrDefault(property => property.IsRequired && !root.ContainsKey(property.Name)) is { } missing)
            throw new JsonException($"it has no '{missing.Name}'");
    }

    /// <summary>Finds halves of surrogate pairs, which the serializer reports without a key.</summary>
    private static void CheckText(string path, string key, JsonNode? value)
    {
        try
        {
            if (value is JsonArray items)
                foreach (var item in items)
                    CheckText(path, key, item);
            else if (value is JsonObject members)
                foreach (var (_, member) in members)
                    CheckText(path, key, member);
            else if (value?.GetValueKind() == JsonValueKind.String) _ = value.GetValue<string>();
        }
        catch (InvalidOperationException fault)
        {
            throw new InputException(
                $"'{path}' cannot be read: {Quote(key)} is a text with half of a surrogate pair", fault);
        }
    }

    private sealed class LowerCase : JsonNamingPolicy
    {
        public override string ConvertName(string name) => name.ToLowerInvariant();
    }
}

/// <summary>Serialization code that the compiler generates: reflection would delay the first step.</summary>
[JsonSerializable(typeof(RunConfig))]
internal sealed partial class RunConfigJson : JsonSerializerContext;
