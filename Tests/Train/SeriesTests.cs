using System.Text.Json.Nodes;
using System.Xml.Linq;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary><c>pynet find-lr</c>, <c>--seeds</c> and <c>--config</c>.</summary>
[Parallelizable, Category("Processes")]
public sealed class SeriesTests
{
    private static readonly string[] Small = ["train", "two-layer", "--data", "xor", "--epochs", "3", "--threads", "1"];

    private readonly TemporaryFolder folder = new();

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [Test]
    public void A_rate_is_found_and_drawn_and_nothing_else_is_written()
    {
        Directory.CreateDirectory(folder["lr"]);
        var result = PynetProcess.Run(
            folder["lr"], "find-lr", "two-layer", "--data", "xor", "--steps", "80", "--batch-size", "50", "--json",
            "--out", "found.svg");
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        var json = JsonNode.Parse(result.Output)!;
        Assert.That((double?)json["steepest"], Is.InRange(1e-4, 10));
        Assert.That(json["points"]!.AsArray(), Has.Count.InRange(20, 80));
        var picture = XDocument.Load(folder["lr/found.svg"]);
        Assert.That(picture.ToString(), Does.Contain("learning rate").And.Contain("steepest: "));
        Assert.That(Directory.GetFileSystemEntries(folder["lr"]), Is.EqualTo(new[] { folder["lr/found.svg"] }));

        var text = PynetProcess.Run(folder["lr"], "find-lr", "two-layer", "--data", "xor", "--steps", "80");
        Assert.That(text.Output, Does.Contain("suggestion: --lr "));
        Assert.That(File.Exists(folder["lr/find-lr-two-layer-xor.svg"]));
        Assert.That(
            Bad("find-lr", "two-layer", "--data", "xor", "--from", "1", "--to", "0.1"), Does.Contain("--to 0.1"));
    }

    [Test]
    public void Seeds_give_a_mean_and_a_deviation_and_resume_as_one()
    {
        var whole = Run([.. Small, "--seeds", "3", "--seed", "5", "--out", "whole"]);
        Assert.That(whole.ExitCode, Is.Zero, whole.Error);
        Assert.That(whole.Output, Does.Match(@"test accuracy \d+\.\d\d % ± \d+\.\d\d % over 3 seeds"));
        Run([.. Small, "--seed", "6", "--out", "alone"]);
        Assert.That(
            File.ReadAllBytes(folder["whole/seed-6/model.safetensors"]),
            Is.EqualTo(File.ReadAllBytes(folder["alone/model.safetensors"])), "as the seed alone");

        var json = JsonNode.Parse(File.ReadAllText(folder["whole/seeds.json"]))!;
        var tests = json["runs"]!.AsArray().Select(one => (double)one!["test_accuracy"]!).ToArray();
        var mean = tests.Average();
        Assert.That((double)json["test_accuracy"]!["mean"]!, Is.EqualTo(mean).Within(1e-12));
        Assert.That(
            (double)json["test_accuracy"]!["standard_deviation"]!,
            Is.EqualTo(Math.Sqrt(tests.Sum(x => (x - mean) * (x - mean)) / 2)).Within(1e-12));

        // The first two were done, the second only in part, when the machine went down.
        string[] parts = [.. Small, "--seed", "5", "--seeds", "3", "--out", "parts"];
        Run([.. Small, "--seed", "5", "--out", "parts/seed-5"]);
        Run([.. Small, "--seed", "6", "--max-steps", "4", "--out", "parts/seed-6"]);
        Assert.That(Bad(parts), Does.Contain("already holds a run"));
        var resumed = Run([.. parts, "--max-steps", "1000", "--resume-or-start"]);
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Error);
        Assert.That(
            JsonNode.Parse(File.ReadAllText(folder["parts/seeds.json"]))!["test_accuracy"]!.ToJsonString(),
            Is.EqualTo(json["test_accuracy"]!.ToJsonString()));
        Assert.That(Bad("train", "--resume", "parts/seed-5", "--seeds", "2"), Does.Contain("--seeds"));
    }

    [Test]
    public void A_seed_that_diverges_is_a_row()
    {
        string[] call =
        [
            "train", "two-layer", "--data", "xor", "--lr", "100", "--weight-decay", "1", "--epochs", "60",
            "--seeds", "2", "--out", "bad", "--json",
        ];
        var result = Run(call);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Error);
        var last = JsonNode.Parse(result.Output.TrimEnd('\n').Split('\n')[^1])!;
        Assert.That((string?)last["event"], Is.EqualTo("seeds"));
        Assert.That(last["runs"]!.AsArray().Select(one => (string?)one!["status"]), Is.All.EqualTo("failed"));
        Assert.That((int?)last["test_accuracy"]!["count"], Is.Zero);
    }

    [Test]
    public void A_run_is_repeated_from_its_settings_and_the_command_line_wins()
    {
        var first = Run(
            [.. Small, "--lr", "0.03", "--seed", "4", "--evaluate-limit", "20", "--accumulate", "2", "--out", "first"]);
        Assert.That(first.ExitCode, Is.Zero, first.Error);
        Good("train", "--config", "first/config.json", "--out", "again");
        Assert.That(
            File.ReadAllBytes(folder["again/model.safetensors"]),
            Is.EqualTo(File.ReadAllBytes(folder["first/model.safetensors"])));
        Assert.That(Settings("again"), Is.EqualTo(Settings("first")));

        Good("train", "--config", "first", "--lr", "0.5", "--optimizer", "rmsprop", "--epochs", "1", "--out", "other");
        var other = JsonNode.Parse(File.ReadAllText(folder["other/config.json"]))!;
        Assert.That(
            ((float)other["learning_rate"]!, (int)other["epochs"]!, (int)other["seed"]!, (int)other["accumulate"]!),
            Is.EqualTo((0.5f, 1, 4, 2)));
        Assert.That((string?)other["model"], Is.EqualTo("two-layer"));

        var node = JsonNode.Parse(File.ReadAllText(folder["first/config.json"]))!.AsObject();
        node["learning_rat"] = 0.1;
        File.WriteAllText(folder["unknown.json"], node.ToJsonString());
        Assert.That(
            Bad("train", "--config", "unknown.json", "--out", "none"), Does.Contain("unknown key 'learning_rat'"));
        Assert.That(Bad("train", "--config", "nowhere.json"), Does.Contain("nowhere.json"));
        Assert.That(Bad("train", "--resume", "first", "--config", "first"), Does.Contain("--config begins a run"));
    }

    private string Settings(string run)
    {
        var node = JsonNode.Parse(File.ReadAllText(folder[$"{run}/config.json"]))!.AsObject();
        node.Remove("started");
        return node.ToJsonString();
    }

    private ChildProcess.Result Run(params string[] call) => PynetProcess.Run(folder.Name, call);

    private void Good(params string[] call)
    {
        var result = Run(call);
        Assert.That(result.ExitCode, Is.Zero, result.Error + result.Output);
    }

    private string Bad(params string[] call)
    {
        var result = Run(call);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Output);
        return result.Error;
    }
}
