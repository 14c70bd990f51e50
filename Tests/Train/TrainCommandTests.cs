using System.Text.Json.Nodes;
using System.Xml.Linq;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Good calls of <c>pynet train</c>.</summary>
[Parallelizable, Category("Processes")]
public sealed class TrainCommandTests
{
    private readonly TemporaryFolder folder = new();

    [OneTimeSetUp]
    public void WriteData() => SmallCifar.Write(folder["cifar10"]);

    [OneTimeTearDown]
    public void RemoveData() => folder.Dispose();

    [Test]
    public void A_run_leaves_its_settings_metrics_weights_and_curves()
    {
        var result = PynetProcess.Run(
            folder.Name, "train", "fcnet", "--data", "xor", "--epochs", "3", "--evaluate-every", "2",
            "--batch-size", "50", "--lr", "0.02", "--width", "0.1", "--seed", "7", "--out", "run");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Error, Is.Empty);
        Assert.That(result.Output, Does.Contain("epoch 3/3").And.Contain("its test accuracy").And.Contain("run"));
        var config = JsonNode.Parse(File.ReadAllText(folder["run/config.json"]))!;
        Assert.That((string?)config["model"], Is.EqualTo("fcnet"));
        Assert.That((string?)config["data"], Is.EqualTo("xor"));
        Assert.That((int?)config["seed"], Is.EqualTo(7));
        Assert.That((float?)config["learning_rate"], Is.EqualTo(0.02f));
        Assert.That(config["versions"]!["dotnet"], Is.Not.Null);

        var epochs = MetricsFile.Read(folder["run/metrics.jsonl"]);
        Assert.That(epochs.Select(epoch => epoch.Step), Is.EqualTo(new long[] { 8, 16, 24 }));     // 360 points, by 50
        Assert.That(epochs.Select(epoch => epoch.ValidationAccuracy is null), Is.EqualTo(new[] { true, false, false }));
        Assert.That(epochs.Select(epoch => epoch.TestAccuracy is null), Is.EqualTo(new[] { true, true, false }));
        Assert.That(epochs[2].TrainLoss, Is.LessThan(epochs[0].TrainLoss));

