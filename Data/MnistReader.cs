namespace PyNetSharp.Data;

/// <summary>Reads folders of four IDX files, as MNIST and Fashion-MNIST have them.</summary>
public static class MnistReader
{
    internal static readonly IReadOnlyList<string> Digits = [.. Enumerable.Range(0, 10).Select(digit => $"{digit}")];

    internal static readonly IReadOnlyList<string> Fashion =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    /// <summary>
    /// Reads <c>train-images-idx3-ubyte</c>, <c>train-labels-idx1-ubyte</c> and both <c>t10k-…</c> files.
    /// </summary>
    /// <param name="folder">
    /// The files' folder. Each name may end in <c>.gz</c>, and have a dot: <c>train-images.idx3-ubyte</c>.
    /// </param>
    /// <param name="name">The name of the set in errors and reports: "mnist".</param>
    /// <param name="classNames">The name of each class.</param>
    /// <returns>Images [1, rows, columns].</returns>
    /// <exception cref="InputException">A file is missing or invalid, or the files do not match.</exception>
    public static TrainTestSplit Read(string folder, string name, IReadOnlyList<string> classNames)
    {
        var (train, test) = (ReadPart("train", "train"), ReadPart("t10k", "test"));
        if (train.ItemShape != test.ItemShape)
            throw new InputException(
                $"'{folder}': training images have the shape {train.ItemShape} and test images {test.ItemShape}.");
        return new(train, test);

        ImageDataset ReadPart(string prefix, string part)
        {
            var imagePath = Find(folder, $"{prefix}-images", "idx3");
            var labelPath = Find(folder, $"{prefix}-labels", "idx1");
            var (pixels, shape) = IdxReader.ReadImages(imagePath);
            var labels = IdxReader.ReadLabels(labelPath, classNames.Count);
            var images = pixels.Length / shape.Size;
            if (images != labels.Length)
                throw new InputException(
                    $"'{imagePath}' has {images} images, but '{labelPath}' has {labels.Length} labels.");
            return new($"{name} {part}", classNames, shape, pixels, labels);
        }
    }

    /// <summary>Whether a folder has training images under any of their names.</summary>
    internal static bool IsPresent(string folder) =>
        FileNames("train-images", "idx3").Any(file => File.Exists(Path.Combine(folder, file)));

    private static string Find(string folder, string stem, string kind) =>
        FileNames(stem, kind).Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists)
        ?? throw new InputException(
            $"'{Path.Combine(folder, $"{stem}-{kind}-ubyte")}' is not available, nor is its .gz.");

    private static string[] FileNames(string stem, string kind) =>
        [$"{stem}-{kind}-ubyte", $"{stem}-{kind}-ubyte.gz", $"{stem}.{kind}-ubyte", $"{stem}.{kind}-ubyte.gz"];
}
