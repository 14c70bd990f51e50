using System.Globalization;
using System.Text;
using System.Text.Json;
using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>What a weight file says of its network: how to build it, what goes in, what comes out.</summary>
/// <remarks>
/// <c>pynet</c> writes it into the metadata of its weights. Files of strangers may say anything: what is outside of its
/// range is read as null.
/// </remarks>
public sealed record WeightMetadata
{
    private const int MaxNameLength = 64, MaxPathLength = 4096;       // a longer text is not one of ours
    private const int MaxClasses = 100_000, MaxClassLength = 512, MaxClassBytes = 1 << 22, MaxSide = 4096;
    private static readonly JsonDocumentOptions Flat = new() { MaxDepth = 2 };

    /// <summary>The network's name in <see cref="NetworkCatalog"/>.</summary>
    public string? Model { get; init; }

    /// <summary>The data set that it was trained on: its name, or the path of a folder of pictures.</summary>
    public string? Data { get; init; }

    /// <summary>As <see cref="NetworkOptions.WidthMultiplier"/>.</summary>
    public double? WidthMultiplier { get; init; }

    /// <summary>The shape [c, h, w] of the data set's images, before resizing; null where it has none.</summary>
    public Shape? Item { get; init; }

    /// <summary>As <see cref="Recipe.Resize"/>: the side to which images were resized; null if they were not.</summary>
    public int? Resize { get; init; }

    /// <summary>As <see cref="Recipe.Mean"/>.</summary>
    public float? Mean { get; init; }

    /// <summary>As <see cref="Recipe.Std"/>.</summary>
    public float? Std { get; init; }

    /// <summary>The names of the classes, in the order of the outputs; null if they are not known.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>The share of each class that was for testing, of a folder of pictures without parts.</summary>
    public double? TestShare { get; init; }

    /// <summary>The seed that chose them.</summary>
    public ulong? Seed { get; init; }

    /// <summary>The column of the classes, of a file of comma-separated values.</summary>
    public string? Label { get; init; }

    /// <summary>The character between its fields.</summary>
    public char? Separator { get; init; }

    /// <summary>The metadata for a file.</summary>
    public IReadOnlyDictionary<string, string> ToMetadata()
    {
        var metadata = new Dictionary<string, string>();
        Add("model", Model);
        Add("data", Data);
        Add("width", WidthMultiplier);
        Add("resize", Resize);
        Add("item", Item is null ? null : string.Join(',', Item.Select(n => n.ToString(CultureInfo.InvariantCulture))));
        Add("mean", Mean);
        Add("std", Std);
        Add("test_share", TestShare);
        Add("seed", Seed);
        Add("label", Label);
        Add("separator", Separator);
        if (ClassNames is not null) metadata["classes"] = WriteNames(ClassNames);
        return metadata;

        void Add(string key, object? value)
        {
            if (value is not null) metadata[key] = Convert.ToString(value, CultureInfo.InvariantCulture)!;
        }
    }

    /// <summary>Reads the metadata of a file.</summary>
    /// <exception cref="InputException">The file cannot be read or is no safetensors file.</exception>
    public static WeightMetadata Read(string path)
    {
        using var file = Safetensors.Open(path);
        var metadata = file.Metadata;
        return new()
        {
            Model = Text("model", MaxNameLength),
            Data = Text("data", MaxPathLength),
            WidthMultiplier = Number("width", x => x is > 0 and <= 16),
            Item = ReadShape(Text("item", MaxNameLength)),
            Resize = Integer("resize", 1024),
            Mean = (float?)Number("mean", x => double.IsFinite((float)x)),
            Std = (float?)Number("std", x => (float)x > 0 && double.IsFinite((float)x)),
            ClassNames = ReadNames(Text("classes", MaxClassBytes)),
            TestShare = Number("test_share", x => x is > 0 and < 1),
            Seed = ReadSeed(Text("seed", MaxNameLength)),
            Label = Text("label", MaxPathLength),
            Separator = Text("separator", 1) is [var separator] ? separator : null,
        };

        string? Text(string key, int most) =>
            metadata.GetValueOrDefault(key) is { } text && text.Length <= most ? text : null;

        double? Number(string key, Func<double, bool> fits) =>
            double.TryParse(Text(key, MaxNameLength), NumberStyles.Float, CultureInfo.InvariantCulture, out var x)
                && fits(x) ? x : null;

        int? Integer(string key, int most) => ReadInteger(Text(key, MaxNameLength), most);
    }

    /// <summary>The metadata of a file; none if it is of another program or another network.</summary>
    /// <exception cref="InputException">The file cannot be read or is no safetensors file.</exception>
    internal static WeightMetadata Read(string path, string model) =>
        Read(path) is var all && all.Model == model ? all : new();

    private static ulong? ReadSeed(string? text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;

    private static int? ReadInteger(string? text, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 && n <= most ? n : null;

    private static Shape? ReadShape(string? text)
    {
        var extents = text?.Split(',').Select(part => ReadInteger(part, MaxSide)).ToArray();
        return extents is [{ } channels and (1 or 3), { } height, { } width] ? [channels, height, width] : null;
    }

    private static string WriteNames(IReadOnlyList<string> names)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartArray();
            foreach (var name in names) json.WriteStringValue(name);
            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static string[]? ReadNames(string? text)
    {
        if (text is null) return null;
        try
        {
            using var json = JsonDocument.Parse(text, Flat);
            if (json.RootElement.ValueKind != JsonValueKind.Array) return null;
            if (json.RootElement.GetArrayLength() is < 2 or > MaxClasses) return null;
            string?[] names =
            [
                .. json.RootElement.EnumerateArray()
                    .Select(name => name.ValueKind == JsonValueKind.String ? name.GetString() : null),
            ];
            return names.All(name => name?.Length <= MaxClassLength) ? [.. names.Select(name => name!)] : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)  // half of a surrogate pair
        {
            return null;
        }
    }
}
