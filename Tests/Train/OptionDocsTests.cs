using System.Text.RegularExpressions;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Every option of every command is explained by an example that runs, and help stays short.</summary>
[Parallelizable, Category("Processes")]
public sealed partial class OptionDocsTests
{
    private const int TwoScreens = 100;

    private static IEnumerable<TestCaseData> Options =>
        from command in new Train.CommandLine().Commands
        from option in command.Options
        select new TestCaseData(command.Name, option.Name).SetArgDisplayNames($"{command.Name} {option.Name}");

    [TestCaseSource(nameof(Options))]
    public void An_option_has_an_example_of_its_command(string command, string option)
    {
        var calls = Lines().Where(line => line.StartsWith($"pynet {command} ", StringComparison.Ordinal));
        Assert.That(
            calls.Any(line => line.Split(' ', '=').Contains(option)), Is.True,
            $"README.md and docs/*.md have no line 'pynet {command} … {option}'");
    }

    /// <summary>Those of the blocks <c>sh</c> of docs/runs.md, in their order.</summary>
    [Test, Category("Slow")]
    public void The_examples_run()
    {
        using var folder = new TemporaryFolder();
        var page = File.ReadAllText(Path.Combine(TutorialPage.Root, "docs", "runs.md"));
        var calls = page.Split("```sh\n")[1..]
            .SelectMany(block => block.Split("```")[0].TrimEnd().Split('\n')).ToArray();
        Assert.That(calls, Has.Length.GreaterThan(20));
        WritePhotos(folder);
        foreach (var call in calls)
        {
            var result = PynetProcess.Run(folder.Name, call.Split(' ')[1..]);
            Assert.That(result.ExitCode, Is.Zero, $"{call}\n{result.Error}");
        }
    }

    [Test]
    public void The_help_of_train_fits_two_screens()
    {
        var help = PynetProcess.Run(Path.GetTempPath(), "train", "--help").Output;
        Assert.That(help.TrimEnd('\n').Split('\n'), Has.Length.LessThanOrEqualTo(TwoScreens));
        foreach (var option in new Train.CommandLine().Commands.Single(command => command.Name == "train").Options)
            Assert.That(help, Does.Match($@"\n  {option.Name}( |\n)"), "in one of its groups");
    }

    private static void WritePhotos(TemporaryFolder folder)
    {
        foreach (var (k, name) in ((string[])["cats", "dogs"]).Index())
        {
            Directory.CreateDirectory(folder[$"photos/{name}"]);
            for (var i = 0; i < 8; i++)
            {
                byte[] row = [.. Enumerable.Range(0, 3 * 40).Select(n => (byte)(100 * k + 10 * i + n % 7))];
                File.WriteAllBytes(
                    folder[$"photos/{name}/{i}.png"], ImageBytes.Png(40, 36, 8, 2, [.. Enumerable.Repeat(row, 36)]));
            }
        }
    }

    /// <summary>The lines of code in the documentation, without their comments.</summary>
    private static IEnumerable<string> Lines()
    {
        string[] pages =
        [
            Path.Combine(TutorialPage.Root, "README.md"),
            .. Directory.GetFiles(Path.Combine(TutorialPage.Root, "docs"), "*.md"),
        ];
        return pages.SelectMany(File.ReadLines)
            .Select(line => Runner().Replace(line.Trim(), "pynet ").Split(" # ")[0]);
    }

    /// <summary>How the README calls the program from its sources.</summary>
    [GeneratedRegex("^dotnet run -c Release --project Train -- ")]
    private static partial Regex Runner();
}
