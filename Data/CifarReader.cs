using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Data;

/// <summary>Reads CIFAR-10 and CIFAR-100, in their binary or their python versions.</summary>
/// <remarks>
/// The python version's files are pickles, of which nothing is executed. A file of the binary version is nothing but
/// records: the label (CIFAR-100: the coarse label, then the fine one), then 3,072 bytes of a
/// 3×32×32 image, the red plane first. The number of records follows from the file's length. All labels are read and
/// checked at once; an image when it is first accessed, so that training begins before 180 MB have been copied.
/// </remarks>
/// <seealso href="https://www.cs.toronto.edu/~kriz/cifar.html">The format, on the authors' page</seealso>
public static class CifarReader
{
    private const int ImageBytes = 3 * 32 * 32;
    private const int MaxNameFileBytes = 1 << 16;
    private const int MaxNameLength = 100;
    private const int RecordsPerRead = 64;

    internal static readonly string[] Cifar10Files =
        [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin"), "test_batch.bin"];

    internal static readonly string[] Cifar100Files = ["train.bin", "test.bin"];

    /// <summary>
    /// Reads CIFAR-10: <c>data_batch_1.bin</c> to <c>data_batch_5.bin</c> and <c>test_batch.bin</c>; or the python
    /// version's files, which have these names without an ending.
    /// </summary>
    /// <param name="folder">
    /// The files' folder. Class names come from its <c>batches.meta.txt</c> or <c>batches.meta</c>, if it is there.
    /// </param>
    /// <returns>Images [3, 32, 32] of 10 classes.</returns>
    /// <exception cref="InputException">A file is missing, truncated, too long or holds a wrong label.</exception>
    public static TrainTestSplit ReadCifar10(string folder)
    {
        if (IsPython(folder, Cifar10Files, CifarPythonReader.Cifar10Files)) return ReadPython10(folder);
        var names = ClassNames(folder, "batches.meta.txt", CifarClasses.Cifar10);
        return new(
            Read("cifar10 train", Cifar10Files[..^1], [names.Count], label: 0),
            Read("cifar10 test", Cifar10Files[^1..], [names.Count], label: 0));

        ImageDataset Read(string name, string[] files, int[] classes, int label) =>
            ReadRecords(name, [.. files.Select(file => Path.Combine(folder, file))], names, classes, label);
    }

    /// <summary>
    /// Reads CIFAR-100: <c>train.bin</c> and <c>test.bin</c>; or the python version's files, which have these names
    /// without an ending.
    /// </summary>
    /// <param name="folder">The files' folder. Class names come from its <c>fine_label_names.txt</c> and
    /// <c>coarse_label_names.txt</c>, or its <c>meta</c>, if they are there.</param>
    /// <param name="coarse">Whether the labels are the 20 superclasses instead of the 100 classes.</param>
    /// <returns>Images [3, 32, 32] of 100 classes, or 20 if <paramref name="coarse"/>.</returns>
    /// <exception cref="InputException">A file is missing, truncated, too long or holds a wrong label.</exception>
    public static TrainTestSplit ReadCifar100(string folder, bool coarse = false)
    {
        if (IsPython(folder, Cifar100Files, CifarPythonReader.Cifar100Files)) return ReadPython100(folder, coarse);
        var names = coarse
            ? ClassNames(folder, "coarse_label_names.txt", CifarClasses.Cifar100Coarse)
            : ClassNames(folder, "fine_label_names.txt", CifarClasses.Cifar100Fine);
        return new(Read("cifar100 train", Cifar100Files[0]), Read("cifar100 test", Cifar100Files[1]));

        ImageDataset Read(string name, string file) => ReadRecords(
            name, [Path.Combine(folder, file)], names,
            [CifarClasses.Cifar100Coarse.Count, CifarClasses.Cifar100Fine.Count], label: coarse ? 0 : 1);
    }

    /// <summary>Whether a folder has the first file of either version.</summary>
    internal static bool IsPresent(string folder, string[] binary, string[] python) =>
        File.Exists(Path.Combine(folder, binary[0])) || File.Exists(Path.Combine(folder, python[0]));

    /// <summary>
    /// Whether a folder has the python version; the binary one is preferred, as it is read as needed.
    /// </summary>
    private static bool IsPython(string folder, string[] binary, string[] python) =>
        !File.Exists(Path.Combine(folder, binary[0])) && IsPresent(folder, binary, python);

    private static TrainTestSplit ReadPython10(string folder)
    {
        string[] files = [.. CifarPythonReader.Cifar10Files.Select(file => Path.Combine(folder, file))];
        var names = CifarPythonReader.ClassNames(
            Path.Combine(folder, "batches.meta"), "label_names", CifarClasses.Cifar10);
        return new(
            CifarPythonReader.Read("cifar10 train", files[..^1], names, "labels"),
            CifarPythonReader.Read("cifar10 test", files[^1..], names, "labels"));
    }

    private static TrainTestSplit ReadPython100(string folder, bool coarse)
    {
        var kind = coarse ? "coarse" : "fine";
        var names = CifarPythonReader.ClassNames(
            Path.Combine(folder, "meta"), $"{kind}_label_names",
            coarse ? CifarClasses.Cifar100Coarse : CifarClasses.Cifar100Fine);
        return new(Read("train"), Read("test"));

        ImageDataset Read(string part) =>
            CifarPythonReader.Read($"cifar100 {part}", [Path.Combine(folder, part)], names, $"{kind}_labels");
    }

    /// <summary>
    /// Makes one set from files of records. A record begins with one label for each entry of
    /// <paramref name="classes"/>, which is the number of classes of that label; label number <paramref name="label"/>
    /// is kept.
    /// </summary>
    private static ImageDataset ReadRecords(
        string name, string[] files, IReadOnlyList<string> classNames, int[] classes, int label)
    {
        var record = classes.Length + ImageBytes;
        var counts = files.Select(path => CountRecords(path, record)).ToArray();
        var total = counts.Sum();
        if (total * ImageBytes > DataFile.MaxBytes)
            throw new InputException(
                $"'{files[0]}' and its like hold {total} images; at most {DataFile.MaxBytes / ImageBytes} are read.");

        var parts = new RecordFile[files.Length];
        var labels = new int[total];
        for (var (i, at) = (0, 0); i < files.Length; at += (int)counts[i++])
        {
            parts[i] = new(files[i], record, at);
            ReadLabels(parts[i], classes, label, labels.AsSpan(at, (int)counts[i]));
        }

        return new(name, classNames, [3, 32, 32], labels, (index, image) =>
        {
            var part = Array.FindLast(parts, part => part.FirstIndex <= index)!;
            part.Read(index - part.FirstIndex, skip: classes.Length, image);
        });
    }

    /// <summary>Reads the chosen label of each record, and checks all labels.</summary>
    private static void ReadLabels(RecordFile file, int[] classes, int label, Span<int> labels)
    {
        var block = new byte[RecordsPerRead * file.RecordBytes];
        for (var i = 0; i < labels.Length; i++)
        {
            var inBlock = i % RecordsPerRead;
            if (inBlock == 0)
            {
                var records = Math.Min(RecordsPerRead, labels.Length - i);
                file.Read(i, skip: 0, block.AsSpan(0, records * file.RecordBytes));
            }

            var recordLabels = block.AsSpan(inBlock * file.RecordBytes, classes.Length);
            for (var k = 0; k < recordLabels.Length; k++)
                if (recordLabels[k] >= classes[k])
                    throw new InputException(
                        $"'{file.Path}', record {i}, offset {(long)i * file.RecordBytes + k}: label " +
                        $"{recordLabels[k]}; expected 0…{classes[k] - 1}.");
            labels[i] = recordLabels[label];
        }
    }

    private static long CountRecords(string path, int record) => DataFile.Read(path, file => file.Length switch
    {
        0 => throw new InputException($"'{path}' is empty; expected records of {record} bytes."),
        var length when length % record != 0 => throw new InputException(
            $"'{path}' has {length} bytes, {length % record} more than {length / record} records of {record} bytes: " +
            "it is truncated or not a CIFAR file."),
        var length => length / record,
    });

    private static IReadOnlyList<string> ClassNames(string folder, string file, IReadOnlyList<string> known)
    {
        var path = Path.Combine(folder, file);
        if (!File.Exists(path)) return known;

        var lines = DataFile.ReadLines(path, MaxNameFileBytes);
        var names = lines.Select(line => line.Text).ToArray();
        foreach (var (number, text) in lines)
            if (text.Length > MaxNameLength || text.Any(char.IsControl))
                throw new InputException($"'{path}', line {number}: {Quote(text)}; expected the name of a class.");

        return names.Length == known.Count
            ? names
            : throw new InputException($"'{path}' has {names.Length} class names; expected {known.Count}.");
    }
}

/// <summary>
/// The class names of both CIFAR sets in the official numbering, for folders without the files that list them.
/// </summary>
/// <seealso href="https://www.cs.toronto.edu/~kriz/cifar.html">The authors' page</seealso>
internal static class CifarClasses
{
    public static readonly IReadOnlyList<string> Cifar10 =
        Words("airplane automobile bird cat deer dog frog horse ship truck");

    public static readonly IReadOnlyList<string> Cifar100Coarse = Words(
        """
        aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices
        household_furniture insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes
        large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles small_mammals trees
        vehicles_1 vehicles_2
        """);

    public static readonly IReadOnlyList<string> Cifar100Fine = Words(
        """
        apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel
        can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur
        dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion
        lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter
        palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road
        rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower
        sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
        willow_tree wolf woman worm
        """);

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
