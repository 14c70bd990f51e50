using PyNetSharp.Images;
using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>Checks that weights to begin with are of this network and of this data set's classes.</summary>
internal static class WeightOrigin
{
    /// <param name="origin">The file's metadata.</param>
    /// <param name="path">The file.</param>
    /// <param name="model">The network that is trained.</param>
    /// <param name="data">The data set that it is trained on.</param>
    /// <exception cref="InputException">They are of others, by the file's metadata.</exception>
    public static void Check(WeightMetadata origin, string path, string model, string data)
    {
        if (origin.Model is null) return;
        if (origin.Model != model)
            throw new InputException(
                $"--weights '{path}': they are weights of {ErrorText.Quote(origin.Model)}, not of {model}; " +
                "--new-head takes what fits all layers but the last.");
        if (origin.Data is null || origin.Data == data || HasItsClasses(origin, data)) return;
        throw new InputException(
            $"--weights '{path}': they were trained on {ErrorText.Quote(origin.Data)}, not on {data}, which has " +
            "other classes; --new-head draws the last layer anew.");
    }

    private static bool HasItsClasses(WeightMetadata origin, string data) =>
        PictureFolder.IsOne(data) && origin.ClassNames is { } names
        && ImageFolder.FindClasses(data).SequenceEqual(names);
}
