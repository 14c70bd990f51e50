using Microsoft.Playwright;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Headless Chromium, where this machine has one; it notes what pages ask for and complain about.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    private readonly IPlaywright playwright;
    private readonly IBrowser browser;

    private Browser(IPlaywright playwright, IBrowser browser) =>
        (this.playwright, this.browser) = (playwright, browser);

    /// <summary>What pages wrote to their consoles, and what they threw.</summary>
    public List<string> Messages { get; } = [];

    /// <summary>The addresses of all requests, but for data that are within the page.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Starts the browser, or ignores the test.</summary>
    public static async Task<Browser> StartAsync()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (path is null) Assert.Ignore($"A browser is needed, and the PATH has none of {string.Join(", ", Names)}.");
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(
            new() { ExecutablePath = path, Args = ["--no-sandbox", "--disable-gpu"] });
        return new(playwright, browser);
    }

    /// <summary>A page of its own width and color scheme.</summary>
    public async Task<IPage> OpenAsync(string address, int width = 1400, ColorScheme scheme = ColorScheme.Light)
    {
        var page = await browser.NewPageAsync(new()
        {
            ViewportSize = new() { Width = width, Height = 900 },
            ColorScheme = scheme,
        });
        page.Console += (_, message) => Messages.Add(message.Text);
        page.PageError += (_, error) => Messages.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith("data:", StringComparison.Ordinal)) Requests.Add(request.Url);
        };
        await page.GotoAsync(address);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}
