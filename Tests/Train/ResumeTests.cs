using System.Text.Json.Nodes;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary><c>pynet train --resume</c>.</summary>
[Parallelizable, Category("Processes")]
public sealed class ResumeTests
{
    private readonly TemporaryFolder folder = new();

    [OneTimeSetUp]
    public void WriteData() => SmallCifar.Write(folder["cifar10"]);

    [OneTimeTearDown]
    public void RemoveData() => folder.Dispose();

    [Test]
    public void A_resumed_run_has_the_weights_and_metrics_of_one_that_was_not_stopped()
    {
        string[] call =
        [
            "train", "nin", "--width", "0.05", "--data", "cifar10", "--limit", "90", "--batch-size", "20",
            "--optimizer", "adam", "--lr", "0.002", "--schedule", "cosine:1", "--augment", "--epochs", "2",
            "--evaluate-every", "1", "--quiet",
        ];
        Run([.. call, "--data-dir", folder.Name, "--out", "whole"]);
        Run([.. call, "--data-dir", folder.Name, "--max-steps", "3", "--out", "parts"]);
        Run("train", "--resume", "parts", "--max-steps", "7", "--threads", "1", "--quiet");
        Directory.CreateDirectory(folder["elsewhere"]);
        SmallCifar.Write(folder["elsewhere/cifar10"]);
        Run("train", "--resume", "parts", "--max-steps", "1000", "--data-dir", "elsewhere", "--quiet");

        Assert.That(
            File.ReadAllBytes(folder["parts/model.safetensors"]),
            Is.EqualTo(File.ReadAllBytes(folder["whole/model.safetensors"])));
        Assert.That(
            MetricsFile.Read(folder["parts/metrics.jsonl"]).Select(e => (e.Step, e.TestAccuracy)),
            Is.EqualTo(MetricsFile.Read(folder["whole/metrics.jsonl"]).Select(e => (e.Step, e.TestAccuracy))));
        var config = JsonNode.Parse(File.ReadAllText(folder["parts/config.json"]))!;
        Assert.That(config["resumed"]!.AsArray().Select(part => (int?)part!["step"]), Is.EqualTo(new int?[] { 3, 7 }));
        Assert.That((int?)config["max_steps"], Is.EqualTo(1000));

        void Run(params string[] line)
        {
            var result = PynetProcess.Run(folder.Name, line);
            Assert.That(result.ExitCode, Is.Zero, result.Error);
        }
    }

    /// <summary>The plateau's count of epochs is in the checkpoint, and a part of an epoch does not count.</summary>
    [Test]
    public void A_schedule_with_a_state_resumes_with_it()
    {
        string[] call =
        [
            "train", "two-layer", "--data", "xor", "--limit", "300", "--optimizer", "rmsprop", "--momentum", "0.5",
            "--lr", "0.5", "--schedule", "warmup:1,plateau:0.5:0", "--epochs", "8", "--threads", "1", "--quiet",
        ];
        Run([.. call, "--out", "plateau"]);
        Run([.. call, "--max-steps", "10", "--out", "plateau-parts"]);
        Run("train", "--resume", "plateau-parts", "--max-steps", "17", "--quiet");
        Run("train", "--resume", "plateau-parts", "--max-steps", "24", "--quiet");

        var expected = MetricsFile.Read(folder["plateau/metrics.jsonl"]).Select(e => e.LearningRate).ToArray();
        Assert.That(expected[^1], Is.LessThan(0.5), "the loss did not improve in some epoch");
        Assert.That(
            MetricsFile.Read(folder["plateau-parts/metrics.jsonl"]).Select(e => e.LearningRate), Is.EqualTo(expected));
        Assert.That(
            File.ReadAllBytes(folder["plateau-parts/model.safetensors"]),
            Is.EqualTo(File.ReadAllBytes(folder["plateau/model.safetensors"])));

        void Run(params string[] line)
        {
            var result = PynetProcess.Run(folder.Name, line);
            Assert.That(result.ExitCode, Is.Zero, result.Error);
        }
    }

