using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What a shell is told when it completes a command line.</summary>
[Parallelizable, Category("Processes")]
public sealed class CompletionTests
{
    [TestCase(
        "pynet ",
        new[] { "train", "evaluate", "predict", "export", "models", "gradcheck", "devices", "completion" })]
    [TestCase("pynet mod", new[] { "models" })]
    [TestCase("pynet train nin-", new[] { "nin-net", "nin-d2l", "nin-bn" })]
    [TestCase("pynet train nin --optimizer r", new[] { "rmsprop" })]
    [TestCase("pynet train nin --data cifar1", new[] { "cifar10", "cifar100" })]
    [TestCase("pynet --chec", new[] { "--checkpoint-every" })]
    [TestCase("pynet evaluate --shu", new string[0])]
    [TestCase("pynet completion p", new[] { "pwsh", "--help" })]
    public void A_line_continues_with(string line, string[] words)
    {
        var result = PynetProcess.Run(TestContext.CurrentContext.WorkDirectory, $"[suggest:{line.Length}]", line);

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        var printed = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (line.Length > "pynet ".Length) Assert.That(printed, Is.EquivalentTo(words));
        else Assert.That(printed, Is.SupersetOf(words));
    }

    [Test]
    public void Bash_completes_with_the_script()
    {
        if (!File.Exists("/bin/bash")) Assert.Ignore("There is no bash.");
        using var folder = new TemporaryFolder();
        var script = PynetProcess.Run(folder.Name, "completion", "bash");
        Assert.That(script.ExitCode, Is.Zero, script.Error);
        var pynet = string.Join(' ', PynetProcess.CommandLine().Select(part => $"'{part}'"));
        File.WriteAllText(
            folder["complete.sh"],
            $$"""
            pynet() { {{pynet}} "$@"; }
            {{script.Output}}
            COMP_LINE='pynet train nin --optimizer ad' COMP_POINT=30
            COMP_WORDS=(pynet train nin --optimizer ad) COMP_CWORD=4
            _pynet
            printf '%s\n' "${COMPREPLY[@]}"
            """);
        using var bash = ChildProcess.Start(new("/bin/bash", [folder["complete.sh"]]));
        var result = bash.WaitForEnd();
        Assert.That(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(["adam", "adamw"]),
            result.Error);
    }

    [Test]
    public void Another_shell_is_refused()
    {
        var result = PynetProcess.Run(TestContext.CurrentContext.WorkDirectory, "completion", "fish");
        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain("'fish'").And.Contain("bash"));
    }
}
