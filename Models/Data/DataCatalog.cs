namespace PyNetSharp;

/// <summary>The data sets that have a name on the command line.</summary>
public static class DataCatalog
{
    private static readonly Entry[] Entries =
    [
        new("cifar10", CifarReader.TenFiles[0], ["cifar-10-batches-bin"], (folder, _) => CifarReader.ReadTen(folder)),
        new("cifar100", CifarReader.HundredFiles[0], ["cifar-100-binary"],
            (folder, _) => CifarReader.ReadHundred(folder)),
        new("mnist", "train-images-idx3-ubyte", ["MNIST/raw"],
            (folder, _) => MnistReader.Read(folder, "mnist", MnistReader.Digits))
        {
            IsIn = MnistReader.IsIn,
        },
        new("fashion-mnist", "train-images-idx3-ubyte", ["FashionMNIST/raw"],
            (folder, _) => MnistReader.Read(folder, "fashion-mnist", MnistReader.Fashion))
        {
            IsIn = MnistReader.IsIn,
        },
        new("iris", IrisReader.Files[0], [], (folder, seed) => IrisReader.Read(IrisPath(folder)!, seed))
        {
            IsIn = folder => IrisPath(folder) is not null,
        },
        new("orl", Path.Combine("s1", "1.pgm"), ["orl_faces", "att_faces"], (folder, _) => OrlReader.Read(folder)),
        new("xor", null, [], (_, seed) => XorPoints.Draw(seed)),
        new("shapes", null, [], (_, seed) => ShapesPainter.Draw(seed)),
    ];

    /// <summary>The names of all sets.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Select(entry => entry.Name)];

    /// <summary>Whether a set is read from files; the others are drawn.</summary>
    /// <exception cref="InputException">There is no such set.</exception>
    public static bool NeedsFiles(string name) => Find(name).LookedFor is not null;

    /// <summary>The folder of a set's files, as far as one can see without reading them.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="dataDir">As for <see cref="Load"/>.</param>
    /// <returns>Null if the files are not there, or the set is drawn.</returns>
    /// <exception cref="InputException">There is no such set.</exception>
    public static string? FolderOf(string name, string dataDir) => Find(name).FolderIn(dataDir);

    /// <summary>Reads or draws a set.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="dataDir">
    /// The folder that holds <c>cifar10/</c>, <c>fashion-mnist/</c>, …, or is the set's own; null where the set is
    /// drawn.
    /// </param>
    /// <param name="seed">
    /// Decides drawn sets, and iris's parts. Leave it alone from run to run: test items must not become training items.
    /// </param>
    /// <exception cref="InputException">There is no such set, its files are not there, or they are faulty.</exception>
    public static TrainTest Load(string name, string? dataDir = null, ulong seed = 0)
    {
        var entry = Find(name);
        if (entry.LookedFor is null) return entry.Read("", seed);

        var remedy = $"Give --data-dir or PYNET_DATA a folder that holds {name}/, or fetch the set with --download.";
        if (dataDir is null)
            throw new InputException($"{name} is read from files, but no data folder was given. {remedy}");
        if (DataFolder.FaultOf(dataDir) is { } fault)
            throw new InputException($"The data folder '{dataDir}' {fault}. {remedy}");

        var folder = entry.FolderIn(dataDir) ?? throw new InputException(
            $"No {name} in '{dataDir}': {WhyMissing(entry, dataDir)}. {remedy}");
        return entry.Read(folder, seed);
    }

    /// <summary>Folders that are not what they should be hide files, so they come first.</summary>
    private static string WhyMissing(Entry entry, string dataDir)
    {
        var places = entry.Places(dataDir).ToArray();
        var faults = places
            .Select(place => (Place: place, Fault: DataFolder.FaultOf(place, mayBeMissing: true)))
            .Where(pair => pair.Fault is not null)
            .Select(pair => $"'{pair.Place}' {pair.Fault}")
            .ToArray();
        return faults.Length > 0
            ? string.Join("; ", faults)
            : $"there is no {entry.LookedFor} in any of {string.Join(", ", places)}";
    }

    private static Entry Find(string name) =>
        Entries.FirstOrDefault(entry => entry.Name == name)
        ?? throw new InputException(NearestName.Unknown("data set", name, Names));

    private static string? IrisPath(string folder) =>
        IrisReader.Files.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists);

    /// <summary>
    /// A set: its name, the file that gives its folder away (null if it is drawn), the folders in which archives and
    /// other libraries keep the files, and its reader, which takes the folder and the seed.
    /// </summary>
    private sealed record Entry(string Name, string? LookedFor, string[] Inner, Func<string, ulong, TrainTest> Read)
    {
        public Func<string, bool> IsIn { get; init; } =
            folder => LookedFor is not null && File.Exists(Path.Combine(folder, LookedFor));

        public string? FolderIn(string dataDir) => Places(dataDir).FirstOrDefault(IsIn);

        /// <summary>
        /// The set's folder below the data folder, and the data folder itself unless it is named for another set.
        /// </summary>
        public IEnumerable<string> Places(string dataDir)
        {
            var named = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataDir)));
            var below = Path.Combine(dataDir, Name);
            IEnumerable<string> roots = named != Name && Names.Contains(named) ? [below] : [below, dataDir];
            return roots.SelectMany(root => Inner.Select(inner => Path.Combine(root, inner)).Prepend(root));
        }
    }
}
