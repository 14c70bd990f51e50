using System.Text.Json.Nodes;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary><c>pynet report</c>, and the reports of <c>pynet train</c>, without a browser.</summary>
[Parallelizable, Category("Processes")]
public sealed class ReportCommandTests
{
    private readonly TemporaryFolder folder = new();

    [OneTimeSetUp]
    public void Train()
    {
        SmallCifar.Write(folder["cifar10"]);
        Good(
            "train", "lenet5", "--data", "cifar10", "--data-dir", folder.Name, "--batch-size", "20", "--epochs", "2",
            "--quiet", "--out", "run");
    }

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [Test]
    public void A_report_made_again_says_the_same()
    {
        var training = File.ReadAllText(folder["run/report.html"]);
        Good("report", "run");
        var again = File.ReadAllText(folder["run/report.html"]);
        string[] parts = ["curves", "confusion", "classes", "wrong", "filters", "activations", "settings"];
        foreach (var part in parts)
            Assert.That(Section(again, part), Is.EqualTo(Section(training, part)), part);

        static string Section(string page, string id)
        {
            var from = page.IndexOf($"<section id=\"{id}\">", StringComparison.Ordinal);
            Assert.That(from, Is.Positive, id);
            return page[from..page.IndexOf("</section>", from, StringComparison.Ordinal)];
        }
    }

    [Test]
    public void Without_data_or_weights_the_rest_is_shown_and_said()
    {
        var config = File.ReadAllText(folder["run/config.json"]);
        Copy("elsewhere", "metrics.jsonl", "model.safetensors");
        File.WriteAllText(
            folder["elsewhere/config.json"],
            config.Replace(JsonValue.Create(folder.Name).ToJsonString(), "null", StringComparison.Ordinal));
        var output = Good("report", "elsewhere", "--out", "partial.html");
        Assert.That(output, Does.Contain("So there is no confusion matrix"));
        var page = File.ReadAllText(folder["partial.html"]);
        Assert.That(page, Does.Contain("id=\"curves\"").And.Contain("id=\"filters\"").And.Contain("id=\"layers\""));
        Assert.That(page, Does.Not.Contain("id=\"confusion\"").And.Contain("So there is no confusion matrix"));

        File.Delete(folder["elsewhere/model.safetensors"]);
        Assert.That(Good("report", "elsewhere", "--out", "partial.html"), Does.Contain("it has no weights yet"));
        page = File.ReadAllText(folder["partial.html"]);
        Assert.That(page, Does.Contain("id=\"curves\"").And.Contain("id=\"settings\""));
    }

    [TestCase("holds no run: there is no config.json", "nothing")]
    [TestCase("'run/' is given twice", "run/", "run")]
    [TestCase("its folder", "run", "--out", "none/report.html")]
    [TestCase("device 'opencl:99'", "run", "--device", "opencl:99")]
    public void What_cannot_be_reported_is_one_error(string why, params string[] call)
    {
        var result = PynetProcess.Run(folder.Name, ["report", .. call]);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Error);
        Assert.That(result.Error, Does.Contain(why));
        Assert.That(result.Error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
    }

