using System.Net;
using System.Security.Cryptography;
using PyNetSharp.Layers;

namespace PyNetSharp.Data;

/// <summary>Fetches published files. A file has its final name only when it is whole and its digest is right.</summary>
/// <remarks>
/// Until then it is <c>NAME.part</c>, which a later attempt, or a later run, goes on with. The digest says in the end
/// whether the pieces belong together; so they may even come from different addresses, and no validator needs to be
/// kept.
/// </remarks>
/// <param name="client">
/// Its timeout should not cover whole transfers; <see cref="StallTimeout"/> ends those that stand still.
/// </param>
public sealed class Downloader(HttpClient client)
{
    private const int BufferBytes = 1 << 16;
    private const long MaxBytes = 1L << 30;                // of a file whose size is not published

    /// <summary>How often to ask before giving up.</summary>
    public int MaxAttempts { get; init; } = 8;

    /// <summary>
    /// How long to wait after a first failure; twice as long after each further one, half a minute at most.
    /// </summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a server may send nothing.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Fetches one file, unless something has its final name already.</summary>
    /// <param name="file">What to fetch.</param>
    /// <param name="folder">Where to put it; made if it is not there.</param>
    /// <param name="progress">Hears of every piece.</param>
    /// <param name="cancellation">Stops the transfer; what has come stays for the next time.</param>
    /// <returns>The file's path.</returns>
    /// <exception cref="InputException">
    /// The file cannot be had anywhere, is not the published one, or cannot be stored.
    /// </exception>
    public async Task<string> FetchAsync(
        RemoteFile file, string folder,
        IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default)
    {
        var path = Path.Combine(folder, file.Name);
        if (File.Exists(path)) return path;

        var part = path + ".part";
        DataFile.WrapFileErrors(part, () =>                          // what cannot be stored need not be asked for
        {
            Directory.CreateDirectory(folder);
            using var trial = new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
            return trial.Length;
        }, "written");

        var addresses = new Queue<Uri>(file.Addresses);
        List<string> failures = [];
        for (var attempt = 0; attempt < MaxAttempts && addresses.TryDequeue(out var address); attempt++)
        {
            if (attempt > 0) await Task.Delay(BackoffDelay(attempt), cancellation).ConfigureAwait(false);
            try
            {
                var resumed = await ReceiveAsync(file, address, part, progress, cancellation).ConfigureAwait(false);
                var found = await DigestAsync(part, file.Algorithm, cancellation).ConfigureAwait(false);
                if (found == file.Digest)
                {
                    File.Move(part, path);
                    return path;
                }

                File.Delete(part);
                failures.Add($"{address}: {file.Algorithm} {found}; expected {file.Digest}");
                if (resumed) addresses.Enqueue(address);    // perhaps only the piece from before was wrong
            }
            catch (PermanentDownloadException e)
            {
                failures.Add($"{address}: {e.Message}");
            }
            catch (Exception e) when (e is HttpRequestException || FileErrors.IsWriteError(e)
                || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                failures.Add($"{address}: {FileErrors.Describe(e)}");
                addresses.Enqueue(address);
            }
        }

        if (new FileInfo(part) is { Exists: true, Length: 0 } empty) empty.Delete();
        throw new InputException(
            $"{file.Name} could not be fetched into '{folder}': {string.Join("; ", failures.Distinct())}.");
    }

    /// <summary>Appends to the part until the file is whole.</summary>
    /// <returns>Whether there was a piece from before.</returns>
    private async Task<bool> ReceiveAsync(
        RemoteFile file, Uri address, string part,
        IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        if (address.Scheme != Uri.UriSchemeHttps && !address.IsLoopback) throw new PermanentDownloadException("only HTTPS is fetched");
        await using var to = new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        if (to.Length > (file.Size ?? MaxBytes)) to.SetLength(0);
        var before = to.Length;
        if (before == file.Size) return true;

        using var stalled = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stalled.CancelAfter(StallTimeout);
        using var response = await SendRequestAsync(address, before, stalled.Token).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable) return true;    // there is no more
        var begin = ResponseOffset(response, before);
        to.SetLength(begin);
        to.Position = begin;

        var size = file.Size ?? begin + response.Content.Headers.ContentLength;
        if (begin + (response.Content.Headers.ContentLength ?? 0) > (size ?? MaxBytes))
            throw new PermanentDownloadException($"the server has more than the {size} bytes expected");

        await using var from = await response.Content.ReadAsStreamAsync(stalled.Token).ConfigureAwait(false);
        var buffer = new byte[BufferBytes];
        while (await from.ReadAsync(buffer, stalled.Token).ConfigureAwait(false) is > 0 and var count)
        {
            stalled.CancelAfter(StallTimeout);
            if (to.Position + count > (size ?? MaxBytes))
            {
                to.SetLength(0);                            // another file altogether
                throw new PermanentDownloadException($"more than the {size ?? MaxBytes} bytes expected");
            }

            await to.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
            progress?.Report(new(file.Name, to.Position, size));
        }

        if (to.Position < size) throw new IOException($"the connection ended after {to.Position} of {size} bytes");
        to.Flush(flushToDisk: true);
        return begin > 0;
    }

    private async Task<HttpResponseMessage> SendRequestAsync(Uri address, long from, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (from > 0) request.Headers.Range = new(from, null);
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation)
            .ConfigureAwait(false);
    }

    /// <summary>Where in the file the answer begins.</summary>
    private static long ResponseOffset(HttpResponseMessage response, long asked) => response.StatusCode switch
    {
        HttpStatusCode.OK => 0,                             // from the start, whatever was asked for
        HttpStatusCode.PartialContent when response.Content.Headers.ContentRange?.From == asked => asked,
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError =>
            throw new HttpRequestException($"the server answered {(int)response.StatusCode}"),
        var status => throw new PermanentDownloadException($"the server answered {(int)status} {response.ReasonPhrase}"),
    };

    private static async Task<string> DigestAsync(
        string path, HashAlgorithmName algorithm, CancellationToken cancellation)
    {
        await using var file = File.OpenRead(path);
        using var hash = IncrementalHash.CreateHash(algorithm);
        var buffer = new byte[BufferBytes];
        while (await file.ReadAsync(buffer, cancellation).ConfigureAwait(false) is > 0 and var count)
            hash.AppendData(buffer, 0, count);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private TimeSpan BackoffDelay(int attempt) =>
        TimeSpan.FromSeconds(Math.Min(30, RetryDelay.TotalSeconds * Math.Pow(2, attempt - 1)));

    /// <summary>An answer that will not be better next time.</summary>
    private sealed class PermanentDownloadException(string message) : Exception(message);
}
