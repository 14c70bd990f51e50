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
    private const int MaxNameLength = 64;       // a longer text is not a name of ours

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

    /// <summary>The settings in a file's metadata; null for each that it does not have.</summary>
    /// <exception cref="InputException">The file cannot be read or is no safetensors file.</exception>
    public static WeightMetadata Read(string path)
    {
        using var file = Safetensors.Open(path);
        var metadata = file.Metadata;
        var (width, side) = (metadata.GetValueOrDefault("width"), metadata.GetValueOrDefault("resize"));
        return new(Name("model"), Name("data"), ReadWidth(width), ReadSide(side));

        string? Name(string key) => metadata.GetValueOrDefault(key) is { Length: <= MaxNameLength } name ? name : null;
    }

    /// <summary>The settings in a file's metadata; none if it is of another program or another network.</summary>
    /// <exception cref="InputException">The file cannot be read or is no safetensors file.</exception>
    public static WeightMetadata Read(string path, string model) =>
        Read(path) is var all && all.Model == model ? all : new(null, null, null, null);

    /// <summary>Checks that weights to begin with are of this network and of this data set's classes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The network that is trained.</param>
    /// <param name="data">The data set that it is trained on.</param>
    /// <exception cref="InputException">They are of others, by the file's metadata.</exception>
    public void CheckOrigin(string path, string model, string data)
    {
        if (Model is not null && Model != model)
            throw new InputException(
                $"--weights '{path}': they are weights of {ErrorText.Quote(Model)}, not of {model}; --new-head takes " +
                "what fits all layers but the last.");
        if (Model is not null && Data is not null && Data != data)
            throw new InputException(
                $"--weights '{path}': they were trained on {ErrorText.Quote(Data)}, not on {data}, which has other " +
                "classes; --new-head draws the last layer anew.");
    }

    private static double? ReadWidth(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var x) && x is > 0 and <= 16
            ? x : null;

    private static int? ReadSide(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is > 0 and <= 1024
            ? n : null;
}
