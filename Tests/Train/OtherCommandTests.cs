using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Good calls of the commands beside <c>train</c>, and the help pages.</summary>
[Parallelizable, Category("Processes")]
public sealed class OtherCommandTests
{
    private readonly TemporaryFolder folder = new();

    [OneTimeSetUp]
    public void Train()
    {
        SmallCifar.Write(folder["cifar10"]);
        var result = PynetProcess.Run(
            folder.Name, "train", "lenet5", "--width", "0.5", "--data", "cifar10", "--data-dir", folder.Name,
            "--epochs", "2", "--batch-size", "20", "--lr", "0.01", "--quiet", "--out", "run");
        Assert.That(result.ExitCode, Is.Zero, result.Error);
    }

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [Test]
    public void Evaluation_scales_features_as_training_did_with_a_few_items()
    {
        var trained = PynetProcess.Run(
            folder.Name, "train", "two-layer", "--data", "xor", "--limit", "5", "--epochs", "3", "--quiet",
            "--out", "few");
        var evaluated = PynetProcess.Run(
            folder.Name, "evaluate", "two-layer", "--weights", "few/model.safetensors", "--json");

        Assert.That((trained.ExitCode, evaluated.ExitCode), Is.EqualTo((0, 0)), trained.Error + evaluated.Error);
        var last = MetricsFile.Read(folder["few/metrics.jsonl"])[^1];
        Assert.That((double?)JsonNode.Parse(evaluated.Output)!["accuracy"], Is.EqualTo(last.TestAccuracy));
    }

    [Test]
    public void Evaluation_finds_the_accuracy_that_training_found()
    {
        var result = PynetProcess.Run(
            folder.Name, "evaluate", "lenet5", "--weights", "run/model.safetensors", "--data-dir", folder.Name,
            "--json", "--batch-size", "7", "--logits", "scores.npy");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        var json = JsonNode.Parse(result.Output)!;
        var last = MetricsFile.Read(folder["run/metrics.jsonl"])[^1];
        Assert.That((double?)json["accuracy"], Is.EqualTo(last.TestAccuracy));
        Assert.That(((int?)json["count"], (int?)json["nan_count"]), Is.EqualTo((SmallCifar.PerFile, 0)));
        Assert.That(json["classes"]!.AsArray(), Has.Count.EqualTo(10));
        var confusion = json["confusion"]!.AsArray().Select(row => row!.AsArray().Sum(n => (int)n!));
        Assert.That(confusion, Is.All.EqualTo(SmallCifar.PerFile / 10));

        var header = Encoding.ASCII.GetString(File.ReadAllBytes(folder["scores.npy"]), 10, 118);
        Assert.That(header, Does.Contain("'shape': (20, 10)").And.Contain("'<f4'"));
    }

    [Test]
    public void Evaluation_prints_tables_also_of_the_training_part()
    {
        var result = PynetProcess.Run(
            folder.Name, "evaluate", "lenet5", "--weights", "run/best.safetensors", "--data", "cifar10",
            "--data-dir", folder.Name, "--split", "train");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        foreach (var text in (string[])["cifar10 train: 100 items", "accuracy", "airplane", "Confusion"])
            Assert.That(result.Output, Does.Contain(text));
    }

    [TestCase("--json")]
    [TestCase("--split", "test")]
    public void Evaluation_fails_where_all_scores_are_NaN(params string[] options)
    {
        var model = NetworkCatalog.Find("fcnet").Create(new([2], 2), new Rng(1));
        foreach (var parameter in model.Parameters())
            parameter.CopyFrom([.. Enumerable.Repeat(float.NaN, parameter.Shape.Size)]);
        model.Save(folder["nan.safetensors"], new Dictionary<string, string> { ["model"] = "fcnet", ["data"] = "xor" });

        var result = PynetProcess.Run(folder.Name, ["evaluate", "fcnet", "--weights", "nan.safetensors", .. options]);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain("every item has a NaN").And.Contain("nan.safetensors"));
        Assert.That(result.Error.Trim().Split('\n'), Has.Length.EqualTo(1));
        if (options is ["--json"])
        {
            var json = JsonNode.Parse(result.Output)!;
            Assert.That(((double?)json["accuracy"], (int?)json["nan_count"]), Is.EqualTo((0.0, (int?)json["count"])));
        }
        else
        {
            Assert.That(result.Output, Does.Contain("accuracy 0.00 %").And.Contain("of the items have one among"));
        }
    }

    [Test]
    public void Models_are_listed()
    {
        var result = PynetProcess.Run(folder.Name, "models");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        foreach (var network in NetworkCatalog.All) Assert.That(result.Output, Does.Contain(network.Name));
    }

    [Test]
    public void A_model_is_shown_layer_by_layer()
    {
        var d2l = PynetProcess.Run(folder.Name, "models", "nin-d2l").Output;
        var net = PynetProcess.Run(folder.Name, "models", "nin-net").Output;
        var small = PynetProcess.Run(
            folder.Name, "models", "nin", "--size", "32", "--width", "0.25", "--classes", "7").Output;

        Assert.That(d2l, Does.Match(@"\n *0 +Sequential +96×54×54 ").And.Match(@"\n *9 +Flatten\(.*\) +10 "));
        Assert.That(net, Does.Match(@"\n *conv +Sequential +10×6×6 ").And.Match(@"\n *gap +AvgPool2d\(.*\) +10×1×1 "));
        Assert.That(Regex.Count(small, @"kernel_size=\(5, 5\)"), Is.EqualTo(2), "each layer is printed once");
        Assert.That(
            net,
            Does.Contain(
                "Training: fashion-mnist resized to 224×224, adam, learning rate 0.001, schedule warmup:1%,none, " +
                "batch 16, 3 epochs;")
                .And.Contain("; a line every 100 batches; weights kept every 1,000 batches\n"));
        Assert.That(small, Does.Contain("Conv2d(3, 48, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))"));
        Assert.That(small, Does.Contain("7×8×8"));
    }

    [Test]
    public void A_plan_names_the_algorithm_of_every_pass()
    {
        var result = PynetProcess.Run(folder.Name, "models", "lenet5", "--plan", "--batch-size", "64");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        foreach (var text in (string[])
            ["a step of 64 images", "forward", "input gradient", "weight gradient", "linear", "M×N×K = 64×"])
            Assert.That(result.Output, Does.Contain(text));
    }

    [Test]
    public void Devices_are_shown()
    {
        var result = PynetProcess.Run(folder.Name, "devices");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Output, Does.Contain("cpu").And.Contain("float").And.Contain("free"));
        foreach (var gpu in DeviceCatalog.Gpus)
            Assert.That(result.Output, Does.Contain(gpu.Name).And.Contain(gpu.Driver));
        if (DeviceCatalog.Gpus.All(gpu => gpu.IsCpu)) Assert.That(result.Output, Does.Contain("No GPU: "));
    }

    [TestCase("--help", "Commands:")]
    [TestCase("-h", "Commands:")]
    [TestCase("train --help", "--batch-size N")]
    [TestCase("evaluate --help", "--logits FILE.npy")]
    [TestCase("models --help", "--classes N")]
    [TestCase("devices --help", "Examples:")]
    [TestCase("gradcheck --help", "--batch-size N")]
    [TestCase("--version", "0.1.0")]
    public void Help_is_printed(string line, string shown)
    {
        var result = PynetProcess.Run(folder.Name, line.Split(' '));

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Output, Does.Contain(shown));
        Assert.That(result.Output.Split('\n'), Has.All.Length.LessThanOrEqualTo(130));
    }
}
