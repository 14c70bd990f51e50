using System.Globalization;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The app's output on a terminal, as a pseudo-terminal's screen shows it.</summary>
[NonParallelizable, Category("Processes")]
[Platform(Exclude = "Win", Reason = "the C library opens the terminal")]
public sealed partial class TerminalTests
{
    private const int Epochs = 30;

    private static readonly string[] Short =
        [
            "train", "two-layer", "--data", "xor", "--validation", "0", "--epochs", $"{Epochs}",
            "--threads", "1", "--out",
        ];

    private readonly TemporaryFolder folder = new();

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [TestCase(40)]
    [TestCase(80)]
    [TestCase(104)]
    [TestCase(105)]
    [TestCase(200)]
    public void Every_epoch_line_is_whole_and_nothing_is_beyond_the_edge(int columns)
    {
        var (result, screen) = Run(columns, "", [.. Short, $"run{columns}"]);

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(screen.Overflows, Is.Zero);
        Assert.That(screen.CursorIsVisible, Is.True);
        var facts = Blanks().Replace(string.Join(' ', screen.Lines), " ");
        var recorded = MetricsFile.Read(folder[$"run{columns}/metrics.jsonl"]);
        var best = recorded.Select((_, i) => recorded.Take(i + 1).MaxBy(e => e.TestAccuracy) == recorded[i]);
        foreach (var (epoch, isBest) in recorded.Zip(best))
            Assert.That(facts, Does.Match(string.Create(
                CultureInfo.InvariantCulture,
                $@" epoch {epoch.Epoch}/{Epochs} loss {epoch.TrainLoss:0.0000} " +
                $"train {100 * epoch.TrainAccuracy:0.00} % test {100 * epoch.TestAccuracy:0.00} % in " +
                $@"\S+ s \S+ images/s \S+ s lr 0.05 {(isBest ? "best " : "")}(epoch|best test)")));
        Assert.That(
            facts, Does.Contain("best test accuracy").And.Contain("weights, metrics, curves and report are in"));
        if (columns >= 104)
            Assert.That(screen.Lines.Count(line => WholeLine().IsMatch(line)), Is.EqualTo(Epochs));
        Assert.That(screen.Lines, Has.Some.StartsWith("epoch  1/30  loss ").And.Some.StartsWith("first step done "));
    }

    [TestCase(50)]
    [TestCase(90)]
    public void Lines_of_batches_and_lists_of_epochs_are_whole_above_the_bar(int columns)
    {
        string[] habits = ["--batch-size", "100", "--evaluate-every", "15", "--log-every", "3"];
        var (result, screen) = Run(columns, "", [.. Short, $"lists{columns}", .. habits]);

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(screen.Overflows, Is.Zero);
        var facts = Blanks().Replace(string.Join(' ', screen.Lines), " ");
        var recorded = MetricsFile.Read(folder[$"lists{columns}/metrics.jsonl"]);
        foreach (var epoch in recorded)
            Assert.That(facts, Does.Match($@" epoch {epoch.Epoch}/{Epochs} batch 3 of 4 loss \S+ train \S+ % \S+ s "));
        foreach (var part in (EpochRecord[][])[[.. recorded.Take(15)], [.. recorded]])
            Assert.That(facts, Does.Contain(
                $" losses: {List(part.Select(e => e.TrainLoss))} train accuracies, at best " +
                FormattableString.Invariant($"{100 * part.Max(e => e.TrainAccuracy):0.00} %: ") +
                $"{Percents(part.Select(e => e.TrainAccuracy!.Value))} test accuracies, at best "));
        double[] measured = [recorded[14].TestAccuracy!.Value, recorded[^1].TestAccuracy!.Value];
        Assert.That(facts, Does.Contain($" {Percents(measured)} best test accuracy "));

        static string Percents(IEnumerable<double> shares) =>
            string.Join(' ', shares.Select(x => FormattableString.Invariant($"{100 * x:0.00} %")));

        static string List(IEnumerable<double> numbers) =>
            string.Join(' ', numbers.Select(x => x.ToString("0.0000", CultureInfo.InvariantCulture)));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(5)]
    [TestCase(10)]
    [TestCase(20)]
    [TestCase(30)]
    public void A_run_ends_well_at_any_width(int columns)
    {
        var (result, screen) = Run(columns, "", [.. Short, $"narrow{columns}"]);

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(Blanks().Replace(string.Concat(screen.Lines), ""), Does.Contain($"epoch{Epochs}/{Epochs}loss"));
        if (columns >= 10) Assert.That(screen.Overflows, Is.Zero);
    }

    [TestCase("TERM=dumb")]
    [TestCase("NO_COLOR=1 TERM=xterm")]
    [TestCase("-u TERM")]
    [TestCase("CI=true GITHUB_ACTIONS=true TERM=xterm")]
    public void Other_terminals_have_whole_lines_too(string environment)
    {
        var (result, screen) = Run(60, environment, [.. Short, environment.Replace(' ', '-')]);

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(screen.Overflows, Is.Zero);
        Assert.That(
            screen.Lines.Where(line => Epoch().IsMatch(line)).Select(line => line.Split('/')[0]),
            Is.EqualTo(Enumerable.Range(1, Epochs).Select(i => $"epoch {i,2}")));
    }

