using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Closed streams, full disks, missing folders: an error line and the exit code report them.</summary>
[Parallelizable, Category("Processes")]
[Platform(Exclude = "Win", Reason = "a POSIX shell sets up the process")]
public sealed class OutsideTests
{
    private static readonly string[] Files =
    [
        "best.safetensors", "checkpoint-000000000.safetensors", "checkpoint-000000012.safetensors", "config.json",
        "curves.svg", "metrics.jsonl", "model.safetensors", "report.html",
    ];

    private const string OwnTemporaryFolder = "mkdir -p tmp && TMPDIR=\"$PWD/tmp\"";

    private readonly TemporaryFolder folder = new();

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [TestCase("exec \"$@\" >&-", 2, "pynet: the output could not be written: it is closed\n")]
    [TestCase("exec \"$@\" 2>&-", 0, "")]
    [TestCase("exec \"$@\" >&- 2>&-", 2, "")]
    [TestCase("exec \"$@\" <&- >&- 2>&-", 2, "")]
    [TestCase("exec \"$@\" <&-", 0, "")]
    [TestCase("\"$@\" | :", 0, "", Description = "the reader has ended")]
    [TestCase("\"$@\" 3>&1 >&2 2>&3 | :", 0, null, Description = "so has that of the errors")]
    public void A_run_continues_without_its_streams(string shell, int exitCode, string? error)
    {
        var run = $"run{Directory.GetDirectories(folder.Name).Length}";
        var result = Run(
            shell, "train", "two-layer", "--data", "xor", "--validation", "0", "--epochs", "3", "--out", run);

        Assert.That(result.ExitCode, Is.EqualTo(exitCode), result.Error);
        if (error is not null) Assert.That(result.Error, Is.EqualTo(error));
        Assert.That(MetricsFile.Read(folder[$"{run}/metrics.jsonl"]), Has.Count.EqualTo(3));
        Assert.That(Directory.GetFiles(folder[run]).Select(Path.GetFileName), Is.EquivalentTo(Files));
        foreach (var file in Directory.GetFiles(folder[run], "*.safetensors")) Safetensors.Open(file).Dispose();
    }

    [TestCase("exec \"$@\" 2>&-")]
    [TestCase("exec \"$@\" >&- 2>&-")]
    [TestCase("exec \"$@\" > /dev/full 2> /dev/full")]
    public void A_bad_call_has_its_exit_code_without_streams(string shell) =>
        Assert.That(Run(shell, "train", "nope").ExitCode, Is.EqualTo(2));

