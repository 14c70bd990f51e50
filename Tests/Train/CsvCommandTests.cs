using System.Text.Json.Nodes;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary><c>pynet</c> with a file of comma-separated values.</summary>
[Parallelizable, Category("Processes")]
public sealed class CsvCommandTests
{
    private readonly TemporaryFolder folder = new();

    /// <summary>The exclusive or of two signs, with a third feature of another unit.</summary>
    [OneTimeSetUp]
    public void WriteTable()
    {
        var rng = new Rng(1);
        var rows = Enumerable.Range(0, 300).Select(_ =>
        {
            var (a, b) = (rng.NextFloat(-1, 1), rng.NextFloat(-1, 1));
            return FormattableString.Invariant($"{a};{(a > 0 == b > 0 ? "same" : "\"not; same\"")};{1000 * b}");
        });
        File.WriteAllText(folder["signs.csv"], "a;kind;b\n" + string.Join('\n', rows));
    }

    [OneTimeTearDown]
    public void RemoveFolder() => folder.Dispose();

    [Test]
    public void A_table_is_learned_measured_and_resumed()
    {
        string[] call =
        [
            "train", "fcnet", "--data", "signs.csv", "--label", "kind", "--separator", ";", "--split", "0.2",
            "--seed", "3", "--epochs", "20", "--batch-size", "16", "--quiet",
        ];
        Run([.. call, "--out", "whole"]);
        var tested = MetricsFile.Read(folder["whole/metrics.jsonl"])[^1].TestAccuracy;
        Assert.That(tested, Is.GreaterThan(0.8));

        Run([.. call, "--max-steps", "30", "--out", "parts"]);
        Run("train", "--resume", "parts", "--max-steps", "10000", "--quiet");
        Assert.That(
            File.ReadAllBytes(folder["parts/model.safetensors"]),
            Is.EqualTo(File.ReadAllBytes(folder["whole/model.safetensors"])));

        var measured = JsonNode.Parse(Run(
            "evaluate", "fcnet", "--weights", "whole/model.safetensors", "--json").Output)!;
        Assert.That((double?)measured["accuracy"], Is.EqualTo(tested));
        Assert.That((int?)measured["count"], Is.EqualTo(60));
        Assert.That(
            measured["classes"]!.AsArray().Select(entry => (string?)entry!["name"]),
            Is.EqualTo(new[] { "not; same", "same" }));

        File.Delete(folder["whole/report.html"]);
        Assert.That(Run("report", "whole").Output, Does.Contain("report.html").And.Not.Contain("no confusion matrix"));
        var found = JsonNode.Parse(Run(
            "find-lr", "fcnet", "--data", "signs.csv", "--label", "kind", "--separator", ";", "--steps", "20",
            "--batch-size", "16", "--json").Output)!;
        Assert.That((string?)found["data"], Does.EndWith("signs.csv"));
        Assert.That((double?)found["minimum_over_10"], Is.GreaterThan(0));

        Refused("label: run has kind, command has a", "train", "--resume", "parts", "--label", "a");
        Refused("separator: run has ;, command has tab", "train", "--resume", "parts", "--separator", "tab");
        Refused("split: run has 0.2, command has 0.3", "train", "--resume", "parts", "--split", "0.3");
        var text = File.ReadAllText(folder["signs.csv"]);
        File.AppendAllText(folder["signs.csv"], "\n1;same;1");
        Refused("has changed since the run began", "train", "--resume", "parts", "--epochs", "30");
        File.WriteAllText(folder["signs.csv"], text);
        File.WriteAllText(folder["other.csv"], text);
        Refused(
            "is not what the weights were trained on", "evaluate", "fcnet", "--weights", "whole/model.safetensors",
            "--data", "other.csv");
    }

    [Test]
    public void A_call_that_cannot_work_is_refused_with_the_reason()
    {
        Refused("has the classes? Line 1 names 'a;kind;b'.", "train", "fcnet", "--data", "signs.csv");
        Refused(
            "has the classes? Line 1 names 'a', 'kind', 'b'.",
            "train", "fcnet", "--data", "signs.csv", "--separator", ";");
        Refused("none.csv' is missing", "train", "fcnet", "--data", "none.csv");
        Refused(
            "line 1 names 'a;kind;b'. Is the separator another one?",
            "train", "fcnet", "--data", "signs.csv", "--label", "kind");
        Refused(
            "line 2, column 'kind': '", "train", "fcnet", "--data", "signs.csv", "--label", "b", "--separator", ";");
        Refused("none.csv' is missing", "train", "fcnet", "--data", "none.csv", "--label", "kind");
        Refused("--label belongs to a file", "train", "fcnet", "--data", "xor", "--label", "kind");
        Refused("--separator belongs to a file", "train", "fcnet", "--data", "xor", "--separator", ";");
        Refused("--separator '1': expected one character", "train", "fcnet", "--data", "xor", "--separator", "1");
        Refused(
            "--resize", "train", "fcnet", "--data", "signs.csv", "--label", "kind", "--separator", ";",
            "--resize", "8");
        Refused(
            "augmented by flip", "train", "fcnet", "--data", "signs.csv", "--label", "kind", "--separator", ";",
            "--augment", "flip");
        Assert.That(Directory.Exists(folder["runs"]), Is.False);
    }

    [Test]
    public void Settings_of_a_table_are_checked()
    {
        var config = SmallRunConfig.Of() with { Data = folder["signs.csv"], Label = "kind", Separator = ";" };
        config.Check("x");
        Fault(config with { Label = null }, "'label' is 'null'; expected the name of a column");
        Fault(config with { Separator = ";;" }, "'separator' is ';;'");
        Fault(SmallRunConfig.Of() with { Label = "kind" }, "'label' is 'kind'; expected null");
        Fault(SmallRunConfig.Of() with { Separator = ";" }, "'separator' is ';'; expected null");

        static void Fault(RunConfig config, string expected) => Assert.That(
            () => config.Check("x"), Throws.TypeOf<InputException>().With.Message.Contains(expected));
    }

    private ChildProcess.Result Run(params string[] line)
    {
        var result = PynetProcess.Run(folder.Name, line);
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        return result;
    }

    private void Refused(string why, params string[] line)
    {
        var result = PynetProcess.Run(folder.Name, line);
        Assert.That(result.ExitCode, Is.EqualTo(2), why);
        Assert.That(result.Error, Does.Contain(why));
        Assert.That(result.Error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
    }
}
