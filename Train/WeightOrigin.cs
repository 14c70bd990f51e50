using System.Globalization;

namespace PyNetSharp;

/// <summary>How the network of a weight file was built, kept in the file's metadata.</summary>
/// <param name="Model">The network's name.</param>
/// <param name="Data">The data set that it was trained on.</param>
/// <param name="Width">What its hidden channels were multiplied by.</param>
/// <param name="Resize">The side to which images were resized; null if they were not.</param>
internal sealed record WeightOrigin(string? Model, string? Data, double? Width, int? Resize)
{
    public IReadOnlyDictionary<string, string> ToMetadata()
    {
        var metadata = new Dictionary<string, string>();
        if (Model is not null) metadata["model"] = Model;
        if (Data is not null) metadata["data"] = Data;
        if (Width is { } width) metadata["width"] = width.ToString(CultureInfo.InvariantCulture);
        if (Resize is { } resize) metadata["resize"] = resize.ToString(CultureInfo.InvariantCulture);
        return metadata;
    }

    /// <summary>What a file says of itself; nothing, if it comes from elsewhere.</summary>
    /// <exception cref="InputException">The file cannot be read or is no safetensors file.</exception>
    public static WeightOrigin Of(string path)
    {
        using var file = Safetensors.Open(path);
        var metadata = file.Metadata;
        return new(
            metadata.GetValueOrDefault("model"),
            metadata.GetValueOrDefault("data"),
            double.TryParse(metadata.GetValueOrDefault("width"), NumberStyles.Float, CultureInfo.InvariantCulture, out var width) && width is > 0 and <= 16 ? width : null,
            int.TryParse(metadata.GetValueOrDefault("resize"), NumberStyles.None, CultureInfo.InvariantCulture, out var side) && side is > 0 and <= 1024 ? side : null);
    }
}
