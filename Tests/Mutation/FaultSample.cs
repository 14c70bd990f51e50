namespace PyNetSharp.Mutation;

/// <summary>Draws the faults of an area of the source, from each of its folders.</summary>
internal static class FaultSample
{
    private const int LeastPerFolder = 6;

    /// <summary>What is scored, and the beginnings of its files' paths.</summary>
    public static IReadOnlyDictionary<string, string[]> Areas { get; } = new Dictionary<string, string[]>
    {
        ["Kernels"] = ["Kernels/"],
        ["Engine"] = ["Engine/"],
        ["Readers"] =
        [
            "Layers/Serialization/", "Data/CheckedGZipStream", "Data/CifarReader", "Data/DataFile", "Data/FolderCheck",
            "Data/IdxReader", "Data/IrisReader", "Data/MnistReader", "Data/OrlReader", "Data/PgmReader",
            "Data/RecordFile", "Data/Download/Archive", "Data/Download/TarEntries", "Data/Download/Crc32",
            "Models/Training/MetricsFile", "Models/Training/Checkpoints/", "Train/Runs/RunConfig",
        ],
    };

    /// <summary>
    /// So many faults of the area as are asked for: of each folder in proportion to its size, and at least
    /// <see cref="LeastPerFolder"/>. Nodes are different.
    /// </summary>
    /// <remarks>A folder's draw depends on its own files alone.</remarks>
    public static IEnumerable<Fault> Draw(IEnumerable<Fault> faults, string area, int count, int seed)
    {
        var folders = faults.Where(fault => Areas[area].Any(fault.Path.StartsWith)).GroupBy(fault => fault.Folder)
            .Select(folder => (folder.Key, Faults: folder.DistinctBy(fault => fault.Node).ToArray())).ToArray();
        var total = folders.Sum(folder => folder.Faults.Length);
        foreach (var (folder, all) in folders)
        {
            var share = Math.Max(LeastPerFolder, (int)Math.Round((double)count * all.Length / total));
            new Random(seed).Shuffle(all);
            foreach (var fault in all.Take(share)) yield return fault;
        }
    }
}
