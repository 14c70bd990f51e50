using NUnit.Framework;
using Tutorial;

namespace PyNetSharp.Tests;

/// <summary>docs/inference.md runs, prints what it says, and has the code of the folder docs/tutorial.</summary>
public sealed class InferencePageTests
{
    private static string Page => File.ReadAllText(Path.Combine(TutorialPage.Root, "docs", "inference.md"));

    [Test]
    public void The_page_prints_what_it_shows()
    {
        var printed = new StringWriter { NewLine = "\n" };
        var console = Console.Out;
        Console.SetOut(printed);
        try
        {
            InferenceChapter.Run();
        }
        finally
        {
            Console.SetOut(console);
        }

        Assert.That(printed.ToString(), Is.EqualTo(string.Concat(Blocks("text"))));
    }

    [Test]
    public void The_page_quotes_the_code()
    {
        var regions = File.ReadAllText(TutorialPage.CodeFile("InferenceChapter.cs")).Split("// begin\n")[1..]
            .Select(region => Trimmed(region[..region.IndexOf("// end", StringComparison.Ordinal)]));
        Assert.That(Blocks("csharp").Select(Trimmed), Is.EqualTo(regions));
    }

    private static IEnumerable<string> Blocks(string language) => Page.Split($"```{language}\n")[1..]
        .Select(block => block[..block.IndexOf("```", StringComparison.Ordinal)]);

    private static string Trimmed(string text) =>
        string.Join('\n', text.Split('\n').Select(line => line.Trim())).Trim();
}
