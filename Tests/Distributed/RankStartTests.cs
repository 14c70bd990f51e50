using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What keeps ranks from beginning is one line, and the exit code of one process.</summary>
[Parallelizable, Category("Processes")]
public sealed class RankStartTests
{
    private readonly TemporaryFolder folder = new();

    [OneTimeSetUp]
    public void Skip() => MpichRun.SkipWithout();

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [TestCase("train nosuch", 2, "unknown model 'nosuch'.")]
    [TestCase("evaluate some.safetensors", 2, "pynet evaluate is a command of one process, but the launcher")]
    [TestCase("find-lr lenet5", 2, "pynet find-lr is a command of one process")]
    [TestCase("train lenet5 --seeds 2", 2, "--seeds: the runs of a series are of one process each")]
    [TestCase("train lenet5 --device emulated", 2, "--device emulated: the ranks of a distributed run")]
    [TestCase("train lenet5 --data shapes --shards 3", 2, "3 shards per batch cannot be divided among 2 processes")]
    [TestCase("train lenet5 --data nowhere/photos", 2, "nowhere/photos")]
    [TestCase(
        "train fcnet --data shapes --batch-size 4 --shards 4 --limit 40", 2, "leaves one item alone in a shard")]
    [TestCase("--help", 0, "")]
    public void All_ranks_end_together(string line, int exitCode, string message)
    {
        var result = MpichRun.Run(folder.Name, 2, line.Split(' '));
        Assert.That(result.ExitCode, Is.EqualTo(exitCode), result.Error);
        Assert.That(result.Error.Count(c => c == '\n'), Is.EqualTo(exitCode == 0 ? 0 : 1), result.Error);
        Assert.That(result.Error, Does.Contain(message));
        Directory.CreateDirectory(folder["runs"]);
        Assert.That(Directory.EnumerateFileSystemEntries(folder["runs"]), Is.Empty);
    }

    [Test]
    public void Ranks_that_would_train_otherwise_are_told_in_what()
    {
        string[] line = PynetProcess.CommandLine(
            "train", "lenet5", "--data", "shapes", "--shards", "2", "--batch-size", "10", "--out", "differing");
        using var process = MpichRun.Start(
            folder.Name, ["1", .. line, "--limit", "40", ":", "-n", "1", .. line, "--limit", "60", "--lr", "0.5"]);
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Error);
        Assert.That(
            result.Error, Does.StartWith("pynet: ranks 0 and 1 differ: ")
                .And.Contain("limit (40 and 60)").And.Contain("learning_rate (0.").And.Contain(" and 0.5)"));
        Assert.That(result.Error.Count(c => c == '\n'), Is.EqualTo(1), result.Error);
        Assert.That(Directory.Exists(folder["differing"]), Is.False);
    }

    /// <summary>Files of one name may have other content on another machine.</summary>
    [Test]
    public void Other_data_are_found()
    {
        SmallCifar.Write(folder["data0/cifar10"]);
        SmallCifar.Write(folder["data1/cifar10"]);
        var file = folder["data1/cifar10/data_batch_5.bin"];
        var bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
        string[] line = PynetProcess.CommandLine(
            "train", "lenet5", "--data", "cifar10", "--batch-size", "10", "--out", "other", "--data-dir");
        using var process = MpichRun.Start(folder.Name, ["1", .. line, "data0", ":", "-n", "1", .. line, "data1"]);
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Error);
        Assert.That(result.Error, Does.StartWith("pynet: ranks 0 and 1 differ: content of the training items ("));
    }

    [Test]
    public void A_missing_library_is_told()
    {
        using var process = MpichRun.Start(
            folder.Name, 2, ["train", "lenet5"], "PYNET_MPI=/nowhere/libmpi.so exec \"$@\"");
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Error, Does.StartWith(
            "pynet: MPICH's launcher started this process, but there is no '/nowhere/libmpi.so'."));
        Assert.That(result.Error.Count(c => c == '\n'), Is.EqualTo(1), result.Error);
    }

    [Test]
    public void A_library_that_is_missing_on_one_machine_is_told_by_its_rank()
    {
        string[] line = PynetProcess.CommandLine("train", "lenet5", "--data", "shapes");
        using var process = MpichRun.Start(
            folder.Name,
            [
                "1", "env", "PYNET_MPI_TIMEOUT=5", .. line, ":",
                "-n", "1", "env", "PYNET_MPI=/nowhere/libmpi.so", "MPI_LOCALRANKID=0", .. line,
            ]);
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.Not.Zero, result.Error);
        Assert.That(result.Error, Does.StartWith(
            "pynet: rank 1: MPICH's launcher started this process, but there is no '/nowhere/libmpi.so'."));
        Assert.That(result.Error, Does.Contain(
            "pynet: another rank has not joined within 5 s (PYNET_MPI_TIMEOUT is the limit).\n"));
    }

    [TestCase("0")]
    [TestCase("soon")]
    public void A_limit_that_is_none_is_refused(string limit)
    {
        using var process = MpichRun.Start(
            folder.Name, 2, ["train", "lenet5"], $"PYNET_MPI_TIMEOUT={limit} exec \"$@\"");
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Error);
        Assert.That(
            result.Error, Is.EqualTo($"pynet: PYNET_MPI_TIMEOUT={limit}: expected seconds, from 1 to 86400.\n"));
    }

    [Test]
    public void With_MPI_switched_off_each_process_is_on_its_own()
    {
        using var process = MpichRun.Start(folder.Name, 2, ["models", "lenet5"], "PYNET_MPI=off exec \"$@\"");
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Output.Split("lenet5").Length, Is.GreaterThan(2));
    }

    [Test]
    public void Sums_are_those_of_the_tree_for_any_number_of_ranks([Values(2, 3, 5)] int ranks)
    {
        var program = Path.Combine(TestContext.CurrentContext.TestDirectory, "PyNetSharp.Benchmarks.dll");
        string[] line =
        [
            .. PynetProcess.CommandLine()[..2], program, "exchange", "--megabytes", "0.000004", "5", "--repeat", "1",
        ];
        using var process = MpichRun.Start(folder.Name, [$"{ranks}", .. line]);
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.Zero, result.Error + result.Output);
        Assert.That(result.Output, Does.StartWith($"{ranks} ranks, MPICH Version: "));
    }
}
