using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using PyNetSharp.Layers;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Data;

/// <summary>
/// Downloads published files. A file gets its final name only when it is complete and its digest matches.
/// </summary>
/// <remarks>
/// Until then it is <c>NAME.part</c>, which a later attempt, or a later run, resumes. The digest is verified over the
/// whole file; so its parts may come from different addresses, and no validator (ETag) needs to be stored.
/// </remarks>
/// <param name="client">
/// Its timeout should not cover whole transfers; <see cref="StallTimeout"/> and <see cref="MinBytesPerSecond"/> end
/// those that receive nothing or too little.
/// </param>
public sealed class Downloader(HttpClient client)
{
    private const int BufferBytes = 1 << 16;
    private const int MaxMessage = 300;
    private const long MaxBytes = 1L << 30;                // of a file whose size is not published

    /// <summary>The number of requests before the download fails.</summary>
    public int MaxAttempts { get; init; } = 8;

    /// <summary>
    /// The delay after the first failure; it doubles with each further one, up to half a minute.
    /// </summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The longest time without a received byte before a request is aborted, and the time over which
    /// <see cref="MinBytesPerSecond"/> is measured.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The rate below which a request is aborted, in bytes per second; 0 for none.</summary>
    public double MinBytesPerSecond { get; init; } = 1000;

    /// <summary>Downloads one file, unless a file of its final name exists.</summary>
    /// <param name="file">The file to download.</param>
    /// <param name="folder">Its destination; created if it does not exist.</param>
    /// <param name="progress">Is called after every received block.</param>
    /// <param name="cancellation">Stops the transfer; the received part is kept and resumed by the next call.</param>
    /// <returns>The file's path.</returns>
    /// <exception cref="InputException">
    /// No address serves the file, its digest is wrong, or it cannot be stored.
    /// </exception>
    public async Task<string> FetchAsync(
        RemoteFile file, string folder,
        IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default)
    {
        var path = Path.Combine(folder, file.Name);
        if (File.Exists(path)) return path;

        var part = path + ".part";
        var missing = DataFile.WrapFileErrors(part, () => FirstMissing(folder), "written");
        try
        {
            await FetchAsync(file, path, part, progress, cancellation).ConfigureAwait(false);
            return path;
        }
        catch (Exception)
        {
            DeleteEmpty(part, folder, missing);
            throw;
        }
    }

    private async Task FetchAsync(
        RemoteFile file, string path, string part, IProgress<DownloadProgress>? progress,
        CancellationToken cancellation)
    {
        var folder = Path.GetDirectoryName(path)!;
        DataFile.WrapFileErrors(part, () =>                          // fails before any request if it cannot be stored
        {
            Directory.CreateDirectory(folder);
            using var stream = new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
            return stream.Length;
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
                    return;
                }

                File.Delete(part);
                failures.Add($"{address}: {file.Algorithm} {found}; expected {file.Digest}");
                if (resumed) addresses.Enqueue(address);    // perhaps only the resumed part was wrong
            }
            catch (PermanentDownloadException e)
            {
                failures.Add($"{address}: {e.Message}");
            }
            catch (Exception e) when (e is NotSupportedException or InvalidOperationException or UriFormatException)
            {
                failures.Add($"{address}: {Cut(e.Message, MaxMessage)}");      // a redirect to another scheme
            }
            catch (Exception e) when (e is HttpRequestException || FileErrors.IsWriteError(e)
                || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                failures.Add($"{address}: {Describe(e)}");
                addresses.Enqueue(address);
            }
        }

