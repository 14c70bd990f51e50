using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The habits of the published trainings: lines of batches, weights that are kept, lists of epochs.</summary>
[Parallelizable, Category("Processes")]
public sealed partial class HabitTests
{
    private static readonly string[] Call =
    [
        "train", "nin", "--width", "0.05", "--data", "shapes", "--limit", "96", "--batch-size", "8", "--seed", "3",
        "--validation", "0",
        "--epochs", "3", "--threads", "1",
    ];

    private static readonly string[] EverySecond = [.. Call, "--evaluate-every", "2"];

    private readonly TemporaryFolder folder = new();

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [Test]
    public void A_line_has_the_means_of_the_epoch_so_far()
    {
        var output = Good([.. Call, "--log-every", "5", "--out", "log"]);
        var lines = output.Split('\n').Where(line => LogLine().IsMatch(line)).ToArray();
        Assert.That(
            lines.Select(line => line[..28]),
            Is.EqualTo(Enumerable.Range(1, 3).SelectMany(epoch => (string[])
                [$"  epoch {epoch}/3  batch  5 of 12 ", $"  epoch {epoch}/3  batch 10 of 12 "])));
    }

    [Test]
    public void The_last_batch_s_line_says_what_the_epoch_s_does()
    {
        var output = Good([.. Call, "--log-every", "12", "--evaluate-every", "1", "--out", "last"]);
        var batches = Means().Matches(output);
        Assert.That(batches, Has.Count.EqualTo(6));
        for (var i = 0; i < 6; i += 2) Assert.That(batches[i].Value, Is.EqualTo(batches[i + 1].Value));
        Assert.That(output, Does.Match(@"epoch 3/3 .*  test +\S+ % in +\S+ s "));
        Assert.That(MetricsFile.Read(folder["last/metrics.jsonl"]).Select(e => e.TestSeconds), Is.All.GreaterThan(0));
        Assert.That(output, Does.Not.Contain("losses:"), "each epoch was evaluated");
    }

    [Test]
    public void Lists_are_printed_with_each_evaluation_and_at_the_end()
    {
        var output = Good([.. EverySecond, "--out", "lists"]);
        var recorded = MetricsFile.Read(folder["lists/metrics.jsonl"]);
        Assert.That(output.Split("losses:"), Has.Length.EqualTo(3));
        Assert.That(output, Does.Contain(FormattableString.Invariant(
            $"losses:\n  {recorded[0].TrainLoss:0.0000}  {recorded[1].TrainLoss:0.0000}\ntrain accuracies, at best ")));
        var tested = recorded.Skip(1).Select(e => FormattableString.Invariant($"{100 * e.TestAccuracy:0.00} %"));
        Assert.That(output, Does.Contain($"%:\n  {string.Join("  ", tested)}\nbest test accuracy"));
        var quiet = Good([.. EverySecond, "--quiet", "--log-every", "1", "--out", "quiet"]);
        Assert.That(quiet, Does.StartWith("best test accuracy"));
        Assert.That(quiet.Split('\n'), Has.Length.EqualTo(4));
    }

    [Test]
    public void What_is_printed_and_kept_may_change_when_a_run_resumes()
    {
        Good([.. Call, "--save-every", "4", "--out", "whole"]);
        Good([.. Call, "--save-every", "4", "--max-steps", "17", "--out", "parts"]);
        var resumed = Good("train", "--resume", "parts", "--max-steps", "30", "--log-every", "2", "--save-every", "0");
        Assert.That(resumed, Does.Match(@"  epoch 2/3  batch  6 of 12  loss").And.Match(@"batch 10 of 12  loss"));
        var config = JsonNode.Parse(File.ReadAllText(folder["parts/config.json"]))!;
        Assert.That(((int?)config["log_every"], (int?)config["save_every"]), Is.EqualTo((2, 0)));
        Good("train", "--resume", "parts", "--max-steps", "1000", "--save-every", "4");
        Assert.That(
            RunFiles.History(folder["parts"]),
            Is.EqualTo(RunFiles.History(folder["whole"]).Where(name => !MissedFile().IsMatch(name))));
        Assert.That(RunFiles.History(folder["whole"]), Has.Length.EqualTo(9));
        foreach (var name in RunFiles.History(folder["parts"]))
            Assert.That(
                File.ReadAllBytes(folder[$"parts/{name}"]), Is.EqualTo(File.ReadAllBytes(folder[$"whole/{name}"])));
    }