    [Test]
    public void A_report_that_cannot_be_written_is_said_once_and_ends_nothing()
    {
        // A folder that takes the place of the file.
        using var process = PynetProcess.Start(
            folder.Name, ["train", "fcnet", "--data", "xor", "--epochs", "60", "--out", "blocked", "--quiet"],
            shell: "mkdir -p blocked/report.html/x; exec \"$@\"");
        var refused = process.WaitForEnd();
        Assert.That(refused.Error, Does.Contain("already holds a run (report.html)"));

        var result = PynetProcess.Start(
            folder.Name, ["train", "fcnet", "--data", "xor", "--epochs", "60", "--out", "late", "--quiet"],
            shell: "(while [ ! -f late/config.json ]; do :; done; mkdir late/report.html) & exec \"$@\"").WaitForEnd();
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Output.Split("warning: the report is not up to date"), Has.Length.EqualTo(2));
        Assert.That(MetricsFile.Read(folder["late/metrics.jsonl"]), Has.Count.EqualTo(60));
    }

    [TestCase("nin --width 0.05 --data cifar10 --optimizer adam --lr 0.002 --weight-decay 0.001 --schedule cosine:1 " +
        "--init xavier --dropout 0.1 --augment --shuffle false --limit 80 --resize 32 --seed 3 --threads 1 --epochs 2")]
    [TestCase("lenet5 --data cifar10 --optimizer rmsprop --momentum 0.3 --batch-size 20 --accumulate 2 --shards 4 " +
        "--test-every 1")]
    [TestCase("fcnet --data xor --momentum 0 --validation 20 --log-every 3 --save-every 9 --keep 2 --dropout 0")]
    [TestCase("fcnet --data xor --nesterov false --lr 0.00001 --checkpoint-every 7 --on-divergence rollback:0.5")]
    [TestCase("lenet5 --data cifar10 --weights run/model.safetensors --new-head --freeze fc1 --evaluate-every 3")]
    public void The_command_repeats_the_run(string call)
    {
        var name = $"run{Directory.GetDirectories(folder.Name).Length}";
        Good(["train", .. call.Split(' '), "--data-dir", folder.Name, "--max-steps", "2", "--quiet", "--out", name]);
        var config = new RunFolder(folder[name]).ReadConfig();
        Good([.. RepeatedCommand.Arguments(config), "--quiet", "--out", $"{name}-again"]);
        Assert.That(Settings($"{name}-again"), Is.EqualTo(Settings(name)));
    }

    [Test]
    public void The_command_is_quoted_for_a_shell()
    {
        var config = SmallRunConfig.Of() with { DataDir = "it's a $HOME", Weights = "-w", Freeze = ["a", "b c"] };
        var line = string.Join(' ', RepeatedCommand.Words(config));
        Assert.That(line, Does.Contain(@"--data-dir 'it'\''s a $HOME'").And.Contain("--weights=-w --freeze 'a,b c'"));
    }

    /// <summary>Each setting is in the command that repeats a run, or here with the reason why it is not.</summary>
    [Test]
    public void No_setting_is_forgotten_in_the_command()
    {
        string[] commanded =
        [
            "Model", "Width", "Dropout", "Init", "Weights", "NewHead", "Freeze", "Data", "DataDir", "TestShare",
            "SkipDamaged", "Limit", "Resize", "Augment", "Shuffle", "BatchSize", "Accumulate", "Shards",
            "Optimizer", "LearningRate", "Momentum", "Nesterov", "WeightDecay", "Schedule", "Epochs", "MaxSteps",
            "Validation", "EvaluateEvery", "TestEvery", "Seed", "Device", "Precision", "Threads", "CheckpointEvery",
            "Keep", "OnDivergence", "LogEvery", "SaveEvery", "Label", "Separator", "LabelSmoothing", "GradientClip",
            "Ema", "Patience", "Evaluate", "EvaluateLimit", "Tensorboard",
        ];
        string[] derived = ["SafeStart", "Pictures", "Mean", "Deviation", "DeviceModel", "Driver"];
        string[] history = ["Arguments", "Started", "Versions", "Resumed"];
        var all = typeof(RunConfig).GetProperties().Where(p => p.Name != "EqualityContract").Select(p => p.Name);
        Assert.That(all, Is.EquivalentTo((string[])[.. commanded, .. derived, .. history]));
    }

    private (string, string)[] Settings(string run) =>
    [
        .. SettingsSections.Read(new RunFolder(folder[run]).ReadConfig())
            .Where(pair => pair.Name is not ("started" or "versions")),
    ];

    private void Copy(string to, params string[] files)
    {
        Directory.CreateDirectory(folder[to]);
        foreach (var file in files) File.Copy(folder[$"run/{file}"], folder[$"{to}/{file}"], overwrite: true);
    }

    private string Good(params string[] call)
    {
        var result = PynetProcess.Run(folder.Name, call);
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        return result.Output;
    }
}
