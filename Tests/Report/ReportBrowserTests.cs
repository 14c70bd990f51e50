using System.Globalization;
using Microsoft.Playwright;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Pages of real runs, in a browser.</summary>
[Parallelizable, Category("Processes")]
public sealed class ReportBrowserTests
{
    private readonly TemporaryFolder folder = new();
    private Browser browser = null!;

    [OneTimeSetUp]
    public async Task Train()
    {
        browser = await Browser.StartAsync();
        SmallCifar.Write(folder["cifar10"]);
        string[] call =
        [
            "train", "nin", "--width", "0.05", "--data", "cifar10", "--data-dir", folder.Name, "--batch-size", "20",
            "--optimizer", "adam", "--evaluate-every", "1", "--epochs", "2", "--quiet",
        ];
        Run([.. call, "--out", "run"]);
        Run([.. call, "--lr", "0.01", "--out", "a <b> & 'c'"]);
    }

    [OneTimeTearDown]
    public async Task Remove()
    {
        if (browser is not null) await browser.DisposeAsync();
        folder.Dispose();
    }

    [Test]
    public async Task A_page_has_all_parts_and_asks_for_nothing(
        [Values(360, 1400)] int width, [Values(ColorScheme.Light, ColorScheme.Dark)] ColorScheme scheme)
    {
        var page = await OpenAsync("run/report.html", width, scheme);
        string[] parts =
        [
            "curves", "confusion", "classes", "wrong", "filters", "activations", "layers", "settings", "machine",
        ];
        var found = await page.EvaluateAsync<string[]>("[...document.querySelectorAll('section[id]')].map(s => s.id)");
        Assert.That(found, Is.EqualTo(parts));
        await AssertGoodAsync(page);

        var (text, back) = (await ColorAsync(page, "color"), await ColorAsync(page, "backgroundColor"));
        Assert.That(back < text, Is.EqualTo(scheme == ColorScheme.Dark), $"text {text} on {back}");
        var broken = await page.EvaluateAsync<int>("[...document.images].filter(i => !i.naturalWidth).length");
        Assert.That(broken, Is.Zero);
        Assert.That(new FileInfo(folder["run/report.html"]).Length, Is.LessThan(2_000_000));
        await page.CloseAsync();
    }

    [Test]
    public async Task The_curves_have_the_values_of_the_metrics()
    {
        var epochs = MetricsFile.Read(folder["run/metrics.jsonl"]);
        var page = await OpenAsync("run/report.html");
        await AssertValuesAsync(page, "Loss", "training", epochs.Select(e => (double?)e.TrainLoss));
        await AssertValuesAsync(page, "Loss", "validation", epochs.Select(e => e.ValidationLoss));
        await AssertValuesAsync(page, "Loss", "test", epochs.Select(e => e.TestLoss));
        await AssertValuesAsync(page, "Accuracy", "training", epochs.Select(e => e.TrainAccuracy));
        await AssertValuesAsync(page, "Accuracy", "validation", epochs.Select(e => e.ValidationAccuracy));
        await AssertValuesAsync(page, "Accuracy", "test", epochs.Select(e => e.TestAccuracy));
        await AssertValuesAsync(page, "Learning rate", "learning rate", epochs.Select(e => (double?)e.LearningRate));
        await AssertValuesAsync(page, "Training images/s", "images/s", epochs.Select(e => (double?)e.ImagesPerSecond));
        await page.CloseAsync();
    }

    [Test]
    public async Task The_pointer_and_the_keys_show_the_values_of_an_epoch()
    {
        var epochs = MetricsFile.Read(folder["run/metrics.jsonl"]);
        var page = await OpenAsync("run/report.html");
        var plot = page.Locator(".plot-linear");
        await plot.HoverAsync(new() { Position = new() { X = 3, Y = 60 } });
        Assert.That(await page.Locator(".plot-linear .tip").InnerTextAsync(), Is.EqualTo(Tip(epochs[0])));
        await plot.FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        Assert.That(await page.Locator(".plot-linear .tip").InnerTextAsync(), Is.EqualTo(Tip(epochs[1])));

        Assert.That(await page.Locator(".plot-logarithmic").IsVisibleAsync(), Is.False);
        await page.GetByText("logarithmic").ClickAsync();
        Assert.That(await page.Locator(".plot-logarithmic").IsVisibleAsync());
        Assert.That(await plot.IsVisibleAsync(), Is.False);
        await AssertGoodAsync(page);
        await page.CloseAsync();

        static string Tip(EpochRecord epoch)
        {
            var test = epoch.TestLoss is { } loss ? $"\ntest {Text(loss)}" : "";
            return $"epoch {epoch.Epoch}\ntraining {Text(epoch.TrainLoss)}\n" +
                $"validation {Text(epoch.ValidationLoss!.Value)}{test}";
        }

        static string Text(double loss) => loss.ToString("F4", CultureInfo.InvariantCulture);
    }

