using System.Runtime.CompilerServices;
using NUnit.Framework;
using Tutorial;

namespace PyNetSharp.Tests;

/// <summary>docs/tutorial.md runs, prints what it says, and has the code of the folder docs/tutorial.</summary>
public sealed class TutorialTests
{
    /// <summary>The files with code that the page quotes, in its order.</summary>
    private static readonly string[] Files =
    [
        "TensorChapter.cs", "GradientChapter.cs", "SqueezeExcitation.cs", "FocalLoss.cs", "Snake.cs", "RowNorm.cs",
        "ResNet18.cs", "ResNetTraining.cs", "TrainerChapter.cs",
    ];

    private static IEnumerable<TestCaseData> Chapters =>
    [
        Chapter("## Tensors", TensorChapter.Run),
        Chapter("## Gradients", GradientChapter.Run),
        Chapter("## A layer of your own", LayerChapter.Run),
        Chapter("## A loss of your own", LossChapter.Run),
        Chapter("## An elementwise op of your own", ElementwiseChapter.Run),
        Chapter("## An op of your own", OpChapter.Run),
        Chapter("## A ResNet-18 for CIFAR-10", ResNetTraining.Run),
        Chapter("## With the Trainer", TrainerChapter.Run),
        Chapter("## From PyTorch", FromPyTorch.Run),
    ];

    [TestCaseSource(nameof(Chapters))]
    public void A_chapter_prints_what_the_page_shows(string heading, Action run)
    {
        var printed = new StringWriter { NewLine = "\n" };
        var console = Console.Out;
        Console.SetOut(printed);
        try
        {
            run();
        }
        finally
        {
            Console.SetOut(console);
        }

        Assert.That(printed.ToString(), Is.EqualTo(string.Concat(TutorialPage.Blocks("text", heading))));
    }

    [Test]
    public void The_page_quotes_the_code()
    {
        var here = Files.SelectMany(file => Regions(File.ReadAllText(TutorialPage.CodeFile(file)))).ToArray();
        var there = TutorialPage.Blocks("csharp").Select(Trimmed).ToArray();
        Assert.That(there, Is.EqualTo(here));
    }

    /// <summary>Each cell is a line of FromPyTorch.cs, which the chapter's test runs.</summary>
    [Test]
    public void The_table_quotes_the_code()
    {
        var code = File.ReadAllText(TutorialPage.CodeFile("FromPyTorch.cs"));
        var lines = Regions(code, "// rows\n").SelectMany(region => region.Split('\n')).Where(line => line.Length > 0);
        var cells = TutorialPage.Section("## From PyTorch").Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split(" | ")[1].Trim('|', ' ', '`'));
        Assert.That(cells, Is.EqualTo(lines));
    }

    private static TestCaseData Chapter(string heading, Action run) =>
        new TestCaseData(heading, run).SetArgDisplayNames(heading[3..]);

    /// <summary>What is between the lines <c>// begin</c> and <c>// end</c>.</summary>
    private static IEnumerable<string> Regions(string text, string begin = "// begin\n") =>
        text.Split(begin)[1..].Select(part => Trimmed(part[..part.IndexOf("// end", StringComparison.Ordinal)]));

    /// <summary>Without indentation.</summary>
    private static string Trimmed(string text) =>
        string.Join('\n', text.Split('\n').Select(line => line.Trim())).Trim();
}

/// <summary>The code blocks of docs/tutorial.md, and the files with their code.</summary>
internal static class TutorialPage
{
    /// <summary>The repository.</summary>
    public static string Root => Path.GetFullPath(Path.Combine(Folder(), "..", ".."));

    /// <summary>The page.</summary>
    private static string Text => File.ReadAllText(Path.Combine(Root, "docs", "tutorial.md"));

    /// <summary>A file of the code.</summary>
    public static string CodeFile(string name) => Path.Combine(Root, "docs", "tutorial", name);

    /// <summary>The blocks in a language; of the section under a heading, or of the whole page.</summary>
    public static IEnumerable<string> Blocks(string language, string heading = "") =>
        Section(heading).Split($"```{language}\n")[1..]
            .Select(block => block[..block.IndexOf("```", StringComparison.Ordinal)]);

    /// <summary>The section under a heading, or the whole page.</summary>
    public static string Section(string heading)
    {
        var text = Text;
        var start = heading.Length == 0 ? 0 : text.IndexOf(heading + "\n", StringComparison.Ordinal);
        Assert.That(start, Is.Not.Negative, $"the page has no section {heading}");
        var end = heading.Length == 0 ? -1 : text.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        return end < 0 ? text[start..] : text[start..end];
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
