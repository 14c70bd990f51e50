using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Runs of several processes end as those of one.</summary>
[Parallelizable, Category("Processes")]
public sealed class DistributedTrainingTests
{
    private static readonly string[] Common =
        ["--data", "shapes", "--limit", "100", "--batch-size", "20", "--shards", "4",
         "--evaluate-limit", "50", "--quiet"];

    private static readonly string[][] Networks =
    [
        ["lenet5", .. Common],
        ["nin", "--width", "0.05", "--dropout", "0.4", "--augment", "--ema", "0.9", .. Common],
        ["fcnet", "--width", "0.1", "--schedule", "cosine", "--optimizer", "adamw", .. Common],
    ];

    private readonly TemporaryFolder folder = new();

    [OneTimeSetUp]
    public void Skip() => MpichRun.SkipWithout();

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [TestCaseSource(nameof(Networks))]
    public void Weights_have_the_same_bits_for_any_number_of_ranks(params string[] call)
    {
        var name = call[0];
        var one = PynetProcess.Run(folder.Name, ["train", .. call, "--max-steps", "7", "--out", $"{name}-one"]);
        Assert.That(one.ExitCode, Is.Zero, one.Error);
        foreach (var ranks in (int[])[1, 2, 4])
        {
            var run = $"{name}-{ranks}";
            var result = MpichRun.Run(folder.Name, ranks, ["train", .. call, "--max-steps", "7", "--out", run]);
            Assert.That(result.ExitCode, Is.Zero, result.Error);
            Assert.That(result.Output, Is.EqualTo(one.Output.Replace($"{name}-one", run)));
            Assert.That(result.Error, Is.Empty);
            RunFiles.AssertEqual(folder[run], folder[$"{name}-one"]);
        }
    }

    [Test]
    public void A_run_resumes_with_another_number_of_ranks()
    {
        string[] call = ["train", .. Networks[1], "--epochs", "2"];
        Good(PynetProcess.Run(folder.Name, [.. call, "--max-steps", "9", "--out", "whole"]));
        Good(MpichRun.Run(folder.Name, 2, [.. call, "--max-steps", "3", "--out", "parts"]));
        Good(MpichRun.Run(folder.Name, 4, "train", "--resume", "parts", "--max-steps", "5", "--quiet"));
        Good(PynetProcess.Run(folder.Name, "train", "--resume", "parts", "--max-steps", "7", "--quiet"));
        Good(MpichRun.Run(folder.Name, 1, "train", "--resume", "parts", "--max-steps", "9", "--quiet"));
        RunFiles.AssertCheckpointsEqual(folder["parts"], folder["whole"]);

        var done = MpichRun.Run(folder.Name, 2, "train", "--resume", "parts", "--quiet");
        Assert.That(done.ExitCode, Is.EqualTo(2));
        Assert.That(done.Error, Does.StartWith("pynet: rank 0 of 2: The run in 'parts' is complete: 9 steps"));
    }

    /// <summary>Rank 0 alone has the run's folder.</summary>
    [Test]
    public void Other_ranks_need_no_run_folder()
    {
        foreach (var rank in (int[])[0, 1]) Directory.CreateDirectory(folder[$"host{rank}"]);
        const string InOwnFolder = "cd host$PMI_RANK && exec \"$@\"";
        string[] call = ["train", .. Networks[1], "--out", "run"];
        string[][] lines = [[.. call, "--max-steps", "2"], ["train", "--resume", "run", "--max-steps", "4"]];
        foreach (var line in lines)
        {
            using var process = MpichRun.Start(folder.Name, 2, line, InOwnFolder);
            Good(process.WaitForEnd());
        }

        Assert.That(Directory.EnumerateFileSystemEntries(folder["host1"]), Is.Empty);
        Assert.That(File.Exists(Path.Combine(folder["host0"], "run", "model.safetensors")));
    }

    [Test]
    public void Programs_as_JSON_are_printed_by_rank_0_alone()
    {
        var result = MpichRun.Run(
            folder.Name, 2, "train", "two-layer", "--data", "xor", "--epochs", "2", "--shards", "2", "--json", "--out",
            "json");
        Good(result);
        var lines = result.Output.TrimEnd().Split('\n');
        Assert.That(lines, Has.Length.EqualTo(4));
        Assert.That(lines[^1], Does.Contain("\"event\":\"end\"").And.Contain("\"status\":\"complete\""));
    }

    private static void Good(ChildProcess.Result result) =>
        Assert.That(result.ExitCode, Is.Zero, result.Error + result.Output);
}
