namespace PyNetSharp.Data;

/// <summary>Downloads the data sets of <see cref="DataCatalog"/> from their publishers.</summary>
public static class DataDownload
{
    /// <summary>The names of the sets that can be downloaded.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. DatasetUrls.All.Keys];

    /// <summary>
    /// Downloads the missing files of a set into <c>DATADIR/NAME/</c>, checks them, and extracts archives.
    /// </summary>
    /// <param name="name">One of <see cref="DataCatalog.Names"/>; generated sets need no files.</param>
    /// <param name="dataDir">As for <see cref="DataCatalog.Load"/>; created if it does not exist.</param>
    /// <param name="downloader">Does the transfers.</param>
    /// <param name="progress">Is called after every received block.</param>
    /// <param name="cancellation">Stops the transfer; the received part is kept and resumed by the next call.</param>
    /// <returns>Whether anything was downloaded.</returns>
    /// <exception cref="InputException">
    /// There is no such set, the data folder is no folder, or a file cannot be downloaded or has the wrong digest.
    /// </exception>
    public static Task<bool> FetchAsync(
        string name, string? dataDir, Downloader downloader,
        IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default) =>
        DataCatalog.NeedsFiles(name)
            ? FetchAsync(
                name, DatasetUrls.All[name], DataCatalog.DataFolder(dataDir), downloader, progress, cancellation)
            : Task.FromResult(false);

    internal static async Task<bool> FetchAsync(
        string name, IReadOnlyList<RemoteFile> files, string dataDir, Downloader downloader,
        IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        if (FolderCheck.FindProblem(dataDir, mayBeMissing: true) is { } problem)
            throw new InputException($"The data folder '{dataDir}' {problem}.");

        var existing = DataCatalog.FindFolder(name, dataDir);
        var folder = existing ?? Path.Combine(dataDir, name);
        var fetched = false;
        foreach (var file in files)
        {
            if (Exists(file, folder, existing is not null)) continue;
            fetched = true;
            var path = await downloader.FetchAsync(file, folder, progress, cancellation).ConfigureAwait(false);
            if (!file.IsArchive) continue;

            Archive.Extract(path);
            File.Delete(path);
        }

        return fetched;
    }

    /// <summary>An archive exists when its set does; a compressed file also when its decompressed form does.</summary>
    private static bool Exists(RemoteFile file, string folder, bool setExists) => file.IsArchive
        ? setExists
        : File.Exists(Path.Combine(folder, file.Name))
            || (file.Name.EndsWith(".gz", StringComparison.Ordinal)
                && File.Exists(Path.Combine(folder, file.Name[..^".gz".Length])));
}
