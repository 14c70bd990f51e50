using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace PyNetSharp.Train;

/// <summary>Serves a run's report to the browsers of this machine while it trains.</summary>
/// <remarks>
/// It listens on the loopback address alone, and its pages are under a random token. So that no other page that the
/// user visits reaches it, requests of another origin are refused, and those that name another host, as after DNS
/// rebinding.
/// </remarks>
internal sealed class ReportServer : IDisposable
{
    private const int MaxConnections = 64;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(10);       // then a dead connection is noticed
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(3);

    private readonly LiveRun run;
    private readonly WebApplication app;
    private readonly string token = RandomNumberGenerator.GetHexString(32, lowercase: true);
    private readonly int port;
    private int streams;

    private ReportServer(LiveRun run, int port)
    {
        this.run = run;
        var builder = WebApplication.CreateEmptyBuilder(new());         // no settings of files or variables
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxConcurrentConnections = MaxConnections;
            options.Limits.MaxRequestBodySize = 1024;
            options.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();     // signals are for StopSignals
        app = builder.Build();
        app.Run(HandleAsync);
        app.StartAsync().GetAwaiter().GetResult();
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        this.port = new Uri(addresses.Single()).Port;
    }

    /// <summary>The page's address, with the token.</summary>
    public string Address => $"http://127.0.0.1:{port}/{token}/";

    /// <summary>Starts a server.</summary>
    /// <param name="run">What it shows.</param>
    /// <param name="port">0 for a free one.</param>
    /// <exception cref="InputException">The port is in use, or not for this user.</exception>
    public static ReportServer Start(LiveRun run, int port)
    {
        try
        {
            return new(run, port);
        }
        catch (IOException fault) when (fault.InnerException is AddressInUseException)
        {
            throw Error("is in use", fault);
        }
        catch (SocketException fault)
        {
            throw Error($"cannot be used: {fault.Message}", fault);
        }

        InputException Error(string why, Exception fault) => new(
            $"--serve {port}: port {port} of 127.0.0.1 {why}; expected another, or none for a free one.", fault);
    }

    /// <summary>Ends the server, once open pages have the end of the training.</summary>
    public void Dispose()
    {
        var deadline = DateTime.UtcNow + LastWords;
        while (run.HasEnded && Volatile.Read(ref streams) > 0 && DateTime.UtcNow < deadline) Thread.Sleep(20);
        using var aborted = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        app.StopAsync(aborted.Token).GetAwaiter().GetResult();
        app.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        var headers = response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";                     // the address has the token
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.ContentSecurityPolicy = "frame-ancestors 'none'";
        if (!IsOurs(request))
        {
            response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        var parts = (request.Path.Value ?? "").Split('/');
        if (parts is not ["", var given, var page] || !IsToken(given))
            response.StatusCode = StatusCodes.Status404NotFound;
        else if (HttpMethods.IsPost(request.Method))
            response.StatusCode = run.Act(page) ? StatusCodes.Status204NoContent : StatusCodes.Status404NotFound;
        else if (!HttpMethods.IsGet(request.Method)) response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        else await GetAsync(page, context);
    }

    /// <summary>
    /// Whether a request names this server as its host, and comes from one of its own pages or from none.
    /// </summary>
    private bool IsOurs(HttpRequest request)
    {
        string[] hosts = [$"127.0.0.1:{port}", $"localhost:{port}"];
        if (!hosts.Contains(request.Host.Value, StringComparer.OrdinalIgnoreCase)) return false;
        var origins = request.Headers.Origin;
        if (origins.Count > 0) return origins is [var origin] && origin == $"http://{request.Host.Value}";
        // A browser that sends no origin says where a request comes from, unless the user typed the address.
        return request.Headers["Sec-Fetch-Site"] is [] or ["same-origin" or "none"];
    }

    private bool IsToken(string given) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(token));

    private async Task GetAsync(string page, HttpContext context)
    {
        var response = context.Response;
        var report = run.Report;
        if (report is null) response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        else if (page == "events") await SendEventsAsync(context);
        else if (page is "" or "report")
        {
            response.ContentType = "text/html; charset=utf-8";
            await response.WriteAsync(page == "" ? report.Page : report.Content, context.RequestAborted);
        }
        else response.StatusCode = StatusCodes.Status404NotFound;
    }

    /// <summary>
    /// Server-sent events (HTML Standard, 9.2): the newest state whenever there is another, as fast as the browser
    /// takes it.
    /// </summary>
    private async Task SendEventsAsync(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        Interlocked.Increment(ref streams);
        try
        {
            var (sent, sentReport, last) = (-1L, run.Report!.Version, DateTime.UtcNow);
            while (!context.RequestAborted.IsCancellationRequested)
            {
                var (version, progress) = run.Newest;
                if (run.Report!.Version is var number && number != sentReport)
                {
                    await response.WriteAsync($"event: report\ndata: {number}\n\n", context.RequestAborted);
                    sentReport = number;
                }

                if (version != sent || DateTime.UtcNow - last > SilenceLimit)
                {
                    await response.WriteAsync(
                        $"event: progress\ndata: {progress.ToJson()}\n\n", context.RequestAborted);
                    (sent, last) = (version, DateTime.UtcNow);
                }

                await Task.Delay(PollInterval, context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // The browser has closed the page.
        }
        finally
        {
            Interlocked.Decrement(ref streams);
        }
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
