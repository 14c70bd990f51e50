using System.Text.Json.Nodes;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// The options of <c>pynet train</c> against overfitting: kept, resumed, and refused where they differ.
/// </summary>
[Parallelizable, Category("Processes")]
public sealed class RegularizationTests
{
    private static readonly string[] Call =
    [
        "train", "nin", "--width", "0.05", "--data", "shapes", "--limit", "96", "--batch-size", "8",
        "--accumulate", "3", "--augment",
        "crop=2,flip,rotate=20,jitter=0.3,cutout=6,randaugment=1:5,mixup=0.4",
        "--label-smoothing", "0.1", "--gradient-clip", "0.5",
        "--ema", "0.8", "--patience", "5", "--epochs", "3",
        "--evaluate-limit", "40", "--quiet",
    ];

    private readonly TemporaryFolder folder = new();

    [OneTimeTearDown]
    public void RemoveFolder() => folder.Dispose();

    [Test]
    public void A_resumed_run_ends_as_one_that_was_not_stopped()
    {
        Run([.. Call, "--out", "whole"]);
        Run([.. Call, "--max-steps", "2", "--out", "parts"]);
        Run("train", "--resume", "parts", "--max-steps", "5", "--threads", "1", "--quiet");
        Run("train", "--resume", "parts", "--max-steps", "1000", "--quiet");
        foreach (var file in (string[])["model.safetensors", "best.safetensors"])
            Assert.That(
                File.ReadAllBytes(folder[$"parts/{file}"]), Is.EqualTo(File.ReadAllBytes(folder[$"whole/{file}"])),
                file);

        var config = JsonNode.Parse(File.ReadAllText(folder["parts/config.json"]))!;
        Assert.That(
            (string?)config["augment"],
            Is.EqualTo("crop=2,flip=0.5,rotate=20,jitter=0.3:0.3:0.3:0,cutout=6,randaugment=1:5,mixup=0.4"));
        Assert.That((double?)config["label_smoothing"], Is.EqualTo(0.1));
        Assert.That((double?)config["gradient_clip"], Is.EqualTo(0.5));
        Assert.That((double?)config["ema"], Is.EqualTo(0.8));
        Assert.That((int?)config["patience"], Is.EqualTo(5));

        Refused("augment: run has crop=2,", "--augment", "flip");
        Refused("command has standard", "--augment");
        Refused("label-smoothing: run has 0.1, command has 0.2", "--label-smoothing", "0.2");
        Refused("gradient-clip: run has 0.5, command has 1", "--gradient-clip", "1");
        Refused("ema: run has 0.8, command has 0.9", "--ema", "0.9");
        Refused("is complete", Call[10..^3]);

        void Refused(string why, params string[] more)
        {
            var result = PynetProcess.Run(folder.Name, ["train", "--resume", "parts", .. more]);
            Assert.That((result.ExitCode, result.Error), Is.EqualTo((2, result.Error)));
            Assert.That(result.Error, Does.Contain(why));
        }
    }

    [Test]
    public void The_average_is_what_is_measured_and_saved()
    {
        string[] call = ["train", "two-layer", "--data", "xor", "--limit", "300", "--epochs", "3", "--quiet"];
        Run([.. call, "--ema", "0.9", "--out", "averaged"]);
        Run([.. call, "--out", "plain"]);
        Assert.That(
            File.ReadAllBytes(folder["averaged/model.safetensors"]),
            Is.Not.EqualTo(File.ReadAllBytes(folder["plain/model.safetensors"])));

        var measured = PynetProcess.Run(
            folder.Name, "evaluate", "two-layer", "--data", "xor", "--weights", "averaged/model.safetensors", "--json");
        Assert.That(
            (double?)JsonNode.Parse(measured.Output)!["accuracy"],
            Is.EqualTo(MetricsFile.Read(folder["averaged/metrics.jsonl"])[^1].TestAccuracy));
    }

    [Test]
    public void A_run_stops_early_and_its_patience_can_grow()
    {
        string[] call =
        [
            "train", "two-layer", "--data", "xor", "--limit", "300", "--lr", "1e-6", "--epochs", "9", "--patience", "2",
        ];
        var result = PynetProcess.Run(folder.Name, [.. call, "--out", "early"]);
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Output, Does.Contain("stopped early: no better validation accuracy in 2 epochs"));
        Assert.That(MetricsFile.Read(folder["early/metrics.jsonl"]), Has.Count.EqualTo(3));

        var again = PynetProcess.Run(folder.Name, "train", "--resume", "early");
        Assert.That(again.ExitCode, Is.EqualTo(2));
        Assert.That(again.Error, Does.Contain("it stopped early, after step").And.Contain("A larger --patience"));
        Run("train", "--resume", "early", "--patience", "4", "--quiet");
        Assert.That(MetricsFile.Read(folder["early/metrics.jsonl"]), Has.Count.EqualTo(5));
    }

    [Test]
    public void Settings_of_earlier_versions_are_read()
    {
        var config = SmallRunConfig.Of();
        using var text = new MemoryStream();
        RunConfigFile.Write(text, config);
        foreach (var (old, expected) in ((string, string?)[])[("true", "standard"), ("false", null), ("null", null)])
        {
            var node = JsonNode.Parse(text.ToArray())!.AsObject();
            node["augment"] = JsonNode.Parse(old);
            foreach (var key in (string[])["label_smoothing", "gradient_clip", "ema", "patience"]) node.Remove(key);
            File.WriteAllText(folder["config.json"], node.ToJsonString());
            var read = RunConfigFile.Read(folder["config.json"]);
            read.Check("config.json");
            Assert.That(read.Augment, Is.EqualTo(expected));
            Assert.That(
                read with { Augment = null },
                Is.EqualTo(config with { Freeze = read.Freeze, Versions = read.Versions }));
        }
    }

    [TestCase("augment", "\"flop\"", "augment 'flop': expected a list of")]
    [TestCase("augment", "3", "'augment' has a value of the wrong type")]
    [TestCase("label_smoothing", "1", "'label_smoothing' is '1'")]
    [TestCase("gradient_clip", "0", "'gradient_clip' is '0'; expected a finite number above 0")]
    [TestCase("ema", "1", "'ema' is '1'; expected a number above 0 and below 1")]
    [TestCase("patience", "0", "'patience' is '0'")]
    public void Settings_outside_their_range_are_named(string key, string value, string expected)
    {
        using var text = new MemoryStream();
        RunConfigFile.Write(text, SmallRunConfig.Of());
        var node = JsonNode.Parse(text.ToArray())!.AsObject();
        node[key] = JsonNode.Parse(value);
        File.WriteAllText(folder["wrong.json"], node.ToJsonString());
        Assert.That(
            () => RunConfigFile.Read(folder["wrong.json"]).Check("wrong.json"),
            Throws.TypeOf<InputException>().With.Message.Contains(expected));
    }

    [Test]
    public void Patience_without_validation_is_a_contradiction() => Assert.That(
        () => (SmallRunConfig.Of() with { Patience = 2, Validation = 0 }).Check("x.json"),
        Throws.TypeOf<InputException>().With.Message.Contains("expected null where 'validation' is 0"));

    private void Run(params string[] line)
    {
        var result = PynetProcess.Run(folder.Name, line);
        Assert.That(result.ExitCode, Is.Zero, result.Error);
    }
}
