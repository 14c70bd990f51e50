using System.Text.Json.Nodes;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What is said of classes behind whose scores the ReLUs are dead.</summary>
[Parallelizable, Category("Processes")]
public sealed class DeadClassTests
{
    private const string Fault = "the scores of 3 classes do not depend on the item: their outputs are dead";

    private static readonly string[] Call =
        ["nin", "--width", "0.05", "--data", "shapes", "--weights", "dead.safetensors"];

    private readonly TemporaryFolder folder = new();

    [OneTimeSetUp]
    public void SaveDeadWeights()
    {
        var model = NetworkCatalog.Find("nin").Create(new([3, 32, 32], 10) { WidthMultiplier = 0.05 }, new Rng(1));
        model.Parameters()[^1].CopyFrom([1, 1, -1000, 1, 1, -1000, 1, 1, 1, -1000]);
        model.Save(folder["dead.safetensors"], new Dictionary<string, string> { ["model"] = "nin" });
    }

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [Test]
    public void Training_says_it_once_and_goes_on()
    {
        var output = Run(
            "train",
            [
                .. Call, "--limit", "200", "--validation", "100", "--lr", "0.001", "--epochs", "2",
                "--evaluate-every", "1", "--out", "run",
            ]);
        Assert.That(output.Split($"\nwarning: {Fault}."), Has.Length.EqualTo(2), output);
        Assert.That(output, Does.Contain("--lr").And.Contain("epoch 2/2"));
        Assert.That(MetricsFile.Read(folder["run/metrics.jsonl"]).Select(e => e.ConstantClasses), Is.All.EqualTo(3));
        Assert.That(File.ReadAllText(folder["run/report.html"]), Does.Contain($"Note that {Fault}."));
    }

    [Test]
    public void Evaluation_names_them()
    {
        Assert.That(Run("evaluate", Call), Does.Contain(Fault));
        var names = JsonNode.Parse(Run("evaluate", [.. Call, "--json"]))!["constant_classes"]!.AsArray();
        Assert.That(names.Select(name => (string?)name), Is.EqualTo(new[] { "square", "triangle", "arrow" }));
    }

    private string Run(string command, string[] options)
    {
        var result = PynetProcess.Run(folder.Name, [command, .. options]);
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        return result.Output;
    }
}
