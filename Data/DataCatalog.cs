namespace PyNetSharp.Data;

/// <summary>The data sets by name.</summary>
public static class DataCatalog
{
    private static readonly DatasetEntry[] Entries =
    [
        new("cifar10", CifarReader.Cifar10Files[0], ["cifar-10-batches-bin", "cifar-10-batches-py"],
            (folder, _) => CifarReader.ReadCifar10(folder))
        {
            IsPresent = folder =>
                CifarReader.IsPresent(folder, CifarReader.Cifar10Files, CifarPythonReader.Cifar10Files),
        },
        new("cifar100", CifarReader.Cifar100Files[0], ["cifar-100-binary", "cifar-100-python"],
            (folder, _) => CifarReader.ReadCifar100(folder))
        {
            IsPresent = folder =>
                CifarReader.IsPresent(folder, CifarReader.Cifar100Files, CifarPythonReader.Cifar100Files),
        },
        new("mnist", "train-images-idx3-ubyte", ["MNIST/raw"],
            (folder, _) => MnistReader.Read(folder, "mnist", MnistReader.Digits))
        {
            IsPresent = MnistReader.IsPresent,
        },
        new("fashion-mnist", "train-images-idx3-ubyte", ["FashionMNIST/raw"],
            (folder, _) => MnistReader.Read(folder, "fashion-mnist", MnistReader.Fashion))
        {
            IsPresent = MnistReader.IsPresent,
        },
        new("iris", IrisReader.Files[0], [], (folder, seed) => IrisReader.Read(IrisPath(folder)!, seed))
        {
            IsPresent = folder => IrisPath(folder) is not null,
        },
        new("orl", Path.Combine("s1", "1.pgm"), ["orl_faces", "att_faces"], (folder, _) => OrlReader.Read(folder)),
        new("xor", null, [], (_, seed) => XorGenerator.Generate(seed)),
        new("shapes", null, [], (_, seed) => ShapesGenerator.Generate(seed)),
    ];

    /// <summary>The variable of the environment that names the data folder where a call names none.</summary>
    public const string FolderVariable = "PYNET_DATA";

    /// <summary>The data folder where neither a call nor the variable names one, in the working directory.</summary>
    public const string DefaultFolder = "data";

    /// <summary>The names of all sets.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Select(entry => entry.Name)];

    /// <summary>Whether a set is read from files; the others are generated.</summary>
    /// <exception cref="InputException">There is no such set.</exception>
    public static bool NeedsFiles(string name) => Find(name).MarkerFile is not null;

    /// <summary>The folder of a set's files, found by their names alone.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="dataDir">As for <see cref="Load"/>.</param>
    /// <returns>Null if the files are missing, or the set is generated.</returns>
    /// <exception cref="InputException">There is no such set.</exception>
    public static string? FindFolder(string name, string? dataDir = null) =>
        Find(name).FindFolder(DataFolder(dataDir));

    /// <summary>The data folder, as for <see cref="Load"/>; it need not exist.</summary>
    /// <param name="dataDir">The folder that a user named, or null.</param>
    /// <returns>
    /// <paramref name="dataDir"/>; else what <see cref="FolderVariable"/> says, with the home folder for a <c>~</c>;
    /// else <see cref="DefaultFolder"/>.
    /// </returns>
    /// <exception cref="InputException">The variable names another user's home.</exception>
    public static string DataFolder(string? dataDir = null)
    {
        if (dataDir is not null) return dataDir;
        if (Environment.GetEnvironmentVariable(FolderVariable) is not { Length: > 0 } path) return DefaultFolder;
        try
        {
            return UserPath.Expand(path);
        }
        catch (InputException fault)
        {
            throw new InputException($"the variable {FolderVariable}: {fault.Message}", fault);
        }
    }

    /// <summary>Reads or generates a set.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="dataDir">
    /// The folder that holds <c>cifar10/</c>, <c>fashion-mnist/</c>, …, or is the set's own. Null, as for
    /// <c>pynet</c>: the one that the variable PYNET_DATA names, or <c>data</c> in the working directory. Not needed
    /// for generated sets.
    /// </param>
    /// <param name="seed">
    /// Seeds generated sets, and the split of iris. Keep it from run to run: test items must not become training items.
    /// </param>
    /// <exception cref="UnknownNameException">There is no such set.</exception>
    /// <exception cref="DatasetNotFoundException">Its files were not found.</exception>
    /// <exception cref="InputException">Its files are faulty, or the variable PYNET_DATA is.</exception>
    public static TrainTestSplit Load(string name, string? dataDir = null, ulong seed = 0)
    {
        var entry = Find(name);
        if (entry.MarkerFile is null) return entry.Read("", seed);

        var root = DataFolder(dataDir);
        if (dataDir is null && root == DefaultFolder && !Path.Exists(root))
            throw new DatasetNotFoundException(
                name,
                $"{name} is read from files, but no data folder was given, the variable {FolderVariable} is not set, " +
                $"and there is no folder '{DefaultFolder}' here.");
        if (FolderCheck.FindProblem(root) is { } fault)
            throw new DatasetNotFoundException(name, $"The data folder '{root}' {fault}.");

        var folder = entry.FindFolder(root) ?? throw new DatasetNotFoundException(
            name, $"No {name} in '{root}': {ExplainMissing(entry, root)}.");
        return entry.Read(folder, seed);
    }

    /// <summary>Folders that cannot be searched explain missing files, so they are named first.</summary>
    private static string ExplainMissing(DatasetEntry entry, string dataDir)
    {
        var folders = entry.CandidateFolders(dataDir).ToArray();
        var problems = folders
            .Select(folder => (Folder: folder, Problem: FolderCheck.FindProblem(folder, mayBeMissing: true)))
            .Where(pair => pair.Problem is not null)
            .Select(pair => $"'{pair.Folder}' {pair.Problem}")
            .ToArray();
        return problems.Length > 0
            ? string.Join("; ", problems)
            : $"there is no {entry.MarkerFile} in any of {string.Join(", ", folders)}";
    }

    private static DatasetEntry Find(string name) =>
        Entries.FirstOrDefault(entry => entry.Name == name)
        ?? throw new UnknownNameException("data set", name, [.. Names]);

    private static string? IrisPath(string folder) =>
        IrisReader.Files.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists);

    /// <summary>
    /// A set: its name, the file by which its folder is recognized (null if it is generated), the subfolders in which
    /// archives and other libraries keep the files, and its reader, which takes the folder and the seed.
    /// </summary>
    private sealed record DatasetEntry(
        string Name, string? MarkerFile, string[] Subfolders, Func<string, ulong, TrainTestSplit> Read)
    {
        public Func<string, bool> IsPresent { get; init; } =
            folder => MarkerFile is not null && File.Exists(Path.Combine(folder, MarkerFile));

        public string? FindFolder(string dataDir) => CandidateFolders(dataDir).FirstOrDefault(IsPresent);

        /// <summary>
        /// The set's folder below the data folder, and the data folder itself unless it is named for another set.
        /// </summary>
        public IEnumerable<string> CandidateFolders(string dataDir)
        {
            var named = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataDir)));
            var below = Path.Combine(dataDir, Name);
            IEnumerable<string> roots = named != Name && Names.Contains(named) ? [below] : [below, dataDir];
            return roots.SelectMany(root => Subfolders.Select(inner => Path.Combine(root, inner)).Prepend(root));
        }
    }
}
