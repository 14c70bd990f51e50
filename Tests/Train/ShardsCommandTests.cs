using System.Text.Json.Nodes;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary><c>pynet train --shards</c>.</summary>
[Parallelizable, Category("Processes")]
public sealed class ShardsCommandTests
{
    private static readonly string[] Call =
    [
        "train", "nin", "--width", "0.05", "--data", "shapes", "--limit", "60", "--batch-size", "12",
        "--dropout", "0.3", "--augment", "--epochs", "2", "--evaluate-limit", "10", "--quiet",
    ];

    private readonly TemporaryFolder folder = new();

    [OneTimeTearDown]
    public void RemoveRuns() => folder.Dispose();

    [Test]
    public void A_run_resumes_with_its_shards_and_refuses_others()
    {
        Good([.. Call, "--shards", "4", "--out", "whole"]);
        Good([.. Call, "--shards", "4", "--max-steps", "3", "--out", "parts"]);
        Assert.That(
            (int?)JsonNode.Parse(File.ReadAllText(folder["parts/config.json"]))!["shards"], Is.EqualTo(4));
        var refused = PynetProcess.Run(folder.Name, "train", "--resume", "parts", "--shards", "2", "--max-steps", "99");
        Assert.That(refused.ExitCode, Is.EqualTo(2));
        Assert.That(refused.Error, Does.Contain("shards: run has 4, command has 2"));
        Good("train", "--resume", "parts", "--shards", "4", "--max-steps", "99", "--quiet");
        RunFiles.AssertEqual(folder["parts"], folder["whole"]);

        Good([.. Call, "--out", "uncut"]);
        Assert.That(
            File.ReadAllBytes(folder["uncut/model.safetensors"]),
            Is.Not.EqualTo(File.ReadAllBytes(folder["whole/model.safetensors"])), "it rounds otherwise");
    }

    [Test]
    public void More_shards_than_items_are_refused()
    {
        var result = PynetProcess.Run(folder.Name, [.. Call, "--shards", "13", "--out", "many"]);
        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain("--shards 13: a batch has 12 items; expected at most as many."));
        Assert.That(Directory.Exists(folder["many"]), Is.False);
    }

    private void Good(params string[] line)
    {
        var result = PynetProcess.Run(folder.Name, line);
        Assert.That(result.ExitCode, Is.Zero, result.Error);
    }
}
