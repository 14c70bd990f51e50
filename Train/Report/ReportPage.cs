using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using PyNetSharp.Layers;

namespace PyNetSharp.Train;

/// <summary>Writes reports as HTML pages, each a single file that asks for nothing else.</summary>
internal static class ReportPage
{
    private static readonly string Style = Resource("report.css"), Script = Resource("report.js");

    /// <summary>The page of a run.</summary>
    /// <param name="report">What it shows.</param>
    /// <param name="isLive">Whether a server behind it sends changes.</param>
    public static string Write(RunReport report, bool isLive = false) =>
        Page(report.Title, [.. isLive ? [LivePanel.Draw()] : (XElement[])[], Content(report)], isLive);

    /// <summary>The page that compares runs.</summary>
    public static string Write(RunComparison comparison) =>
        Page(comparison.Title, [Html.Tag("main", null, ComparisonSections.All(comparison))], isLive: false);

    /// <summary>Writes a page into a file, replacing the one of that name.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Save(string path, string page) =>
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(page)));

    /// <summary>The part of a run's page that changes from epoch to epoch.</summary>
    public static XElement Content(RunReport report) => Html.Tag(
        "main", null,
        OverviewSections.All(report),
        report.Evaluation is { } evaluation ? EvaluationSections.All(evaluation) : [],
        NetworkSections.All(report),
        SettingsSections.All(report));

    /// <summary>A section with a heading, which a link can name.</summary>
    public static XElement Section(string id, string title, params ReadOnlySpan<object?> content)
    {
        var section = Html.Tag("section", null, Html.Attribute("id", id), Html.Tag("h2", null, title));
        foreach (var part in content) section.Add(part);
        return section;
    }

    /// <summary>A table that scrolls by itself where it is wider than the page.</summary>
    /// <param name="css">Its classes; null for none.</param>
    /// <param name="heading">The cells of the first row.</param>
    /// <param name="rows">The others; a text beginning a row is its heading.</param>
    public static XElement Table(string? css, IEnumerable<string> heading, IEnumerable<IEnumerable<object>> rows) =>
        Html.Tag("div", "wide", Html.Attribute("tabindex", 0), Html.Tag(
            "table", css,
            Html.Tag("thead", null, Html.Tag("tr", null, heading.Select(
                text => Html.Tag("th", null, Html.Attribute("scope", "col"), text)))),
            Html.Tag("tbody", null, rows.Select(row => Html.Tag("tr", null, row.Select(Cell))))));

    private static XElement Cell(object content, int column) => content as XElement
        ?? (column > 0
            ? Html.Tag("td", null, content) : Html.Tag("th", null, Html.Attribute("scope", "row"), content));

    /// <summary>A picture, enlarged by a whole factor.</summary>
    /// <param name="picture">The pixels.</param>
    /// <param name="text">What it shows.</param>
    /// <param name="factor">Screen pixels per pixel, where there is room.</param>
    public static XElement Image(PagePicture picture, string text, int factor) => Html.Tag(
        "img", "pixels",
        Html.Attribute("src", $"data:image/png;base64,{Convert.ToBase64String(picture.ToPng())}"),
        Html.Attribute("alt", text), Html.Attribute("width", factor * picture.Width),
        Html.Attribute("height", factor * picture.Height));

    private static string Page(string title, IEnumerable<XElement> body, bool isLive)
    {
        using var page = new StringWriter(CultureInfo.InvariantCulture);
        page.Write("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        Write(Meta("http-equiv", "Content-Security-Policy", Policy(isLive)));
        Write(Meta("name", "viewport", "width=device-width, initial-scale=1"));
        Write(Meta("name", "color-scheme", "light dark"));
        Write(Meta("name", "referrer", "no-referrer"));
        // Otherwise a browser asks a server for one.
        Write(Html.Tag("link", null, Html.Attribute("rel", "icon"), Html.Attribute("href", "data:,")));
        Write(Html.Tag("title", null, title));
        page.Write($"<style>{Style}</style>\n</head>\n<body>\n");
        foreach (var part in body) Write(part);
        page.Write($"<script>{Script}</script>\n</body>\n</html>\n");
        return page.ToString();

        void Write(XElement element)
        {
            Html.Write(element, page);
            page.Write('\n');
        }
    }

    /// <summary>Nothing is loaded, and no script runs but the page's own.</summary>
    private static string Policy(bool isLive) =>
        $"default-src 'none'; img-src data:; style-src {Hash(Style)}; script-src {Hash(Script)}; " +
        $"connect-src {(isLive ? "'self'" : "'none'")}; base-uri 'none'; form-action 'none'";

    private static string Hash(string text) =>
        $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}'";

    private static XElement Meta(string kind, string name, string content) =>
        Html.Tag("meta", null, Html.Attribute(kind, name), Html.Attribute("content", content));

    private static string Resource(string name)
    {
        using var stream = typeof(ReportPage).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