        throw new InputException(
            $"{file.Name} could not be fetched into '{folder}': {string.Join("; ", failures.Distinct())}.");
    }

    /// <summary>The outermost of a path's folders that do not exist; null where all do.</summary>
    private static string? FirstMissing(string folder)
    {
        string? missing = null;
        for (var path = Path.GetFullPath(folder); path is not null && !Directory.Exists(path);)
            (missing, path) = (path, Path.GetDirectoryName(path));
        return missing;
    }

    /// <summary>Deletes what a failed download has created, if nothing is in it.</summary>
    /// <param name="part">The partial file.</param>
    /// <param name="folder">The innermost folder.</param>
    /// <param name="first">The outermost that was created; null for none.</param>
    private static void DeleteEmpty(string part, string folder, string? first)
    {
        try
        {
            if (new FileInfo(part) is { Exists: true, Length: 0 } empty) empty.Delete();
            if (first is null) return;
            for (var path = Path.GetFullPath(folder); path.Length >= first.Length; path = Path.GetDirectoryName(path)!)
                Directory.Delete(path);         // not one with a part of the file, which the next attempt resumes
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The fault of the download is reported instead.
        }
    }

    /// <summary>Appends to the partial file until it is complete.</summary>
    /// <returns>Whether it resumed an earlier transfer.</returns>
    private async Task<bool> ReceiveAsync(
        RemoteFile file, Uri address, string part,
        IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        ThrowIfNotHttps(address);
        await using var to = new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        if (to.Length > (file.Size ?? MaxBytes)) to.SetLength(0);
        var before = to.Length;
        if (before == file.Size) return true;

        using var stalled = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stalled.CancelAfter(StallTimeout);
        using var response = await SendRequestAsync(address, before, stalled.Token).ConfigureAwait(false);
        if (response.RequestMessage?.RequestUri is { } last) ThrowIfNotHttps(last);     // after redirects
        // The partial file is complete.
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable) return true;
        var begin = ResponseOffset(response, before);
        to.SetLength(begin);
        to.Position = begin;

        var announced = response.Content.Headers.ContentLength;
        if (announced > (file.Size ?? MaxBytes) - begin)
            throw new PermanentDownloadException(
                $"the server has more than the {file.Size ?? MaxBytes} bytes expected");

        var size = file.Size ?? begin + announced;
        await using var from = await response.Content.ReadAsStreamAsync(stalled.Token).ConfigureAwait(false);
        var buffer = new byte[BufferBytes];
        var (sinceMeasured, measured) = (Stopwatch.StartNew(), to.Position);
        while (await from.ReadAsync(buffer, stalled.Token).ConfigureAwait(false) is > 0 and var count)
        {
            stalled.CancelAfter(StallTimeout);
            if (sinceMeasured.Elapsed >= StallTimeout)
            {
                var seconds = sinceMeasured.Elapsed.TotalSeconds;
                if ((to.Position + count - measured) / seconds < MinBytesPerSecond)
                    throw new IOException(string.Create(
                        CultureInfo.InvariantCulture,
                        $"less than {MinBytesPerSecond:N0} bytes per second were received for {seconds:0.#} seconds"));
                sinceMeasured.Restart();
                measured = to.Position + count;
            }

            if (to.Position + count > (size ?? MaxBytes))
            {
                to.SetLength(0);                            // not the expected file
                throw new PermanentDownloadException($"more than the {size ?? MaxBytes} bytes expected");
            }

            await to.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
            progress?.Report(new(file.Name, to.Position, size));
        }

        if (to.Position < size) throw new IOException($"the connection ended after {to.Position} of {size} bytes");
        to.Flush(flushToDisk: false);
        FileOperations.FlushToDisk(to.SafeFileHandle);
        return begin > 0;
    }

    private static void ThrowIfNotHttps(Uri address)
    {
        if (address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
            throw new PermanentDownloadException("only HTTPS is fetched");
    }

    /// <summary>The error's own cause: of a TLS failure the first message names nothing.</summary>
    private string Describe(Exception fault)
    {
        if (fault is OperationCanceledException)
            return string.Create(
                CultureInfo.InvariantCulture, $"nothing was received for {StallTimeout.TotalSeconds:0.#} seconds");
        var text = FileErrors.Describe(fault).Replace(", see inner exception", "", StringComparison.Ordinal);
        for (var cause = fault.InnerException; cause is not null; cause = cause.InnerException)
            if (!text.Contains(cause.Message, StringComparison.Ordinal))
                text = $"{text.TrimEnd('.')}: {cause.Message}";
        return Cut(text.TrimEnd('.'), MaxMessage);
    }

    private async Task<HttpResponseMessage> SendRequestAsync(Uri address, long from, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (from > 0) request.Headers.Range = new(from, null);
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation)
            .ConfigureAwait(false);
    }

    /// <summary>The offset in the file at which the response begins.</summary>
    private static long ResponseOffset(HttpResponseMessage response, long requested) => response.StatusCode switch
    {
        HttpStatusCode.OK => 0,                             // the server ignored the range
        HttpStatusCode.PartialContent when response.Content.Headers.ContentRange?.From == requested => requested,
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError =>
            throw new HttpRequestException($"the server answered {(int)response.StatusCode}"),
        var status =>
            throw new PermanentDownloadException(
                $"the server answered {(int)status} {Cut(response.ReasonPhrase ?? "")}{Target(response)}"),
    };

    /// <summary>Where a redirect led that was not followed, as one from HTTPS to HTTP.</summary>
    private static string Target(HttpResponseMessage response) =>
        response.Headers.Location is { } location ? $", to {Quote(location.OriginalString)}" : "";

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

    /// <summary>An error that another attempt would not mend.</summary>
    private sealed class PermanentDownloadException(string message) : Exception(message);
}
