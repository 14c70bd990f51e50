using PyNetSharp.Data;

namespace PyNetSharp.Images;

/// <summary>A data set of pictures in folders, one per class, as torchvision's class of this name.</summary>
/// <remarks>
/// Either <c>train/CLASS/…</c> and <c>test/CLASS/…</c>, or <c>CLASS/…</c>, of which a share is for testing. Classes are
/// the folders in ordinal order of their names; pictures may be in folders within them. Hidden files and folders are
/// ignored. Pictures may have any sizes: <see cref="ImageFit"/> brings them to that of the items. Which pictures are
/// for testing, and the order of the others, follow from their names and a seed.
/// </remarks>
public static class ImageFolder
{
    private const string Train = "train", Test = "test";
    private const int MaxDepth = 16;

    /// <summary>Whether a folder has the parts <c>train/</c> and <c>test/</c>.</summary>
    public static bool HasParts(string folder) =>
        Directory.Exists(Path.Combine(folder, Train)) && Directory.Exists(Path.Combine(folder, Test));

    /// <summary>The names of the classes: of the folders in it, or in its <c>train/</c>, in ordinal order.</summary>
    /// <exception cref="InputException">The folder cannot be read, or has less than two of them.</exception>
    public static IReadOnlyList<string> FindClasses(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (FolderCheck.FindProblem(folder) is { } problem) throw new InputException($"'{folder}' {problem}.");
        var root = HasParts(folder) ? Path.Combine(folder, Train) : folder;
        string[] names =
        [
            .. DataFile.WrapFileErrors(root, () => Directory.GetDirectories(root, "*", Visible(recursive: false)))
                .Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal),
        ];
        return names.Length >= 2
            ? names
            : throw new InputException(
                $"'{root}' has {(names.Length == 0 ? "no folder" : "a single folder")}; expected one for each class, " +
                "with its pictures.");
    }

    /// <summary>Finds the pictures, and checks that they are some.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="item">The shape [c, h, w] that the items are to have; c is 3 for color, 1 for gray.</param>
    /// <param name="options">Which are for testing, and what follows a damaged one; null for the defaults.</param>
    /// <returns>Training and test pictures.</returns>
    /// <exception cref="ImageException">A file is no image, damaged or too large.</exception>
    /// <exception cref="InputException">A folder cannot be read, a class has no picture, or classes differ.</exception>
    /// <remarks>
    /// A folder of up to 64 MB of files is decoded at once. Of a larger one the headers are checked, and pictures are
    /// decoded when a batch needs them, which may reveal a damaged one; to skip those, all are decoded at once too.
    /// Decoded pictures are kept, up to a gigabyte.
    /// </remarks>
    public static TrainTestSplit Load(string folder, Shape item, ImageFolderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(item);
        options ??= new();
        var classes = FindClasses(folder);
        var (train, test) = HasParts(folder)
            ? (Find(Path.Combine(folder, Train), classes), FindTest(Path.Combine(folder, Test), classes))
            : Split(Find(folder, classes), classes.Count, options);
        if (test.Length == 0)
            throw new InputException($"'{folder}' has no pictures to test on; expected two or more of a class.");
        new Rng(options.Seed).Split(1).Shuffle(train.AsSpan());         // so that the first N are of all classes

        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        var cache = new PictureCache();
        return new(Part(Train, train), Part(Test, test));

        Dataset Part(string part, Picture[] pictures)
        {
            var kept = PictureCheck.Run(pictures, item, cache, options);
            return kept.Length > 0
                ? new PictureDataset($"{name} {part}", classes, item, kept, cache)
                : throw new InputException($"'{folder}': no picture is left for the part {part}.");
        }
    }

    /// <summary>All pictures of a folder as one part: to measure a model with the classes that it knows.</summary>
    /// <param name="folder">The folder; of <c>train/</c> and <c>test/</c> the latter is taken.</param>
    /// <param name="item">As for <see cref="Load"/>.</param>
    /// <param name="classNames">The classes of the model, in the order of its outputs.</param>
    /// <param name="options">As for <see cref="Load"/>.</param>
    /// <exception cref="InputException">As for <see cref="Load"/>, or a folder is of no class of the model.</exception>
    public static Dataset LoadAll(
        string folder, Shape item, IReadOnlyList<string> classNames, ImageFolderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(classNames);
        options ??= new();
        _ = FindClasses(folder);
        var root = HasParts(folder) ? Path.Combine(folder, Test) : folder;
        var cache = new PictureCache();
        var kept = PictureCheck.Run(FindTest(root, classNames), item, cache, options);
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return kept.Length > 0
            ? new PictureDataset(name, classNames, item, kept, cache)
            : throw new InputException($"'{folder}': no picture is left.");
    }

    /// <summary>The files of a folder and of the folders in it that are not hidden, in ordinal order.</summary>
    /// <exception cref="InputException">It cannot be read.</exception>
    public static IReadOnlyList<string> FindFiles(string folder) => DataFile.WrapFileErrors<IReadOnlyList<string>>(
        folder,
        () =>
        [
            .. Directory.GetFiles(folder, "*", Visible(recursive: true))
                .OrderBy(path => Path.GetRelativePath(folder, path).Replace('\\', '/'), StringComparer.Ordinal),
        ]);

    private static Picture[] Find(string root, IReadOnlyList<string> classes) =>
    [
        .. classes.SelectMany((name, label) => FindFiles(Path.Combine(root, name)) is { Count: > 0 } files
            ? files.Select(path => new Picture(path, label))
            : throw new InputException($"'{Path.Combine(root, name)}' has no pictures; expected some of the class.")),
    ];

    /// <summary>A class may have no pictures to test on, but there are no others.</summary>
    private static Picture[] FindTest(string root, IReadOnlyList<string> classes)
    {
        var names = DataFile.WrapFileErrors(root, () => Directory.GetDirectories(root, "*", Visible(recursive: false)))
            .Select(path => Path.GetFileName(path)).ToHashSet();
        if (names.Except(classes).Order(StringComparer.Ordinal).FirstOrDefault() is { } other)
            throw new InputException(
                $"'{Path.Combine(root, other)}' is of no class; expected one of {string.Join(", ", classes.Take(20))}" +
                $"{(classes.Count > 20 ? ", …" : "")}.");
        return
        [
            .. classes.SelectMany((name, label) => names.Contains(name)
                ? FindFiles(Path.Combine(root, name)).Select(path => new Picture(path, label))
                : []),
        ];
    }

    /// <summary>Of each class the same share; at least one of two pictures or more, and never all.</summary>
    private static (Picture[] Train, Picture[] Test) Split(Picture[] all, int classes, ImageFolderOptions options)
    {
        var isTest = new bool[all.Length];
        for (var (label, first) = (0, 0); label < classes; label++)
        {
            var count = all.Count(picture => picture.Label == label);
            int[] order = [.. Enumerable.Range(first, count)];
            new Rng(options.Seed).Split(0).Split((ulong)label).Shuffle(order.AsSpan());
            var share = (int)Math.Round(options.TestShare * count);
            foreach (var i in order.Take(Math.Clamp(share, Math.Min(1, count - 1), Math.Max(0, count - 1))))
                isTest[i] = true;
            first += count;
        }

        return ([.. all.Where((_, i) => !isTest[i])], [.. all.Where((_, i) => isTest[i])]);
    }

    private static EnumerationOptions Visible(bool recursive) =>
        new() { RecurseSubdirectories = recursive, MaxRecursionDepth = MaxDepth, IgnoreInaccessible = false };
}