    [Test]
    public async Task A_comparison_has_the_curves_of_all_runs()
    {
        var result = PynetProcess.Run(folder.Name, "report", "run", "a <b> & 'c'", "--out", "both.html");
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        foreach (var width in (int[])[360, 1400])
        {
            var page = await OpenAsync("both.html", width);
            foreach (var run in (string[])["run", "a <b> & 'c'"])
                await AssertValuesAsync(
                    page, "Training loss", run,
                    MetricsFile.Read(folder[$"{run}/metrics.jsonl"]).Select(e => (double?)e.TrainLoss));
            var settings = await page.Locator("#settings tbody tr").AllInnerTextsAsync();
            Assert.That(settings.Select(row => row.Split('\t')[0]), Is.EqualTo(new[] { "learning rate" }));
            await AssertGoodAsync(page);
            await page.CloseAsync();
        }
    }

    [Test]
    public async Task A_printed_page_is_light_and_fits_the_paper()
    {
        var page = await OpenAsync("run/report.html", 700, ColorScheme.Dark);
        await page.EmulateMediaAsync(new() { Media = Media.Print, ColorScheme = ColorScheme.Dark });
        Assert.That(await ColorAsync(page, "backgroundColor"), Is.GreaterThan(await ColorAsync(page, "color")));
        await AssertGoodAsync(page);
        await page.CloseAsync();
    }

    private Task<IPage> OpenAsync(string file, int width = 1400, ColorScheme scheme = ColorScheme.Light)
    {
        browser.Messages.Clear();
        browser.Requests.Clear();
        return browser.OpenAsync(new Uri(folder[file]).AbsoluteUri, width, scheme);
    }

    /// <summary>Nothing is wider than the window, nothing complains, and nothing but the page was asked for.</summary>
    private async Task AssertGoodAsync(IPage page)
    {
        var overflow = await page.EvaluateAsync<int>(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.That(overflow, Is.LessThanOrEqualTo(0));
        Assert.That(browser.Messages, Is.Empty);
        Assert.That(browser.Requests, Has.Count.EqualTo(1));
    }

    private static async Task AssertValuesAsync(
        IPage page, string title, string curve, IEnumerable<double?> expected)
    {
        var texts = await page.EvaluateAsync<string[]>(
            """
            ([title, curve]) => [...document.querySelectorAll('.chart')]
                .filter(c => c.querySelector('.title').textContent === title)
                .flatMap(c => [...c.querySelectorAll('.curve')])
                .filter(c => c.dataset.name === curve).map(c => c.dataset.values)
            """,
            new[] { title, curve });
        Assert.That(texts, Is.Not.Empty, $"{title}, {curve}");
        foreach (var text in texts)
            Assert.That(
                text.Split(' ').Select(
                    value => value == "-" ? (double?)null : double.Parse(value, CultureInfo.InvariantCulture)),
                Is.EqualTo(expected), $"{title}, {curve}");
    }

    /// <summary>The lightness of the body's color: 0 black, 255 white.</summary>
    private static Task<double> ColorAsync(IPage page, string property) => page.EvaluateAsync<double>(
        """
        property => getComputedStyle(document.body)[property].match(/\d+/g).slice(0, 3).map(Number)
            .reduce((a, b) => a + b) / 3
        """,
        property);

    private void Run(params string[] call)
    {
        var result = PynetProcess.Run(folder.Name, call);
        Assert.That(result.ExitCode, Is.Zero, result.Error);
    }
}
