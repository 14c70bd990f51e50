using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using PyNetSharp.Models;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Train;

/// <summary>How predictions are printed.</summary>
internal enum PredictionFormat
{
    /// <summary>A line per image.</summary>
    Text,

    /// <summary>One JSON object at the end.</summary>
    Json,

    /// <summary>A line per image and class.</summary>
    Csv,
}

/// <summary>Prints predictions, and on the standard error what is wrong with other files.</summary>
internal sealed class PredictionOutput(PredictionFormat format, int top)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly ConsoleOutput screen = new();
    private readonly JsonArray predictions = [], faults = [];
    private bool hasHeading;

    /// <summary>Whether a file could not be classified.</summary>
    public bool HasFaults { get; private set; }

    /// <summary>Prints what was predicted for a file.</summary>
    public void Add(string file, Prediction prediction)
    {
        var classes = prediction.Top(top);
        switch (format)
        {
            case PredictionFormat.Json:
                predictions.Add((JsonNode)ToJson(file, prediction, classes));
                break;
            case PredictionFormat.Csv:
                if (!hasHeading) ConsoleOutput.WriteDocument("file,rank,class,probability");
                hasHeading = true;
                foreach (var (rank, (name, probability)) in classes.Index())
                    ConsoleOutput.WriteDocument(string.Join(
                        ',', Cell(file), (rank + 1).ToString(CultureInfo.InvariantCulture), Cell(name),
                        probability.ToString("R", CultureInfo.InvariantCulture)));
                break;
            default:
                screen.WriteResult(Clean(file) + "  " + (prediction.Label is null ? "NaN" : string.Join(
                    ", ", classes.Select(k => $"{Clean(k.ClassName)} {NumberFormatting.Percent(k.Probability)}"))));
                break;
        }
    }

    /// <summary>Prints why a file could not be classified.</summary>
    public void Add(string file, string fault)
    {
        HasFaults = true;
        ConsoleOutput.WriteError(fault.ReplaceLineEndings(" "));
        faults.Add((JsonNode)new JsonObject { ["file"] = file, ["error"] = fault });
    }

    /// <summary>Prints what is printed at the end.</summary>
    public void End()
    {
        if (format == PredictionFormat.Json)
            ConsoleOutput.WriteDocument(
                new JsonObject { ["predictions"] = predictions, ["failed"] = faults }.ToJsonString(Indented));
    }

    private static JsonObject ToJson(
        string file, Prediction prediction, IReadOnlyList<(string ClassName, double Probability)> classes) => new()
        {
            ["file"] = file,
            ["class"] = prediction.ClassName,
            ["top"] = new JsonArray([.. classes.Select(k => (JsonNode)new JsonObject
            {
                ["class"] = k.ClassName,
                ["probability"] = double.IsFinite(k.Probability) ? k.Probability : null,
            })]),
        };

    /// <summary>In quotes where it must be (RFC 4180), without characters that control a terminal.</summary>
    private static string Cell(string text)
    {
        var clean = Clean(text);
        return clean.AsSpan().ContainsAny(",\"")
            ? $"\"{clean.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : clean;
    }
}
