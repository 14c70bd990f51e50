using System.Globalization;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Whatever ends a rank ends all, leaves the last checkpoint whole, and lets the run resume.</summary>
[Parallelizable, Category("Processes")]
public sealed class RankFailureTests
{
    private static readonly string[] Endless =
    [
        "train", "nin", "--width", "0.05", "--data", "shapes", "--limit", "96", "--batch-size", "8", "--augment",
        "--dropout", "0.3", "--shards", "4", "--evaluate", "never", "--checkpoint-every", "1", "--epochs", "100000",
        "--log-every", "1",
    ];

    private static readonly string[] Diverging =
    [
        "train", "two-layer", "--data", "xor", "--lr", "100", "--weight-decay", "1", "--epochs", "9", "--shards", "2",
        "--quiet",
    ];

    private readonly TemporaryFolder folder = new();

    [OneTimeSetUp]
    public void Skip() => MpichRun.SkipWithout();

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [TestCase(0)]
    [TestCase(1)]
    public void A_rank_that_is_killed_ends_all(int rank)
    {
        var run = $"killed-{rank}";
        using var process = MpichRun.Start(folder.Name, 2, [.. Endless, "--out", run]);
        process.WaitForOutput("epoch 2/");
        var number = MpichRun.ProcessOf(rank, run).ToString(CultureInfo.InvariantCulture);
        var killed = ChildProcess.Run("kill", "-KILL", number);
        Assert.That(killed.ExitCode, Is.Zero, killed.Error);
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.Not.Zero);
        Assert.That(result.Output, Does.Contain($"PID {number} RUNNING AT").And.Contain("EXIT CODE: 9"));
        var processes = rank == 0 ? $@"\(processes {number}, \d+\)" : $@"\(processes \d+, {number}\)";
        Assert.That(result.Output, Does.Match(processes));
        AssertResumes(run);
    }

    [TestCase("INT", 130)]
    [TestCase("TERM", 143)]
    public void A_rank_that_is_told_to_stop_stops_all_after_the_same_step(string signal, int exitCode)
    {
        var run = $"stopped-{signal}";
        using var process = MpichRun.Start(folder.Name, 2, [.. Endless, "--out", run]);
        process.WaitForOutput("epoch 2/");
        var sent = ChildProcess.Run("kill", $"-{signal}", $"{MpichRun.ProcessOf(1, run)}");
        Assert.That(sent.ExitCode, Is.Zero, sent.Error);
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.EqualTo(exitCode), result.Error);
        Assert.That(result.Output, Does.Contain("stopped after ").And.Contain("mpirun -n 2 "));
        AssertResumes(run);
    }

    [Test]
    public void The_interrupt_key_at_the_launcher_ends_all()
    {
        ChildProcess.SkipIfIgnored("INT");
        using var process = MpichRun.Start(folder.Name, 2, [.. Endless, "--out", "interrupted"]);
        process.WaitForOutput("epoch 2/");
        process.Send("INT");
        Assert.That(process.WaitForEnd().ExitCode, Is.Not.Zero);
        AssertResumes("interrupted");
    }

    [Test]
    public void A_divergence_is_found_by_all_ranks_and_told_once()
    {
        var result = MpichRun.Run(
            folder.Name, 2, [.. Diverging, "--out", "diverged"]);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Error);
        Assert.That(result.Error, Does.StartWith("pynet: The loss ").And.Not.Contain("rank"));
        Assert.That(result.Error.Count(c => c == '\n'), Is.EqualTo(1), result.Error);
    }

    /// <summary>As a machine that hangs; MPI itself would wait for it.</summary>
    [Test]
    public void A_rank_that_does_not_leave_is_ended()
    {
        if (!NativeProgramTests.HasLinker()) Assert.Ignore("The rank's library needs a C compiler.");
        var library = SlowLibrary();
        string[] line = PynetProcess.CommandLine([.. Diverging, "--out", "held-up"]);
        using var process = MpichRun.Start(
            folder.Name, ["1", .. line, ":", "-n", "1", "env", $"PYNET_MPI={library}", .. line]);
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Error);
        Assert.That(result.Error, Does.StartWith("pynet: The loss "));
    }

    [Test]
    public void A_rank_that_is_told_to_stop_in_the_last_test_stops_all()
    {
        // Nothing is learned, so the first epoch is the best, and is tested after the last.
        string[] call =
        [
            "train", "nin", "--width", "2", "--data", "shapes", "--limit", "16", "--batch-size", "8", "--shards", "2",
            "--lr", "1e-9", "--epochs", "2", "--evaluate-every", "1", "--validation", "8", "--evaluate-limit", "500",
            "--threads", "1", "--out", "last-test",
        ];
        using var process = MpichRun.Start(folder.Name, 2, call);
        process.WaitForOutput("best validation accuracy");
        var sent = ChildProcess.Run("kill", "-TERM", $"{MpichRun.ProcessOf(1, "last-test")}");
        Assert.That(sent.ExitCode, Is.Zero, sent.Error);
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.EqualTo(143), result.Error);
        Assert.That(result.Output, Does.Contain("in epoch 1\n").And.Not.Contain("its test accuracy"));
    }

    [Test]
    public void After_a_divergence_all_ranks_return_to_the_same_state()
    {
        string[] call = [.. Diverging, "--on-divergence", "rollback:0.0001"];
        var one = PynetProcess.Run(folder.Name, [.. call, "--out", "returned-one"]);
        var two = MpichRun.Run(folder.Name, 2, [.. call, "--out", "returned-two"]);
        Assert.That(two.ExitCode, Is.EqualTo(one.ExitCode), two.Error);
        Assert.That(two.Output, Is.EqualTo(one.Output.Replace("returned-one", "returned-two")));
        Assert.That(two.Output, Does.Contain("The loss was not finite at step"));
    }

    /// <summary>In one process training goes on; here the other machines' time would be lost.</summary>
    [Test]
    public void A_checkpoint_that_rank_0_cannot_write_ends_all()
    {
        using var process = MpichRun.Start(folder.Name, 2, [.. Endless, "--out", "full"]);
        process.WaitForOutput("epoch 2/");
        var number = MpichRun.ProcessOf(0, "full").ToString(CultureInfo.InvariantCulture);
        var limited = ChildProcess.Run("prlimit", "--fsize=8192", "--pid", number);
        Assert.That(limited.ExitCode, Is.Zero, limited.Error);
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Error + result.Output);
        Assert.That(result.Error, Does.Contain("pynet: rank 0 of 2: ").And.Contain("full"));
        AssertResumes("full");
    }

    /// <summary>Of a large folder each rank decodes the pictures that it has, when a batch needs them.</summary>
    [Test]
    public void A_picture_that_rank_1_cannot_read_ends_all()
    {
        // By the order of seed 0, an item of rank 1, and none of those that ranks compare before the first step.
        const string Damaged = "photos/dogs/11.png";
        WriteLargeFolder(folder["photos"]);
        string[] call =
        [
            "train", "nin", "--width", "0.5", "--lr", "0.00001", "--data", "photos", "--batch-size", "4",
            "--shards", "2", "--evaluate", "never", "--checkpoint-every", "1", "--log-every", "1", "--epochs", "1",
        ];
        using var process = MpichRun.Start(folder.Name, 2, [.. call, "--out", "damaged"]);
        process.WaitForOutput("batch ");
        var whole = File.ReadAllBytes(folder[Damaged]);
        File.WriteAllBytes(folder[Damaged], whole[..60]);
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Error + result.Output);
        Assert.That(
            result.Error, Does.StartWith($"pynet: rank 1 of 2: '{folder[Damaged]}' is a PNG image that ends early"));
        Assert.That(result.Error.Split("pynet: "), Has.Length.EqualTo(2), result.Error);

        File.WriteAllBytes(folder[Damaged], whole);
        AssertResumes("damaged", call);
    }

    /// <summary>Small pictures, more than are compared before the first step, one of them in a file of 65 MB.</summary>
    private static void WriteLargeFolder(string name)
    {
        byte[][] rows = [.. Enumerable.Range(0, 32).Select(y => Enumerable.Repeat((byte)(7 * y), 96).ToArray())];
        var picture = ImageBytes.Png(32, 32, 8, 2, rows);
        foreach (var label in (string[])["cats", "dogs"])
        {
            var path = Directory.CreateDirectory(Path.Combine(name, label)).FullName;
            for (var i = 0; i < 400; i++) File.WriteAllBytes(Path.Combine(path, $"{i}.png"), picture);
        }

        using var large = File.OpenWrite(Path.Combine(name, "dogs", "0.png"));
        large.SetLength(65 << 20);
    }

    /// <summary>MPICH's library, but that it never finishes.</summary>
    private string SlowLibrary()
    {
        var (source, library) = (folder["slow.c"], folder["libslow.so"]);
        File.WriteAllText(source, "#include <unistd.h>\nint MPI_Finalize(void) { for (;;) pause(); }\n");
        var compiled = ChildProcess.Run(
            "sh", "-c", "$(command -v gcc || command -v clang) -shared -fPIC -o \"$0\" \"$1\" -Wl,--no-as-needed " +
            "-l:libmpich.so.12", library, source);
        Assert.That(compiled.ExitCode, Is.Zero, compiled.Error);
        return library;
    }

    private void AssertResumes(string run) => AssertResumes(run, Endless);

    /// <summary>One process goes on, as from a run that was never interrupted.</summary>
    private void AssertResumes(string run, string[] call)
    {
        var step = CheckpointFolder.Find(folder[run])[0].Step;
        var steps = (step + 2).ToString(CultureInfo.InvariantCulture);
        var resumed = PynetProcess.Run(folder.Name, "train", "--resume", run, "--max-steps", steps, "--quiet");
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Error);
        Assert.That(resumed.Output + resumed.Error, Does.Not.Contain("warning"));
        Assert.That(CheckpointFolder.Find(folder[run])[0].Step, Is.EqualTo(step + 2));
        var whole = PynetProcess.Run(
            folder.Name, [.. call, "--max-steps", steps, "--quiet", "--out", $"{run}-whole"]);
        Assert.That(whole.ExitCode, Is.Zero, whole.Error);
        RunFiles.AssertCheckpointsEqual(folder[run], folder[$"{run}-whole"]);
    }
}
