using System.Globalization;
using PyNetSharp.Layers;

namespace PyNetSharp.Train;

/// <summary>The settings of a weight file's network, so that evaluating it needs no options repeated.</summary>
/// <param name="Model">The network's name.</param>
/// <param name="Data">The data set that it was trained on.</param>
/// <param name="WidthMultiplier">The multiplier of its hidden channels.</param>
/// <param name="Resize">The side to which images were resized; null if they were not.</param>
internal sealed record WeightMetadata(string? Model, string? Data, double? WidthMultiplier, int? Resize)
{
    /// <summary>The metadata of the file.</summary>
    public IReadOnlyDictionary<string, string> ToMetadata()
    {
        var metadata = new Dictionary<string, string>();
        if (Model is not null) metadata["model"] = Model;
        if (Data is not null) metadata["data"] = Data;
        if (WidthMultiplier is { } width) metadata["width"] = width.ToString(CultureInfo.InvariantCulture);
        if (Resize is { } resize) metadata["resize"] = resize.ToString(CultureInfo.InvariantCulture);
        return metadata;
    }

    /// <summary>The settings in a file's metadata; none if it is of another program or another network.</summary>
    /// <exception cref="InputException">The file cannot be read or is no safetensors file.</exception>
    public static WeightMetadata Read(string path, string model)
    {
        using var file = Safetensors.Open(path);
        var metadata = file.Metadata;
        if (metadata.GetValueOrDefault("model") != model) return new(null, null, null, null);

        var (width, side) = (metadata.GetValueOrDefault("width"), metadata.GetValueOrDefault("resize"));
        return new(model, metadata.GetValueOrDefault("data"), ReadWidth(width), ReadSide(side));
    }

    private static double? ReadWidth(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var x) && x is > 0 and <= 16
            ? x : null;

    private static int? ReadSide(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is > 0 and <= 1024
            ? n : null;
}
