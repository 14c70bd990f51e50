using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Limits of the system beneath which the runtime would end without a message.</summary>
[Platform("Linux,MacOsX")]
public sealed class ProcessLimitTests
{
    [TestCase(40)]
    [TestCase(64)]
    [TestCase(100)]
    public void Too_few_open_files_are_named(int limit)
    {
        using var folder = new TemporaryFolder();
        using var process = PynetProcess.Start(
            folder.Name, ["train", "fcnet", "--data", "xor", "--epochs", "1"],
            shell: $"ulimit -n {limit}; exec \"$@\"");
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(
            result.Error,
            Is.EqualTo($"pynet: the limit of open files is {limit}; at least 128 are needed ('ulimit -n').\n"));
    }

    [Test]
    public void Few_open_files_are_enough()
    {
        using var folder = new TemporaryFolder();
        using var process = PynetProcess.Start(
            folder.Name, ["train", "fcnet", "--data", "xor", "--epochs", "1"], shell: "ulimit -n 128; exec \"$@\"");
        var result = process.WaitForEnd();
        Assert.That(result.ExitCode, Is.Zero, result.Error);
    }

    [Test]
    public void A_thread_that_cannot_be_started_is_recognized()
    {
        Assert.That(ProcessLimits.IsOfThreads(new InsufficientMemoryException()), Is.False);
        Assert.That(ProcessLimits.IsOfThreads(new InputException()), Is.False);
        Assert.That(ProcessLimits.IsOfThreads(new TaskSchedulerException(new TooMany())), Is.True);
    }

    private sealed class TooMany : OutOfMemoryException
    {
        public override string StackTrace => "   at System.Threading.Thread.StartCore()\n";
    }
}
