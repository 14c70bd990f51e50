using System.Text.Json.Nodes;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary><c>--evaluate never</c> and <c>--evaluate-limit</c>, and evaluating on other data.</summary>
[Parallelizable, Category("Processes")]
public sealed class EvaluationLimitTests
{
    private readonly TemporaryFolder folder = new();

    [OneTimeSetUp]
    public void WriteData() => SmallCifar.Write(folder["cifar10"]);

    [OneTimeTearDown]
    public void RemoveData() => folder.Dispose();

    [Test]
    public void Nothing_is_evaluated_where_the_user_says_never()
    {
        string[] call = ["train", "two-layer", "--data", "xor", "--epochs", "3", "--evaluate", "never"];
        var output = Good([.. call, "--out", "never"]);
        Assert.That(output, Does.Contain("400 training items").And.Contain("not evaluated (--evaluate never)"));
        var epochs = MetricsFile.Read(folder["never/metrics.jsonl"]);
        Assert.That(epochs.Select(e => e.TestAccuracy ?? e.ValidationAccuracy), Is.All.Null);
        Assert.That(File.Exists(folder["never/best.safetensors"]), "chosen by the training accuracy");
        var config = JsonNode.Parse(File.ReadAllText(folder["never/config.json"]))!;
        Assert.That(((string?)config["evaluate"], (double?)config["validation"]), Is.EqualTo(("never", 0.0)));

        Good([.. call, "--max-steps", "7", "--out", "parts"]);
        Assert.That(
            Bad("train", "--resume", "parts", "--evaluate", "always"),
            Does.Contain("evaluate: run has never, command has always"));
        Good("train", "--resume", "parts", "--max-steps", "1000");
        Assert.That(
            File.ReadAllBytes(folder["parts/model.safetensors"]),
            Is.EqualTo(File.ReadAllBytes(folder["never/model.safetensors"])));
    }

    [TestCase("--validation", "0.2")]
    [TestCase("--evaluate-every", "2")]
    [TestCase("--test-every", "1")]
    [TestCase("--evaluate-limit", "10")]
    public void Never_and_how_contradict_each_other(params string[] how) => Assert.That(
        Bad(["train", "two-layer", "--data", "xor", "--evaluate", "never", .. how, "--out", "none"]),
        Does.Contain($"{how[0]}: with --evaluate never nothing is measured"));

    [Test]
    public void A_few_items_are_measured_the_same_ones_each_time()
    {
        string[] call =
        [
            "train", "lenet5", "--data", "cifar10", "--data-dir", folder.Name, "--width", "0.5", "--batch-size", "20",
            "--epochs", "3", "--validation", "20", "--test-every", "1", "--evaluate-limit", "10",
        ];
        var output = Good([.. call, "--out", "few"]);
        Assert.That(output, Does.Contain("80 training, 10 of 20 validation and 10 of 20 test items"));
        Assert.That(output, Does.Contain("measured on 10 items of each part at most (--evaluate-limit)"));
        foreach (var epoch in MetricsFile.Read(folder["few/metrics.jsonl"]))
            foreach (var share in (double?[])[epoch.TestAccuracy, epoch.ValidationAccuracy])
                Assert.That(10 * share!.Value % 1, Is.EqualTo(0).Within(1e-9), "tenths");

        Good([.. call, "--max-steps", "5", "--out", "few-parts"]);
        Assert.That(
            Bad("train", "--resume", "few-parts", "--evaluate-limit", "11"),
            Does.Contain("evaluate-limit: run has 10, command has 11"));
        Good("train", "--resume", "few-parts", "--max-steps", "100");
        Assert.That(
            MetricsFile.Read(folder["few-parts/metrics.jsonl"]).Select(e => (e.TestLoss, e.ValidationLoss)),
            Is.EqualTo(MetricsFile.Read(folder["few/metrics.jsonl"]).Select(e => (e.TestLoss, e.ValidationLoss))));
    }

    [Test]
    public void Evaluating_on_other_data_is_said()
    {
        Good("train", "two-layer", "--data", "xor", "--epochs", "1", "--out", "xor");
        var weights = NetworkCatalog.Find("two-layer").Create(new([2], 2), new Rng(1));
        var path = folder["iris.safetensors"];
        weights.Save(path, new WeightMetadata { Model = "two-layer", Data = "iris" }.ToMetadata());
        var same = Run("evaluate", "two-layer", "--weights", "xor/best.safetensors", "--json");
        Assert.That(same.Error, Is.Empty);
        var other = Run("evaluate", "two-layer", "--weights", "iris.safetensors", "--data", "xor", "--json");
        Assert.That(other.ExitCode, Is.Zero, other.Error);
        Assert.That(
            other.Error, Is.EqualTo("pynet: the weights were trained on 'iris', evaluated on 'xor'\n"));
        var json = JsonNode.Parse(other.Output)!;
        Assert.That(((string?)json["trained_on"], (string?)json["data"]), Is.EqualTo(("iris", "xor test")));
    }

    [Test]
    public void Models_and_devices_are_printed_for_programs()
    {
        var all = JsonNode.Parse(Good("models", "--json"))!["models"]!.AsArray();
        Assert.That(
            all.Select(model => (string?)model!["name"]),
            Is.EqualTo(NetworkCatalog.All.Select(network => network.Name)));
        var lenet = JsonNode.Parse(Good("models", "lenet5", "--json"))!;
        Assert.That((long?)lenet["parameters"], Is.EqualTo(61_706));
        Assert.That(
            lenet["layers"]!.AsArray().Where(layer => (int)layer!["depth"]! == 0).Sum(l => (long)l!["parameters"]!),
            Is.EqualTo(61_706));
        Assert.That(Bad("models", "nin", "--json", "--plan"), Does.Contain("--plan is a table"));
        var devices = JsonNode.Parse(Good("devices", "--json"))!["devices"]!.AsArray();
        Assert.That((string?)devices[0]!["name"], Is.EqualTo("cpu"));
        Assert.That((int?)devices[0]!["cores"], Is.EqualTo(Environment.ProcessorCount));
    }

    private ChildProcess.Result Run(params string[] call) => PynetProcess.Run(folder.Name, call);

    private string Good(params string[] call)
    {
        var result = Run(call);
        Assert.That(result.ExitCode, Is.Zero, result.Error + result.Output);
        return result.Output;
    }

    private string Bad(params string[] call)
    {
        var result = Run(call);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Output);
        Assert.That(result.Error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        return result.Error;
    }
}
