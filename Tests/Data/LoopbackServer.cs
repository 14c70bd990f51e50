using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PyNetSharp.Tests;

/// <summary>
/// A small web server on this machine: one response per connection, which a test can truncate.
/// </summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Func<Request, Response> respond;
    private readonly Task serving;

    public LoopbackServer(Func<Request, Response> answer)
    {
        this.respond = answer;
        listener.Start();
        serving = ServeAsync();
    }

    public ConcurrentQueue<Request> Requests { get; } = new();

    public Uri this[string path] => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/{path}");

    /// <summary>The correct response: the requested range of <paramref name="content"/>, or all of it.</summary>
    public static Response ServeRange(Request request, byte[] content) => request.From is not { } from
        ? new(200, content)
        : new(206, content[(int)from..], $"Content-Range: bytes {from}-{content.Length - 1}/{content.Length}\r\n");

    public void Dispose()
    {
        listener.Stop();
        serving.Wait();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync().ConfigureAwait(false);
                await using var stream = client.GetStream();
                if (await ReadAsync(stream).ConfigureAwait(false) is not { } request) continue;
                Requests.Enqueue(request);
                await WriteAsync(stream, respond(request)).ConfigureAwait(false);
            }
            catch (IOException)
            {
                // the client closed the connection
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;                                     // the listener has been stopped
            }
        }
    }

    private static async Task<Request?> ReadAsync(Stream stream)
    {
        using var text = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        if (await text.ReadLineAsync().ConfigureAwait(false) is not { } first) return null;
        long? from = null;
        while (await text.ReadLineAsync().ConfigureAwait(false) is { Length: > 0 } line)
            if (line.StartsWith("Range: bytes=", StringComparison.OrdinalIgnoreCase))
                from = long.Parse(line["Range: bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
        return new(first.Split(' ')[1].TrimStart('/'), from);
    }

    private static async Task WriteAsync(Stream stream, Response answer)
    {
        var contentLength = answer.HasContentLength ? $"Content-Length: {answer.Body.Length}\r\n" : "";
        var head = $"HTTP/1.1 {answer.Status} Answer\r\n{contentLength}{answer.Headers}Connection: close\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head)).ConfigureAwait(false);
        var length = Math.Min(answer.Body.Length, answer.TruncateAfter);
        await stream.WriteAsync(answer.Body.AsMemory(0, length)).ConfigureAwait(false);
        await stream.FlushAsync().ConfigureAwait(false);
    }

    /// <param name="Path">Without the leading slash.</param>
    /// <param name="From">The first byte of the requested range; null without one.</param>
    internal sealed record Request(string Path, long? From);

    /// <param name="Headers">Additional header lines, each with its line end.</param>
    internal sealed record Response(int Status, byte[] Body, string Headers = "")
    {
        /// <summary>Whether the headers state the length of the body.</summary>
        public bool HasContentLength { get; init; } = true;

        /// <summary>The number of bytes of the body after which the connection is closed.</summary>
        public int TruncateAfter { get; init; } = int.MaxValue;
    }
}
