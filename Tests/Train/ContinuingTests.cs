using System.Text.Json.Nodes;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What a run that stops says of how to continue it can be pasted into a shell.</summary>
[Parallelizable, Category("Processes")]
[Platform(Exclude = "Win", Reason = "The shell is sh.")]
public sealed class ContinuingTests
{
    private const string Announced = "To continue:\n  ";

    private readonly TemporaryFolder folder = new();

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [TestCase("plain")]
    [TestCase("Bob's $HOME `run`")]
    [TestCase("-dash")]
    [TestCase("~tilde")]
    public void The_command_of_a_stopped_run_continues_it(string name)
    {
        ChildProcess.SkipIfIgnored("TERM");
        using var process = PynetProcess.Start(
            folder.Name, ["train", "two-layer", "--data", "xor", "--epochs", "100000", $"--out=./{name}"]);
        process.WaitForOutput("\nepoch ");
        process.Send("TERM");
        var stopped = process.WaitForEnd();
        Assert.That(stopped.ExitCode, Is.EqualTo(143), stopped.Error);
        var done = CheckpointFolder.Find(folder[name])[0].Step;

        var result = Paste(stopped.Output, " --max-steps " + (done + 3));
        Assert.That(result.ExitCode, Is.Zero, result.Error + result.Output);
        Assert.That(result.Output, Does.Contain($"resumes after step {done:N0}"));
        Assert.That(CheckpointFolder.Find(folder[name])[0].Step, Is.EqualTo(done + 3));
    }

    [Test]
    public void The_command_of_a_run_that_diverged_takes_a_smaller_rate()
    {
        var failed = PynetProcess.Run(
            folder.Name, "train", "two-layer", "--data", "xor", "--lr", "100", "--weight-decay", "1", "--epochs", "500",
            "--checkpoint-every", "1", "--out", "diverged");
        Assert.That(failed.ExitCode, Is.EqualTo(2), failed.Output);
        var result = Paste(failed.Output, " --max-steps 30");
        Assert.That(result.Output, Does.Contain("training goes on after step"), result.Error);
    }

    [Test]
    public void A_folder_in_use_and_a_complete_run()
    {
        string[] call = ["train", "two-layer", "--data", "xor", "--epochs", "1", "--out", "a run"];
        var complete = PynetProcess.Run(folder.Name, call);
        Assert.That(complete.ExitCode, Is.Zero, complete.Error);
        Assert.That(complete.Output, Does.Not.Contain(Announced));
        var used = PynetProcess.Run(folder.Name, call);
        Assert.That(used.Error, Does.Contain("already holds a run").And.Contain("train --resume 'a run'"));
    }

    [TestCase("a/b-c_1.0", ExpectedResult = "a/b-c_1.0")]
    [TestCase("", ExpectedResult = "''")]
    [TestCase("a b", ExpectedResult = "'a b'")]
    [TestCase("it's", ExpectedResult = @"'it'\''s'")]
    [TestCase("a\nb\\'", ExpectedResult = @"$'a\012b\\\''")]
    [TestCase("dä", ExpectedResult = "'dä'")]
    [TestCase("a~b", ExpectedResult = "'a~b'")]
    public string A_word_is_quoted_where_the_shell_needs_it(string word) => ShellCommand.Quote(word);

    [Test]
    public void Json_lines_have_the_epochs_and_the_command()
    {
        ChildProcess.SkipIfIgnored("TERM");
        using var process = PynetProcess.Start(
            folder.Name, ["train", "two-layer", "--data", "xor", "--epochs", "100000", "--json", "--out", "json"]);
        process.WaitForOutput("\"event\":\"epoch\"", 2);
        process.Send("TERM");
        var result = process.WaitForEnd();

        var lines = Lines(result.Output);
        var start = lines[0];
        Assert.That((string?)start["event"], Is.EqualTo("start"));
        Assert.That(
            ((int?)start["train_count"], (int?)start["validation_count"], (int?)start["test_count"]),
            Is.EqualTo((360, 40, 100)));
        var metrics = MetricsFile.Read(folder["json/metrics.jsonl"]);
        Assert.That(lines.Skip(1).SkipLast(1).Select(line => (string?)line["event"]), Is.All.EqualTo("epoch"));
        Assert.That(
            lines.Skip(1).SkipLast(1).Select(line => (double)line["train_loss"]!),
            Is.EqualTo(metrics.Select(epoch => epoch.TrainLoss)));
        var end = lines[^1];
        Assert.That(((string?)end["event"], (string?)end["status"]), Is.EqualTo(("end", "stopped")));
        Assert.That((string?)end["continue"], Does.EndWith("train --resume json"));
        Assert.That(result.Error, Does.Contain("epoch 1").Or.Contain("epoch      1"), "for people");
        var quiet = PynetProcess.Run(
            folder.Name, "train", "two-layer", "--data", "xor", "--epochs", "1", "--json", "--quiet", "--out", "q");
        Assert.That((string?)Lines(quiet.Output)[^1]["status"], Is.EqualTo("complete"));
        Assert.That((double?)Lines(quiet.Output)[^1]["test_accuracy"], Is.Not.Null);
    }

    private static JsonObject[] Lines(string output) =>
        [.. output.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!.AsObject())];

    /// <summary>What a shell does with the command that was printed.</summary>
    private ChildProcess.Result Paste(string output, string more)
    {
        var start = output.IndexOf(Announced, StringComparison.Ordinal);
        Assert.That(start, Is.Positive, output);
        var command = output[(start + Announced.Length)..].Split('\n')[0];
        return ChildProcess.Run("bash", "-c", $"cd '{folder.Name}' && {command}{more}");
    }
}