        using var last = Safetensors.Open(folder["run/model.safetensors"]);
        using var best = Safetensors.Open(folder["run/best.safetensors"]);
        Assert.That(last.Tensors.Select(t => t.Name), Is.EqualTo(best.Tensors.Select(t => t.Name)));
        Assert.That(XDocument.Load(folder["run/curves.svg"]).Root!.Name.LocalName, Is.EqualTo("svg"));
        string[] files =
        [
            "best.safetensors", "config.json", "curves.svg", "metrics.jsonl", "model.safetensors", "report.html",
        ];
        Assert.That(
            Directory.GetFiles(folder["run"]).Select(Path.GetFileName).Where(name => !name!.StartsWith("checkpoint-")),
            Is.EquivalentTo(files));
        Assert.That(Directory.GetFiles(folder["run"], "checkpoint-?????????.safetensors"), Is.Not.Empty);
    }

    [Test]
    public void Without_a_command_nin_trains_on_shapes()
    {
        var result = PynetProcess.Run(folder.Name, "--limit", "16", "--max-steps", "1", "--out", "default");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        var config = JsonNode.Parse(File.ReadAllText(folder["default/config.json"]))!;
        Assert.That((string?)config["model"], Is.EqualTo("nin"));
        Assert.That((string?)config["data"], Is.EqualTo("shapes"));
        Assert.That((double?)config["width"], Is.EqualTo(0.25));
    }

    [Test]
    public void The_default_run_can_be_one_epoch_long()
    {
        var result = PynetProcess.Run(folder.Name, "--limit", "16", "--epochs", "1", "--out", "short");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(MetricsFile.Read(folder["short/metrics.jsonl"]).Single().TestAccuracy, Is.Not.Null);
    }

    [TestCase("0.25", "60 training, 20 validation and 20 test items")]
    [TestCase("8", "72 training, 8 validation and 20 test items")]
    [TestCase("0", "80 training and 20 test items")]
    public void A_share_or_a_number_of_items_is_held_out(string validation, string counts)
    {
        var result = PynetProcess.Run(
            folder.Name, "train", "lenet5", "--data", "cifar10", "--data-dir", folder.Name, "--limit", "80",
            "--batch-size", "20", "--epochs", "1", "--validation", validation, "--out", "held" + validation);
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Output, Does.Contain(counts));
        Assert.That(
            result.Output.Contains("its test accuracy", StringComparison.Ordinal), Is.EqualTo(validation != "0"));
    }

    [Test]
    public void Not_all_items_can_be_held_out()
    {
        var result = PynetProcess.Run(
            folder.Name, "train", "two-layer", "--data", "xor", "--limit", "5", "--validation", "5",
            "--out", "all-held");
        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain("--validation 5: of 5 training items none would be left"));
        Assert.That(Directory.Exists(folder["all-held"]), Is.False);
    }

    [Test]
    public void All_options_work_together()
    {
        var result = PynetProcess.Run(
            folder.Name, "train", "nin", "--width", "0.05", "--data", "cifar10", "--data-dir", folder.Name,
            "--epochs", "2", "--max-steps", "3", "--batch-size", "40", "--lr", "0.001", "--optimizer", "adam",
            "--weight-decay", "0.001", "--schedule", "cosine:1", "--init", "xavier", "--dropout", "0.1", "--augment",
            "--shuffle", "false", "--limit", "80", "--resize", "32", "--evaluate-every", "5", "--seed", "3",
            "--threads", "1", "--device", "cpu", "--out", "all", "--quiet");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Output, Does.StartWith("best validation accuracy"));
        Assert.That(result.Output.Split('\n'), Has.Length.LessThanOrEqualTo(5));
        var epochs = MetricsFile.Read(folder["all/metrics.jsonl"]);
        Assert.That(epochs.Select(epoch => epoch.Step), Is.EqualTo(new long[] { 2, 3 }));
        Assert.That(epochs[1].TestAccuracy, Is.Not.Null);
    }

    [Test]
    public void The_data_folder_can_come_from_a_variable_and_be_the_sets_own()
    {
        var result = PynetProcess.RunWithData(
            folder["cifar10"], folder.Name,
            "train", "lenet5", "--data", "cifar10", "--max-steps", "1", "--quiet", "--out", "variable");
        Assert.That(result.ExitCode, Is.Zero, result.Error);
    }

    [Test]
    public void Training_starts_from_given_weights()
    {
        string[] call = ["train", "two-layer", "--data", "xor", "--lr", "0.1", "--epochs", "10", "--quiet"];
        var first = PynetProcess.Run(folder.Name, [.. call, "--out", "first"]);
        var second = PynetProcess.Run(
            folder.Name, [.. call, "--out", "second", "--weights", "first/model.safetensors"]);

        Assert.That((first.ExitCode, second.ExitCode), Is.EqualTo((0, 0)), first.Error + second.Error);
        var before = MetricsFile.Read(folder["first/metrics.jsonl"]);
        var after = MetricsFile.Read(folder["second/metrics.jsonl"]);
        Assert.That(after[0].TrainLoss, Is.LessThan(before[0].TrainLoss));
    }

    [Test]
    public void One_seed_gives_one_file_for_any_number_of_threads()
    {
        var one = Train("one", "--threads", "1");
        var two = Train("two", "--threads", "2");
        var other = Train("other", "--threads", "2", "--seed", "1");

        Assert.That(two, Is.EqualTo(one));
        Assert.That(other, Is.Not.EqualTo(one));

        byte[] Train(string name, params string[] more)
        {
            var result = PynetProcess.Run(
                folder.Name,
                [
                    "train", "nin", "--width", "0.1", "--data", "cifar10", "--data-dir", folder.Name,
                    "--batch-size", "16", "--augment", "--epochs", "9", "--max-steps", "6", "--quiet", "--out", name,
                    .. more,
                ]);
            Assert.That(result.ExitCode, Is.Zero, result.Error);
            return File.ReadAllBytes(folder[$"{name}/model.safetensors"]);
        }
    }

    [TestCase("INT", 130)]
    [TestCase("TERM", 143)]
    [TestCase("HUP", 129)]
    [Platform(Exclude = "Win", Reason = "kill sends the signal")]
    public void An_interrupted_run_keeps_its_weights(string signal, int exitCode)
    {
        ChildProcess.SkipIfIgnored(signal);
        using var process = PynetProcess.Start(
            folder.Name, ["train", "two-layer", "--data", "xor", "--epochs", "1000000", "--out", signal]);
        process.WaitForOutput("\nepoch ");
        process.Send(signal);
        var result = process.WaitForEnd();

        Assert.That(result.ExitCode, Is.EqualTo(exitCode));
        Assert.That(result.Output, Does.Contain("stopped after"));
        Assert.That(result.Error, Is.Empty);
        using var weights = Safetensors.Open(folder[$"{signal}/model.safetensors"]);
        Assert.That(weights.Tensors, Is.Not.Empty);
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "kill sends the signal")]
    public void A_run_that_ignores_hang_ups_outlives_one()
    {
        using var process = PynetProcess.Start(
            folder.Name, ["train", "two-layer", "--data", "xor", "--epochs", "1000000", "--out", "nohup"],
            shell: "trap '' HUP; exec \"$@\"");
        process.WaitForOutput("\nepoch ");
        process.Send("HUP");
        process.WaitForOutput("\nepoch ", times: process.CountInOutput("\nepoch ") + 100);
        process.Send("TERM");
        var result = process.WaitForEnd();

        Assert.That(result.ExitCode, Is.EqualTo(143));
        Assert.That(result.Error, Is.Empty);
    }

    [Test, Platform("Linux", Reason = "it has a disk that is always full")]
    public void A_run_outlives_its_output()
    {
        string[] call = ["train", "two-layer", "--data", "xor", "--epochs", "3", "--out", "unheard"];
        using var process = PynetProcess.Start(folder.Name, call, shell: "exec \"$@\" > /dev/full");
        var result = process.WaitForEnd();

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Error, Does.StartWith("pynet: the output could not be written").And.EndsWith("\n"));
        Assert.That(MetricsFile.Read(folder["unheard/metrics.jsonl"]), Has.Count.EqualTo(3));
        Assert.That(File.Exists(folder["unheard/curves.svg"]));
    }

    [Test]
    public void Runs_of_the_same_second_do_not_share_a_folder()
    {
        var at = folder["together"];
        Directory.CreateDirectory(at);
        string[] call = ["train", "two-layer", "--data", "xor", "--epochs", "1", "--quiet"];
        ChildProcess[] processes = [.. Enumerable.Range(0, 3).Select(_ => PynetProcess.Start(at, call))];
        foreach (var process in processes)
            using (process)
            {
                var result = process.WaitForEnd();
                Assert.That(result.ExitCode, Is.Zero, result.Error);
            }

        var runs = Directory.GetDirectories(Path.Combine(at, "runs"));
        Assert.That(runs, Has.Length.EqualTo(3));
        foreach (var run in runs)
            Assert.That(MetricsFile.Read(Path.Combine(run, "metrics.jsonl")), Has.Count.EqualTo(1));
    }
}
