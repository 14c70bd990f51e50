using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Data;

/// <summary>Reads CIFAR-10 and CIFAR-100 in their python versions, which are pickles.</summary>
/// <remarks>
/// A file is a dictionary with an array <c>data</c>, [images, 3072] bytes, the red plane of each image first, and a
/// list of labels. Nothing in it is executed; see <see cref="PickleReader"/>.
/// </remarks>
/// <seealso href="https://www.cs.toronto.edu/~kriz/cifar.html">The format, on the authors' page</seealso>
internal static class CifarPythonReader
{
    private const int ImageBytes = 3 * 32 * 32, MaxNameLength = 100, MaxFileBytes = 512 << 20;

    internal static readonly string[] Cifar10Files =
        [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}"), "test_batch"];

    internal static readonly string[] Cifar100Files = ["train", "test"];

    /// <summary>Reads one part.</summary>
    /// <param name="name">The name of the set.</param>
    /// <param name="files">Its files, read in this order.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="labelKey">The key of the labels: "labels", "fine_labels" or "coarse_labels".</param>
    /// <exception cref="InputException">A file is missing or damaged, or holds something else.</exception>
    public static ImageDataset Read(
        string name, IReadOnlyList<string> files, IReadOnlyList<string> classNames, string labelKey)
    {
        var (pixels, labels) = (Array.Empty<byte>(), new List<int>());
        for (var i = 0; i < files.Count; i++)
        {
            var (root, done) = (ReadDictionary(files[i]), labels.Count * ImageBytes);
            var part = Pixels(files[i], root);
            AddLabels(files[i], root, labelKey, part.Length / ImageBytes, classNames.Count, labels);
            if ((long)labels.Count * ImageBytes > DataFile.MaxBytes)
                throw new InputException(
                    $"'{files[0]}' and its like hold {labels.Count} images; at most " +
                    $"{DataFile.MaxBytes / ImageBytes} are read.");

            // Usually all files are as long as the first, and one array is allocated.
            var expected = Math.Min(done + (long)part.Length * (files.Count - i), DataFile.MaxBytes);
            if (done + part.Length > pixels.Length) Array.Resize(ref pixels, (int)expected);
            part.CopyTo(pixels, done);
        }

        Array.Resize(ref pixels, labels.Count * ImageBytes);
        return new(name, classNames, [3, 32, 32], pixels, [.. labels]);
    }

    /// <summary>The names of the classes in the file <c>batches.meta</c> or <c>meta</c>, if it is there.</summary>
    /// <exception cref="InputException">It is damaged, or has other names.</exception>
    public static IReadOnlyList<string> ClassNames(string path, string key, IReadOnlyList<string> known)
    {
        if (!File.Exists(path)) return known;
        if (ReadDictionary(path).GetValueOrDefault(key) is not List<object?> list || list.Count != known.Count)
            throw new InputException($"'{path}': '{key}' is no list of {known.Count} class names.");
        var names = list.Select(PickleReader.Text).ToArray();
        foreach (var name in names)
            if (name is null || name.Length > MaxNameLength || name.Any(char.IsControl))
                throw new InputException($"'{path}': {Quote(name ?? "null")}; expected the name of a class.");
        return [.. names.Select(name => name!)];
    }

    private static Dictionary<string, object?> ReadDictionary(string path)
    {
        var bytes = DataFile.Read(path, file =>
        {
            if (file.Length > MaxFileBytes)
                throw new InputException($"'{path}' has {file.Length} bytes; expected at most {MaxFileBytes}.");
            var content = new byte[file.Length];
            file.ReadExactly(content);
            return content;
        });
        try
        {
            return PickleReader.Read(bytes) as Dictionary<string, object?>
                ?? throw new FormatException("it holds no dictionary");
        }
        catch (FormatException fault)
        {
            throw new InputException($"'{path}' is no pickle of CIFAR's python version: {fault.Message}.", fault);
        }
    }

    private static byte[] Pixels(string path, Dictionary<string, object?> root)
    {
        if (root.GetValueOrDefault("data") is not PickledArray array)
            throw new InputException($"'{path}' has no array 'data' of images.");
        return array.Shape is [_, ImageBytes] or [_, 3, 32, 32]
            ? array.Bytes
            : throw new InputException(
                $"'{path}': 'data' has the shape ({string.Join(", ", array.Shape)}); expected (images, {ImageBytes}).");
    }

    private static void AddLabels(
        string path, Dictionary<string, object?> root, string key, int count, int classes, List<int> labels)
    {
        if (root.GetValueOrDefault(key) is not List<object?> list)
            throw new InputException($"'{path}' has no list '{key}'.");
        if (list.Count != count)
            throw new InputException($"'{path}' has {count} images and {list.Count} in '{key}'.");
        for (var i = 0; i < list.Count; i++)
            labels.Add(list[i] is >= 0L and long label && label < classes
                ? (int)label
                : throw new InputException(
                    $"'{path}': entry {i} of '{key}' is {Quote($"{list[i]}")}; expected 0…{classes - 1}."));
    }
}