    [TestCase("models")]
    [TestCase("devices")]
    [TestCase("train --help")]
    public void A_page_that_cannot_be_printed_is_an_error(string line)
    {
        var result = Run("exec \"$@\" >&-", line.Split(' '));
        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Error, Is.EqualTo("pynet: the output could not be written: it is closed\n"));
    }

    // In blocks of 512 bytes: nothing; settings and metrics, but no checkpoint; weights, but no curves.
    [TestCase(0, "config.json")]
    [TestCase(6, "checkpoint-000000012.safetensors")]
    [TestCase(12, "curves.svg")]
    public void Beyond_the_limit_of_file_sizes_nothing_is_reported_as_written(int blocks, string file)
    {
        var run = $"limited{blocks}";
        // The runtime's protection of code pages would need a large file.
        var result = Run(
            $"ulimit -f {blocks} && {OwnTemporaryFolder} DOTNET_EnableWriteXorExecute=0 exec \"$@\"",
            "train", "two-layer", "--data", "xor", "--validation", "0", "--epochs", "3", "--out", run);

        AssertOneLine(result, "larger than the system or its limit on file sizes allows");
        Assert.That(result.Error, blocks == 0 ? Does.Contain($"'{run}'") : Does.Contain(file));
        Assert.That(result.Output, Does.Not.Contain("report are in"));
        Assert.That(File.Exists(folder[$"{run}/{file}"]), Is.False);
    }

    [Test]
    public void Output_beyond_the_limit_of_file_sizes_does_not_end_a_run()
    {
        File.WriteAllBytes(folder["long.txt"], new byte[60 * 512 - 100]);
        var result = Run(
            "ulimit -f 60 && DOTNET_EnableWriteXorExecute=0 exec \"$@\" >> long.txt",
            "train", "two-layer", "--data", "xor", "--validation", "0", "--epochs", "30", "--out", "long");

        AssertOneLine(result, "the output could not be written");
        Assert.That(MetricsFile.Read(folder["long/metrics.jsonl"]), Has.Count.EqualTo(30));
    }

    [TestCase(3)]
    [TestCase(5)]
    [TestCase(7)]
    [Platform("Linux")]
    public void What_does_not_fit_on_a_disk_is_kept_elsewhere(int pages)
    {
        var disk = Directory.CreateDirectory(folder[$"disk{pages}"]).FullName;
        if (Mount("mount", "-t", "tmpfs", "-o", $"size={pages * 4}k", "tmpfs", disk) is { } reason)
            Assert.Ignore($"A small disk is needed, and this user may mount none: {reason}");
        try
        {
            string[] call =
                ["train", "two-layer", "--data", "xor", "--validation", "0", "--epochs", "3", "--out", $"{disk}/run"];
            var result = Run($"{OwnTemporaryFolder} exec \"$@\"", call);
            Assert.That(result.ExitCode, Is.EqualTo(1), result.Error + result.Output);
            Assert.That(result.Output, Does.Not.Contain("report are in"));
            Assert.That(result.Output, Does.Contain("No space left on device").And.Contain("Training goes on"));
            Assert.That(result.Output.Split("warning:"), Has.Length.EqualTo(2), "said once");

            var elsewhere = Directory.GetDirectories(folder["tmp"], "pynet-run-*").Single();
            Assert.That(result.Output, Does.Contain($"The results are in '{elsewhere}'."));
            Assert.That(
                Directory.GetFiles(elsewhere).Select(Path.GetFileName),
                Is.EquivalentTo(Files.Where(file => file != "checkpoint-000000000.safetensors")));
            var resumed = PynetProcess.Run(folder.Name, "train", "--resume", elsewhere, "--epochs", "4");
            Assert.That(resumed.ExitCode, Is.Zero, resumed.Error);
            Assert.That(MetricsFile.Read($"{elsewhere}/metrics.jsonl"), Has.Count.EqualTo(4));
            Directory.Delete(elsewhere, recursive: true);
        }
        finally
        {
            Mount("umount", disk);
        }
    }

    [Test]
    [Platform("Linux")]
    public void A_disk_too_small_for_the_settings_is_an_error()
    {
        var disk = Directory.CreateDirectory(folder["full"]).FullName;
        if (Mount("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", disk) is { } reason)
            Assert.Ignore($"A small disk is needed, and this user may mount none: {reason}");
        try
        {
            string[] call =
                ["train", "two-layer", "--data", "xor", "--validation", "0", "--epochs", "3", "--out", $"{disk}/run"];
            AssertOneLine(PynetProcess.Run(folder.Name, call), "created or written: No space left on device");
        }
        finally
        {
            Mount("umount", disk);
        }
    }

    [Test]
    public void Without_a_working_directory_absolute_paths_work()
    {
        const string Gone = "mkdir gone && cd gone && rmdir ../gone && exec \"$@\"";
        const string Said = "The working directory no longer exists.";
        string[] call = ["train", "two-layer", "--data", "xor", "--epochs", "1", "--quiet"];
        AssertOneLine(Run(Gone, call), Said);
        AssertOneLine(Run(Gone, [.. call, "--out", "below"]), Said);
        AssertOneLine(Run(Gone, "evaluate", "two-layer", "--weights", "x"), Said);

        var result = Run(Gone, [.. call, "--out", folder["whole"]]);
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        var weights = folder["whole/model.safetensors"];
        Assert.That(Run(Gone, "evaluate", "two-layer", "--weights", weights).ExitCode, Is.Zero);
        AssertOneLine(Run(Gone, "evaluate", "two-layer", "--weights", weights, "--logits", "x.npy"), Said);
        Assert.That(Run(Gone, "models").ExitCode, Is.Zero);
    }

    [Test]
    public void A_tilde_at_the_start_of_a_path_is_the_home_folder()
    {
        var home = Directory.CreateDirectory(folder["home"]).FullName;
        SmallCifar.Write(folder["home/data/cifar10"]);
        string[] call = ["--max-steps", "1", "--quiet"];
        string[] images = ["train", "lenet5", "--data", "cifar10", .. call];
        Good("exec \"$@\"", [.. images, "--data-dir", "~/data", "--out", "~/one"]);
        Good("exec \"$@\"", [.. images, "--data-dir=~/data/cifar10", "--out=~/two"]);
        Good("PYNET_DATA='~/data' exec \"$@\"", [.. images, "--out", "~/three"]);
        Good("exec \"$@\"", "train", "--resume", "~/three", "--max-steps", "2", "--data-dir", "~/data");
        string[] weights = ["--weights", "~/one/best.safetensors", "--data-dir", "~/data"];
        Good("exec \"$@\"", [.. images, .. weights, "--out", "~/four"]);
        Good("exec \"$@\"", ["evaluate", "lenet5", .. weights, "--logits", "~/x.npy"]);
        Good("exec \"$@\"", [.. images, "--data-dir", "~/data", "--out", "./~"]);

        string[] written = ["one/config.json", "two/config.json", "three/config.json", "four/config.json", "x.npy"];
        Assert.That(written.Select(file => Path.Combine(home, file)), Is.All.Exist);
        Assert.That(File.Exists(folder["~/config.json"]), "the option was ./~");

        foreach (var option in (string[])["--data-dir", "--out", "--weights", "--resume"])
            AssertOneLine(Run("exec \"$@\"", "train", option, "~other/x"), $"{option} '~other/x' begins with the home");
        var named = Run("PYNET_DATA='~other/x' exec \"$@\"", [.. images, "--out", "none"]);
        AssertOneLine(named, "the variable PYNET_DATA: '~other/x'");

        void Good(string shell, params string[] arguments)
        {
            var result = Run($"HOME={home}; export HOME; {shell}", arguments);
            Assert.That(result.ExitCode, Is.Zero, $"{string.Join(' ', arguments)}: {result.Error}");
        }
    }

    private static void AssertOneLine(ChildProcess.Result result, string said)
    {
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Error);
        Assert.That(result.Error, Does.StartWith("pynet: ").And.Contain(said));
        Assert.That(result.Error.TrimEnd('\n'), Does.Not.Contain("\n").And.Not.Contain("internal error"));
    }

    /// <returns>Null if it succeeded, otherwise the reason.</returns>
    private static string? Mount(string program, params string[] arguments)
    {
        try
        {
            var result = ChildProcess.Run(program, arguments);
            return result.ExitCode == 0 ? null : result.Error.Trim();
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            return fault.Message;
        }
    }

    private ChildProcess.Result Run(string shell, params string[] arguments)
    {
        using var process = PynetProcess.Start(folder.Name, arguments, shell: shell);
        return process.WaitForEnd();
    }
}
