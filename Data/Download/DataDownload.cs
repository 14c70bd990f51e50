namespace PyNetSharp.Data;

/// <summary>Fetches data sets from where they are published.</summary>
public static class DataDownload
{
    /// <summary>The names of the sets that can be fetched.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. DatasetUrls.All.Keys];

    /// <summary>Fetches what is missing of a set into <c>DATADIR/NAME/</c>, checks it, and unpacks archives.</summary>
    /// <param name="name">One of <see cref="DataCatalog.Names"/>; sets that are drawn need nothing.</param>
    /// <param name="dataDir">As for <see cref="DataCatalog.Load"/>; made if it is not there.</param>
    /// <param name="downloader">Does the transfers.</param>
    /// <param name="progress">Hears of every piece.</param>
    /// <param name="cancellation">Stops the transfer; what has come stays for the next time.</param>
    /// <returns>Whether anything was fetched.</returns>
    /// <exception cref="InputException">
    /// There is no such set, the data folder is no folder, or a file cannot be had or is not the published one.
    /// </exception>
    public static Task<bool> FetchAsync(
        string name, string dataDir, Downloader downloader,
        IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default) =>
        DataCatalog.NeedsFiles(name)
            ? FetchAsync(name, DatasetUrls.All[name], dataDir, downloader, progress, cancellation)
            : Task.FromResult(false);

    internal static async Task<bool> FetchAsync(
        string name, IReadOnlyList<RemoteFile> files, string dataDir, Downloader downloader,
        IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        if (FolderCheck.FindProblem(dataDir, mayBeMissing: true) is { } fault)
            throw new InputException($"The data folder '{dataDir}' {fault}.");

        var there = DataCatalog.FindFolder(name, dataDir);
        var folder = there ?? Path.Combine(dataDir, name);
        var fetched = false;
        foreach (var file in files)
        {
            if (Exists(file, folder, there is not null)) continue;
            fetched = true;
            var path = await downloader.FetchAsync(file, folder, progress, cancellation).ConfigureAwait(false);
            if (!file.IsArchive) continue;

            Archive.Extract(path);
            File.Delete(path);
        }

        return fetched;
    }

    /// <summary>An archive is there when its set is; a compressed file also when it is unpacked.</summary>
    private static bool Exists(RemoteFile file, string folder, bool setIsThere) => file.IsArchive
        ? setIsThere
        : File.Exists(Path.Combine(folder, file.Name))
            || (file.Name.EndsWith(".gz", StringComparison.Ordinal)
                && File.Exists(Path.Combine(folder, file.Name[..^".gz".Length])));
}
