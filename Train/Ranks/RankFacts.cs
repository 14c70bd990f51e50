using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using PyNetSharp.Data;

namespace PyNetSharp.Train;

/// <summary>
/// What all ranks must have in common, so that they compute parts of the same step: program, instruction set, settings
/// and data.
/// </summary>
internal static class RankFacts
{
    private const int SampledItems = 256;

    /// <summary>Settings in which ranks may differ: of their machines, and of rank 0's files.</summary>
    private static readonly string[] OwnSettings =
        ["data_dir", "threads", "device_model", "driver", "started", "versions", "resumed", "arguments"];

    /// <summary>Compares this rank's facts with those of the others.</summary>
    /// <exception cref="InputException">They differ: on every rank, with the same message.</exception>
    public static void Compare(RankSession ranks, RunConfig config, params (string Name, Dataset? Items)[] data)
    {
        var all = ranks.Exchange(ToJson(config, data).ToJsonString());
        if (FindDifferences([.. all.Select(text => JsonNode.Parse(text)!.AsObject())]) is { } message)
            throw new InputException(message);
    }

    /// <returns>Null if there are none.</returns>
    internal static string? FindDifferences(IReadOnlyList<JsonObject> ranks)
    {
        for (var rank = 1; rank < ranks.Count; rank++)
        {
            string[] names = [.. ranks[0].Select(fact => fact.Key).Union(ranks[rank].Select(fact => fact.Key))];
            string[] differing =
            [
                .. from name in names
                   let ours = Text(ranks[0], name)
                   let theirs = Text(ranks[rank], name)
                   where ours != theirs
                   select $"{name} ({ours} and {theirs})",
            ];
            if (differing.Length > 0)
                return $"ranks 0 and {rank} differ: {string.Join("; ", differing)}. All ranks need the same program, " +
                    "settings and data.";
        }

        return null;

        static string Text(JsonObject facts, string name) =>
            facts.TryGetPropertyValue(name, out var value) ? value?.ToJsonString() ?? "null" : "missing";
    }

    private static JsonObject ToJson(RunConfig config, IEnumerable<(string Name, Dataset? Items)> data)
    {
        var facts = new JsonObject
        {
            ["program"] = typeof(RankFacts).Assembly
                .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
            [".NET"] = Environment.Version.ToString(),
            ["instructions"] = Instructions(),
        };
        foreach (var (name, items) in data)
        {
            facts[$"{name} items"] = items?.Count;
            facts[$"content of the {name} items"] = items is null ? null : Fingerprint(items);
        }

        using var written = new MemoryStream();
        RunConfigFile.Write(written, config);
        foreach (var (key, value) in JsonNode.Parse(written.ToArray())!.AsObject())
            if (!OwnSettings.Contains(key)) facts[key] = value?.DeepClone();
        return facts;
    }

    /// <summary>What the vector code is compiled for: sums of another width round otherwise.</summary>
    private static string Instructions()
    {
        var width = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;
        var fused = Fma.IsSupported || RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? ", FMA" : "";
        return string.Create(
            CultureInfo.InvariantCulture, $"{RuntimeInformation.ProcessArchitecture}, {width} bits{fused}");
    }

    /// <summary>A hash of all labels, and of the values of some hundred items from first to last.</summary>
    internal static string Fingerprint(Dataset items)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (items.HasLabelPerItem) hash.AppendData(MemoryMarshal.AsBytes(items.Labels));
        var values = new float[items.ItemShape.Size];
        var count = Math.Min(items.Count, SampledItems);
        for (var i = 0; i < count; i++)
        {
            items.Read((int)((long)i * (items.Count - 1) / Math.Max(1, count - 1)), values);
            hash.AppendData(MemoryMarshal.AsBytes<float>(values));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
