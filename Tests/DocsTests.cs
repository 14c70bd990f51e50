using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The code that the documentation quotes is the code of the repository.</summary>
public sealed class DocsTests
{
    [TestCase("adding-an-op.md", "## 1. The op", 4)]
    [TestCase("gpu.md", "## How a kernel is written", 1)]
    public void Quoted_code_is_that_of_the_file(string page, string heading, int blocks)
    {
        var text = Read("docs", page);
        var quotes = text[text.IndexOf(heading, StringComparison.Ordinal)..].Split("```csharp\n")[1..]
            .Select(quote => quote[..quote.IndexOf("```", StringComparison.Ordinal)]).ToArray();
        var code = Trimmed(
            Read("Kernels/Activations", "Silu.cs") + Read("Kernels/Arithmetic", "Affine.cs") +
            Read("Tests", "OpTable.cs"));

        Assert.That(quotes, Has.Length.EqualTo(blocks));
        foreach (var paragraph in quotes.SelectMany(quote => Trimmed(quote).Split("\n\n")))
            Assert.That(code, Does.Contain(paragraph.Trim()));
    }

    [Test]
    public void The_table_of_contents_has_every_page()
    {
        var docs = Path.Combine(TutorialPage.Root, "docs");
        var pages = Directory.GetFiles(docs, "*.md").Concat(Directory.GetFiles(Path.Combine(docs, "decisions")))
            .Select(page => Path.GetRelativePath(docs, page).Replace('\\', '/'));
        var listed = File.ReadLines(Path.Combine(docs, "toc.yml"))
            .Select(line => line.Trim().Split("href: "))
            .Where(parts => parts.Length == 2 && parts[1].EndsWith(".md", StringComparison.Ordinal))
            .Select(parts => parts[1]);
        Assert.That(listed, Is.EquivalentTo(pages));
    }

    /// <summary>Without indentation.</summary>
    private static string Trimmed(string text) => string.Join('\n', text.Split('\n').Select(line => line.Trim()));

    private static string Read(string folder, string file, [CallerFilePath] string here = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "..", folder, file));
}
