using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using NUnit.Framework;
using Response = PyNetSharp.Tests.LoopbackServer.Response;

namespace PyNetSharp.Tests;

/// <summary>Servers that waste time, lead elsewhere or have no certificate.</summary>
public sealed class HostileServerTests
{
    [Test]
    public void A_server_that_drips_is_given_up()
    {
        using var stop = new CancellationTokenSource();
        using var server = new RawServer(async stream =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"u8.ToArray(), stop.Token);
            while (true)
            {
                await stream.WriteAsync(new byte[1], stop.Token);
                await Task.Delay(20, stop.Token);
            }
        });
        AssertFault(server.Address, "less than 1,000 bytes per second were received", new(new HttpClient())
        {
            MaxAttempts = 1,
            StallTimeout = TimeSpan.FromMilliseconds(300),
        });
        stop.Cancel();
    }

    [TestCase("file:///etc/passwd")]
    [TestCase("ftp://192.0.2.1/x")]
    [TestCase("http://192.0.2.1/x")]
    [TestCase("nonsense:")]
    [TestCase("http://[")]
    public void A_redirect_to_elsewhere_is_refused(string location)
    {
        using var server = new LoopbackServer(_ => new(302, [], $"Location: {location}\r\n"));
        // A real connection would take long to fail.
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        AssertFault(server["x"], "could not be fetched", new(client) { MaxAttempts = 1 });
    }

    [TestCase("Content-Length: -5\r\n")]
    [TestCase("Content-Length: 9223372036854775807\r\n")]
    [TestCase("Content-Length: 99999999999999999999\r\n")]
    [TestCase("Transfer-Encoding: chunked\r\n")]
    [TestCase("Content-Encoding: \u001b[2J\r\n")]
    public void Bad_headers_are_refused(string headers)
    {
        var response = new Response(200, "zz\r\n"u8.ToArray(), headers) { HasContentLength = false };
        using var server = new LoopbackServer(_ => response);
        using var client = new HttpClient();
        AssertFault(server["x"], "could not be fetched", new(client) { MaxAttempts = 1 });
    }

    [Test]
    public void A_failure_of_tls_says_its_cause()
    {
        using var server = new RawServer(async stream => await stream.WriteAsync("no TLS at all\r\n\r\n"u8.ToArray()));
        using var client = new HttpClient();
        var address = new UriBuilder(server.Address) { Scheme = "https" }.Uri;
        var downloader = new Downloader(client) { MaxAttempts = 1 };
        var message = AssertFault(address, "SSL connection could not be established: ", downloader);
        Assert.That(message, Does.Not.Contain("inner exception"));
    }

    private static string AssertFault(Uri address, string said, Downloader downloader)
    {
        using var folder = new TemporaryFolder();
        var file = new RemoteFile("x", null, "00", HashAlgorithmName.SHA256, address);
        var fault = Assert.Throws<InputException>(
            () => downloader.FetchAsync(file, folder.Name).GetAwaiter().GetResult());
        Assert.That(fault!.Message, Does.Contain(said).And.Not.Contain("\n"));
        return fault.Message;
    }

    /// <summary>A server that writes what it wants to each connection.</summary>
    private sealed class RawServer : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);

        public RawServer(Func<NetworkStream, Task> serve)
        {
            listener.Start();
            _ = ServeAsync(serve);
        }

        public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/x");

        public void Dispose() => listener.Dispose();

        private async Task ServeAsync(Func<NetworkStream, Task> serve)
        {
            try
            {
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync();
                    await using var stream = client.GetStream();
                    await stream.ReadAtLeastAsync(new byte[4096], 1);
                    await serve(stream);
                }
            }
            catch (Exception fault) when (fault is IOException or SocketException or ObjectDisposedException
                or OperationCanceledException or AuthenticationException)
            {
                // The client or the test has ended the connection.
            }
        }
    }
}
