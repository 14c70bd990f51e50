using System.Net;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary><c>pynet train --serve</c>.</summary>
[Parallelizable, Category("Processes")]
[Platform(Exclude = "Win", Reason = "a stopped run's exit code is that of a signal")]
public sealed partial class ServeTests
{
    private static readonly string[] Call =
    [
        "train", "fcnet", "--data", "xor", "--epochs", "1000000", "--batch-size", "10", "--serve",
    ];

    private readonly TemporaryFolder folder = new();

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [Test]
    public async Task Only_the_own_page_is_answered()
    {
        using var process = PynetProcess.Start(folder.Name, [.. Call, "--out", "answered"]);
        var address = AddressOf(process);
        using var client = new HttpClient();
        var other = $"{address.GetLeftPart(UriPartial.Authority)}/{new string('0', 32)}/";
        Assert.That((await client.GetAsync(address)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await Status(new Uri(other)), Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(await Status(new Uri(other + "events")), Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(await Status(new(other + "stop"), HttpMethod.Post), Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(await Status(new(address.GetLeftPart(UriPartial.Authority))), Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(await Status(new(address, "nothing")), Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(await Status(new(address, "nothing"), HttpMethod.Post), Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(await Status(new(address, "stop"), HttpMethod.Put), Is.EqualTo(HttpStatusCode.MethodNotAllowed));

        foreach (var (name, value) in new[]
        {
            ("Origin", "http://evil.example"), ("Origin", "null"), ("Origin", $"https://127.0.0.1:{address.Port}"),
            ("Origin", $"http://localhost:{address.Port}"), ("Host", "evil.example"),
            ("Host", $"evil.example:{address.Port}"), ("Host", "127.0.0.1"), ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
        })
            foreach (var (page, method) in new[] { ("", HttpMethod.Get), ("stop", HttpMethod.Post) })
                Assert.That(
                    await Status(new(address, page), method, name, value), Is.EqualTo(HttpStatusCode.Forbidden),
                    $"{name}: {value}");
        Assert.That(
            await Status(new(address, "report"), HttpMethod.Get, "Origin", address.GetLeftPart(UriPartial.Authority)),
            Is.EqualTo(HttpStatusCode.OK));

        Assert.That(Listeners(address.Port), Is.EqualTo(new[] { "0100007F" }), "the loopback address alone");
        Assert.That(process.HasExited, Is.False);
        await StopAsync(process, address);

        async Task<HttpStatusCode> Status(
            Uri page, HttpMethod? method = null, string? name = null, string? value = null)
        {
            using var request = new HttpRequestMessage(method ?? HttpMethod.Get, page);
            if (name is not null) request.Headers.TryAddWithoutValidation(name, value);
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            return answer.StatusCode;
        }
    }

    [Test]
    public async Task A_page_moves_pauses_goes_on_and_stops()
    {
        await using var browser = await Browser.StartAsync();
        using var process = PynetProcess.Start(folder.Name, [.. Call, "--out", "moved"]);
        var page = await browser.OpenAsync(AddressOf(process).AbsoluteUri, 360);
        page.Dialog += (_, dialog) => dialog.AcceptAsync();
        await WaitForAsync("document.getElementById('live-state').textContent === 'training'");
        var before = await StepAsync();
        await WaitForAsync($"document.getElementById('live-step').textContent !== '{before}'");
        await WaitForAsync("document.querySelectorAll('.curve').length > 4");     // a report with epochs has come

        await page.ClickAsync("#live-pause");
        await WaitForAsync("document.getElementById('live-state').textContent === 'paused'");
        process.WaitForOutput("paused in the browser");
        var paused = await StepAsync();
        await Task.Delay(600);
        Assert.That(await StepAsync(), Is.EqualTo(paused));
        await page.ClickAsync("#live-resume");
        await WaitForAsync($"document.getElementById('live-step').textContent !== '{paused}'");

        var overflow = await page.EvaluateAsync<int>(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.That(overflow, Is.LessThanOrEqualTo(0));
        await page.ClickAsync("#live-stop");
        await WaitForAsync("document.getElementById('live-state').textContent === 'ended'");
        await WaitForAsync("document.querySelector('main').textContent.includes('stopped after')");
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.EqualTo(130), result.Error);
        Assert.That(browser.Messages, Is.Empty);
        Assert.That(File.ReadAllText(folder["moved/report.html"]), Does.Contain("train --resume moved"));

        // The run can be resumed.
        var step = MetricsFile.Read(folder["moved/metrics.jsonl"])[^1].Step;
        var resumed = PynetProcess.Run(
            folder.Name, "train", "--resume", "moved", "--max-steps", $"{step + 40}", "--quiet");
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Error);
        Assert.That(MetricsFile.Read(folder["moved/metrics.jsonl"])[^1].Step, Is.EqualTo(step + 40));

        async Task WaitForAsync(string condition) =>
            await page.WaitForFunctionAsync($"() => {condition}", null, new() { Timeout = 60_000 });

        Task<string> StepAsync() => page.InnerTextAsync("#live-step");
    }

    [Test]
    public async Task A_run_that_was_paused_has_the_weights_of_one_that_was_not()
    {
        string[] call =
        [
            "train", "fcnet", "--data", "xor", "--epochs", "120", "--batch-size", "10", "--width", "0.1", "--quiet",
        ];
        using var process = PynetProcess.Start(folder.Name, [.. call, "--serve", "--out", "paused"]);
        var address = AddressOf(process);
        await PostAsync(address, "pause");
        process.WaitForOutput("paused in the browser");
        await PostAsync(address, "resume");
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(PynetProcess.Run(folder.Name, [.. call, "--out", "whole"]).ExitCode, Is.Zero);
        RunFiles.AssertEqual(folder["paused"], folder["whole"]);
    }

    [Test]
    public async Task Browsers_that_do_not_read_hold_nothing_up()
    {
        using var process = PynetProcess.Start(folder.Name, [.. Call, "--out", "unread"]);
        var address = AddressOf(process);
        using var client = new HttpClient();
        List<HttpResponseMessage> answers = [];
        for (var i = 0; i < 8; i++)
            answers.Add(await client.GetAsync(new Uri(address, "events"), HttpCompletionOption.ResponseHeadersRead));
        var epochs = process.CountInOutput("\nepoch ");
        process.WaitForOutput("\nepoch ", epochs + 5);
        await StopAsync(process, address);
        answers.ForEach(answer => answer.Dispose());
    }

    [Test]
    public async Task A_port_in_use_is_one_error_before_the_folder_is_there()
    {
        using var process = PynetProcess.Start(folder.Name, [.. Call, "--out", "first"]);
        var address = AddressOf(process);
        var second = PynetProcess.Run(folder.Name, [.. Call, $"{address.Port}", "--out", "second"]);
        Assert.That(second.ExitCode, Is.EqualTo(2));
        Assert.That(
            second.Error,
            Is.EqualTo(
                $"pynet: --serve {address.Port}: port {address.Port} of 127.0.0.1 is in use; expected another, or " +
                "none for a free one.\n"));
        Assert.That(Directory.Exists(folder["second"]), Is.False);
        await StopAsync(process, address);
    }

    [TestCase("70000")]
    [TestCase("nin")]
    public void A_port_that_is_none_is_refused(string port)
    {
        var result = PynetProcess.Run(folder.Name, [.. Call, port]);
        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain($"--serve '{port}': expected a whole number from 0 to 65535"));
    }

    [Test]
    [Platform("Linux")]
    public void Without_it_no_server_is_loaded()
    {
        using var process = PynetProcess.Start(folder.Name, [.. Call[..^1], "--out", "unserved"]);
        process.WaitForOutput("\nepoch ");
        Assert.That(process.LoadedFiles(), Has.None.Contain("Kestrel").And.None.Contain("Microsoft.AspNetCore"));
        process.Send("TERM");
        process.WaitForEnd();
    }

    private static async Task StopAsync(ChildProcess process, Uri address)
    {
        await PostAsync(address, "stop");
        Assert.That(process.WaitForEnd().ExitCode, Is.EqualTo(130));
    }

    private static async Task PostAsync(Uri address, string action)
    {
        using var client = new HttpClient();
        using var answer = await client.PostAsync(new Uri(address, action), null);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NoContent), action);
    }

    private static Uri AddressOf(ChildProcess process)
    {
        process.WaitForOutput("/\n");
        return new(AddressPattern().Match(process.Output).Value);
    }

    /// <summary>The addresses at which this machine listens at a port, as the kernel writes them.</summary>
    private static string[] Listeners(int port) =>
    [
        .. ((string[])["/proc/net/tcp", "/proc/net/tcp6"]).Where(File.Exists).SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(part => part.Length > 3 && part[3] == "0A" && part[1].EndsWith($":{port:X4}"))
            .Select(part => part[1].Split(':')[0]),
    ];

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+/[0-9a-f]{32}/")]
    private static partial Regex AddressPattern();
}
