using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary><c>Benchmarks/results/reproduce</c>, and the runs that are checked in beside it.</summary>
[Category("Processes")]
[Platform(Exclude = "Win", Reason = "a bash script")]
public sealed class ReproduceTests
{
    private static readonly string Root = Report.FindRepository(Path.GetDirectoryName(ThisFile())!);
    private static readonly string Script = Path.Combine(Root, "Benchmarks", "results", "reproduce");
    private static readonly string Published = Path.Combine(Root, "Benchmarks", "results", "published");

    [Test]
    public void Each_recipe_is_a_command_that_pynet_accepts_and_a_row_of_the_page()
    {
        using var folder = new TemporaryFolder();
        var page = File.ReadAllText(Path.Combine(Root, "docs", "results.md"));
        foreach (var name in Names())
        {
            // Every option is checked before the data is looked for; xor needs none.
            string[] end = name == "xor" ? ["--max-steps", "1"] : ["--data-dir", "nowhere"];
            var words = Command([name, folder[name], .. end]);
            var result = PynetProcess.Run(folder.Name, words);
            Assert.That(result.ExitCode, Is.EqualTo(name == "xor" ? 0 : 2), $"{name}: {result.Error}");
            if (name != "xor") Assert.That(result.Error, Does.Contain("'nowhere' does not exist"), name);
            Assert.That(page.Contains($"`{name}`"), $"docs/results.md has no row `{name}`.");
        }
    }

    [Test]
    public void An_option_takes_the_place_of_the_recipes_own() => Assert.That(
        Command(["nin-bn-half", "a b", "--epochs", "3", "--augment", "--device", "cuda"]),
        Is.SupersetOf(new[] { "--width", "0.5", "3", "cuda" })
            .And.Exactly(1).EqualTo("--epochs").And.Exactly(1).EqualTo("--augment").And.None.EqualTo("10"));

    [TestCase("alexnt", "there is no 'alexnt'")]
    public void A_name_that_does_not_exist_is_an_error(string name, string message)
    {
        var result = ChildProcess.Run("bash", Script, name);
        Assert.That((result.ExitCode, result.Output), Is.EqualTo((2, "")));
        Assert.That(result.Error, Does.Contain(message));
    }

    [Test]
    public void Checked_in_runs_are_small_and_have_the_settings_of_their_recipes()
    {
        foreach (var run in Directory.GetDirectories(Published))
        {
            var (name, files) = (Path.GetFileName(run), Directory.GetFiles(run, "*", SearchOption.AllDirectories));
            Assert.That(files.Sum(file => new FileInfo(file).Length), Is.LessThan(200_000), name);
            Assert.That(files.Select(Path.GetFileName), Is.SupersetOf(new[] { "metrics.jsonl", "curves.svg" }), name);

            using var config = JsonDocument.Parse(
                File.ReadAllText(files.Single(file => Path.GetFileName(file) == "config.json")));
            var settings = config.RootElement;
            var words = Command([name]);
            Assert.That(settings.GetProperty("model").GetString(), Is.EqualTo(words[1]), name);
            foreach (var (option, key) in new[]
                     {
                         ("--data", "data"), ("--width", "width"), ("--dropout", "dropout"), ("--lr", "learning_rate"),
                         ("--batch-size", "batch_size"), ("--epochs", "epochs"), ("--schedule", "schedule"),
                         ("--weight-decay", "weight_decay"),
                     })
                if (Array.IndexOf(words, option) is > 0 and var i)
                    Assert.That(Value(settings.GetProperty(key)), Is.EqualTo(Value(words[i + 1])), $"{name} {option}");
        }
    }

    private static string[] Names() =>
    [
        .. ChildProcess.Run("bash", Script, "--list").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ')[0]),
    ];

    /// <summary>The words of the command for pynet, without the program.</summary>
    private static string[] Command(string[] arguments)
    {
        var result = ChildProcess.Run("bash", [Script, "--print", .. arguments]);
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        var words = result.Output.TrimEnd('\n').Split('\n');
        return words[Array.IndexOf(words, "train")..];
    }

    /// <summary>A number, or a text.</summary>
    private static object? Value(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number ? value.GetDouble() : value.GetString();

    private static object Value(string word) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : word;

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