    [TestCase("--help")]
    [TestCase("train --help")]
    [TestCase("evaluate --help")]
    [TestCase("models --help")]
    [TestCase("devices --help")]
    [TestCase("models")]
    [TestCase("models nin")]
    [TestCase("models nin --plan")]
    [TestCase("devices")]
    public void Pages_and_tables_fit_the_terminal(string line)
    {
        foreach (var columns in (int[])[20, 40, 80, 93, 200])
        {
            var (result, screen) = Run(columns, "", line.Split(' '));
            Assert.That(result.ExitCode, Is.Zero, result.Error);
            Assert.That(screen.Overflows, Is.Zero, $"{columns} columns: {string.Join('\n', screen.Lines)}");
        }
    }

    [Test]
    public void A_narrow_table_keeps_the_accuracy()
    {
        var (trained, _) = Run(80, "", [.. Short, "measured"]);
        Assert.That(trained.ExitCode, Is.Zero, trained.Error);
        foreach (var columns in (int[])[30, 40, 80])
        {
            var (result, screen) = Run(columns, "", "evaluate", "two-layer", "--weights", "measured/best.safetensors");
            Assert.That(result.ExitCode, Is.Zero, result.Error);
            Assert.That(screen.Lines, Has.Some.Contains("Name").And.Some.Contains("Accuracy"));
            var percents = screen.Lines.Count(line => line.Contains(" %", StringComparison.Ordinal));
            Assert.That(percents, Is.EqualTo(3), "over all, and of two classes");
            Assert.That(screen.Lines, Has.None.Contains("left"), "the bar is cleared");
        }
    }

    [TestCase("INT", 130)]
    [TestCase("TERM", 143)]
    public void An_evaluation_shows_its_remaining_time_and_can_be_stopped(string signal, int exitCode)
    {
        ChildProcess.SkipIfIgnored(signal);
        WriteSlowWeights();
        using var terminal = PseudoTerminal.Open(80);
        using var process = Start(
            terminal, "", "evaluate", "nin-d2l", "--weights", "slow.safetensors", "--data-dir", folder.Name,
            "--split", "train", "--batch-size", "1", "--logits", $"{signal}.npy");
        terminal.WaitFor(" of 100 items");
        terminal.WaitFor(" left");
        process.Send(signal);
        var result = process.WaitForEnd();

        Assert.That(result.ExitCode, Is.EqualTo(exitCode), result.Error);
        Assert.That(result.Error, Is.EqualTo("pynet: stopped before all items were measured\n"));
        Assert.That(File.Exists(folder[$"{signal}.npy"]), Is.False);
        Assert.That(Shown(terminal, 80).CursorIsVisible, Is.True);
    }

    [Test]
    public void An_evaluation_in_training_shows_its_progress_and_can_be_stopped()
    {
        WriteSlowWeights();
        using var terminal = PseudoTerminal.Open(80);
        using var process = Start(
            terminal, "", "train", "nin-d2l", "--data", "cifar10", "--data-dir", folder.Name,
            "--width", "2", "--validation", "0", "--batch-size", "1", "--lr", "1e-6", "--max-steps", "1",
            "--out", "slow");           // wide: the evaluation takes several refreshes of the bar
        terminal.WaitFor("measuring");
        terminal.WaitFor(" of 20 items");
        process.Send("TERM");
        var result = process.WaitForEnd();

        Assert.That(result.ExitCode, Is.EqualTo(143), result.Error);
        Assert.That(Shown(terminal, 80).Lines, Has.Some.EqualTo("stopped after 1 step"));
        Assert.That(MetricsFile.Read(folder["slow/metrics.jsonl"]).Single().TestAccuracy, Is.Null);
    }

    private static TerminalScreen Shown(PseudoTerminal terminal, int columns)
    {
        var screen = new TerminalScreen(columns);
        screen.Write(terminal.ReadToEnd());
        return screen;
    }

    private (ChildProcess.Result Result, TerminalScreen Screen) Run(
        int columns, string environment, params string[] arguments)
    {
        using var terminal = PseudoTerminal.Open(columns);
        using var process = Start(terminal, environment, arguments);
        return (process.WaitForEnd(), Shown(terminal, columns == 0 ? 80 : columns));
    }

    private ChildProcess Start(PseudoTerminal terminal, string environment, params string[] arguments)
    {
        var variables = environment.Length > 0 ? environment : "TERM=xterm-256color";
        var shell = $"exec env {variables} \"$@\" < {terminal.Name} > {terminal.Name}";
        return PynetProcess.Start(folder.Name, arguments, shell: shell);
    }

    /// <summary>The weights of a slow network, and images.</summary>
    private void WriteSlowWeights()
    {
        if (Directory.Exists(folder["cifar10"])) return;
        SmallCifar.Write(folder["cifar10"]);
        var origin = new Dictionary<string, string> { ["model"] = "nin-d2l", ["data"] = "cifar10" };
        var model = NetworkCatalog.Find("nin-d2l").Create(new([3, 224, 224], 10), new Rng(0));
        model.Save(folder["slow.safetensors"], origin);
    }

    [GeneratedRegex("^epoch ")]
    private static partial Regex Epoch();

    [GeneratedRegex("^epoch .* lr 0.05")]
    private static partial Regex WholeLine();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