    /// <summary>Six batches are two steps.</summary>
    [Test]
    public void A_run_with_accumulated_gradients_resumes_within_an_epoch()
    {
        string[] call =
        [
            "train", "two-layer", "--data", "xor", "--limit", "300", "--batch-size", "50", "--accumulate", "4",
            "--schedule", "cosine", "--epochs", "2", "--quiet",
        ];
        Run([.. call, "--out", "accumulated"]);
        Run([.. call, "--max-steps", "3", "--out", "accumulated-parts"]);
        Run("train", "--resume", "accumulated-parts", "--max-steps", "100", "--quiet");

        Assert.That(
            File.ReadAllBytes(folder["accumulated-parts/model.safetensors"]),
            Is.EqualTo(File.ReadAllBytes(folder["accumulated/model.safetensors"])));
        Assert.That(
            MetricsFile.Read(folder["accumulated-parts/metrics.jsonl"]).Select(e => e.Step),
            Is.EqualTo(new long[] { 2, 4 }));
        Assert.That(
            (int?)JsonNode.Parse(File.ReadAllText(folder["accumulated-parts/config.json"]))!["accumulate"],
            Is.EqualTo(4));

        void Run(params string[] line)
        {
            var result = PynetProcess.Run(folder.Name, line);
            Assert.That(result.ExitCode, Is.Zero, result.Error);
        }
    }

    [Test]
    public void A_run_that_cannot_be_resumed_is_refused_with_the_reason()
    {
        string[] call = ["train", "two-layer", "--data", "xor", "--epochs", "2", "--quiet"];
        var done = PynetProcess.Run(folder.Name, [.. call, "--limit", "300", "--threads", "1", "--out", "done"]);
        Assert.That(done.ExitCode, Is.Zero, done.Error);

        Refused("is complete: 6 steps are done of 6");
        Refused("lr: run has 0.05, command has 0.5; seed: run has 0, command has 3", "--lr", "0.5", "--seed", "3");
        Refused("validation: run has 0.1, command has 20", "--validation", "20");
        Refused("precision: run has float32, command has tf32", "--precision", "tf32", "--epochs", "3");
        Refused("device 'opencl:99'", "--device", "opencl:99");       // and not that --threads belongs to the cpu
        Refused("model: run has two-layer, command has nin", "nin");
        Refused("--out and --resume-or-start cannot be given beside it", "--resume-or-start");
        Edit("\"learning_rate\": 0.05", "\"learning_rate\": 500");
        Refused("'learning_rate' is '500'; expected a number above 0 and up to 100", "--epochs", "3");
        Edit("\"learning_rate\": 500", "\"learning_rate\": 0.05");
        Edit("\"limit\": 300", "\"limit\": 200");
        Refused("180 training items are 2 steps per epoch", "--epochs", "4");
        foreach (var (_, file) in CheckpointFolder.Find(folder["done"])) File.WriteAllText(file, "damaged");
        Refused("No checkpoint in 'done' can be used", "--epochs", "4");
        Edit("{", "");
        Refused("config.json' cannot be read", "--epochs", "4");
        File.Delete(folder["done/config.json"]);
        Refused("there is no config.json");

        void Edit(string old, string now)
        {
            var text = File.ReadAllText(folder["done/config.json"]);
            Assert.That(text, Does.Contain(old));
            File.WriteAllText(folder["done/config.json"], text.Replace(old, now, StringComparison.Ordinal));
        }

        void Refused(string why, params string[] more)
        {
            var result = PynetProcess.Run(folder.Name, ["train", "--resume", "done", .. more]);
            Assert.That(result.ExitCode, Is.EqualTo(2), why);
            Assert.That(result.Error, Does.Contain(why));
            Assert.That(result.Error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        }
    }
}