    [Test]
    public void Weights_that_were_kept_can_be_evaluated_and_trained()
    {
        Good([.. Call, "--save-every", "12", "--out", "kept"]);
        var file = RunFiles.History(folder["kept"])[^1];
        Assert.That(file, Does.Match(@"^weights-epoch3-batch12-acc0\.\d{4}\.safetensors$"));
        var evaluated = JsonNode.Parse(Good("evaluate", "nin", "--weights", $"kept/{file}", "--json"))!;
        var last = MetricsFile.Read(folder["kept/metrics.jsonl"])[^1];
        Assert.That((double?)evaluated["accuracy"], Is.EqualTo(last.TestAccuracy));
        Good([.. Call, "--weights", $"kept/{file}", "--max-steps", "1", "--quiet", "--out", "next"]);
    }

    [Test]
    public void They_are_nin_net_s_own()
    {
        var recipes = NetworkCatalog.All.ToDictionary(network => network.Name, network => network.Recipe);
        Assert.That((recipes["nin-net"].LogEvery, recipes["nin-net"].SaveEvery), Is.EqualTo((100, 1000)));
        Assert.That(
            recipes.Where(pair => pair.Key != "nin-net").Select(pair => pair.Value.LogEvery + pair.Value.SaveEvery),
            Is.All.Zero);
        Assert.That(
            recipes.Where(pair => pair.Value.EvaluateEvery == 20).Select(pair => pair.Key),
            Is.EquivalentTo(new[]
            {
                "nin", "alexnet", "alexnet-origin", "alexnet-origin-nodrop", "alexnet-dropall",
            }));
    }

    [TestCase(false)]
    [TestCase(true)]
    [Platform(Exclude = "Win", Reason = "kill sends the signal")]
    public void A_run_that_was_stopped_says_what_is_there(bool removed)
    {
        ChildProcess.SkipIfIgnored("TERM");
        var run = $"stopped{removed}";
        using var process = PynetProcess.Start(
            folder.Name, ["train", "two-layer", "--data", "xor", "--epochs", "1000000", "--out", run]);
        process.WaitForOutput("\nepoch ");
        if (removed) Directory.Move(folder[run], folder["elsewhere"]);
        process.Send("TERM");
        var result = process.WaitForEnd();

        Assert.That(result.ExitCode, Is.EqualTo(143), result.Error);
        Assert.That(
            result.Output, Does.Contain($"\nweights, metrics, curves and report are in {run}\nTo continue:\n"));
        string[] files =
            ["model.safetensors", "best.safetensors", "metrics.jsonl", "curves.svg", "report.html"];
        foreach (var file in files)
            Assert.That(File.Exists(folder[$"{run}/{file}"]), file);
        Assert.That(CheckpointFolder.Find(folder[run]), Is.Not.Empty);
    }

    private string Good(params string[] call)
    {
        var result = PynetProcess.Run(folder.Name, call);
        Assert.That(result.ExitCode, Is.Zero, result.Error + result.Output);
        return result.Output;
    }

    [GeneratedRegex(@"^  epoch \d/3  batch +\d+ of 12  loss \d\.\d{4}  train +\d+\.\d\d %  +\S+ s$")]
    private static partial Regex LogLine();

    [GeneratedRegex(@"loss \d\.\d{4}  train +\d+\.\d\d %")]
    private static partial Regex Means();

    /// <summary>Of the steps 17 to 30, of which the epochs have 12 each.</summary>
    [GeneratedRegex(@"epoch2-batch(8|12)|epoch3-batch4")]
    private static partial Regex MissedFile();
}
