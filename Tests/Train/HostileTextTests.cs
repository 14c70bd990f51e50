using System.Text.Json.Nodes;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Text of files is printed without controlling the terminal, and settings are data.</summary>
[Parallelizable, Category("Processes")]
public sealed class HostileTextTests
{
    private const string Hostile = "a\u001b[2J\u009b31m\u202eb\u2028c\ud800d\u0007";
    private const string Shown = @"a\u001B[2J\u009B31m\u202Eb\u2028c\uD800d\u0007";

    [Test]
    public void What_controls_a_terminal_becomes_visible()
    {
        Assert.That(ErrorText.Clean(Hostile), Is.EqualTo(Shown));
        Assert.That(ErrorText.Quote(Hostile), Is.EqualTo($"'{Shown}'"));
        const string harmless = "\ud83d\udc69\u200d\ud83d\udcbb é 中 �";
        Assert.That(ErrorText.Clean(harmless), Is.EqualTo(harmless));
        Assert.That(ErrorText.Clean("\U000E0041\uFFFE"), Is.EqualTo(@"\U000E0041\uFFFE"));
        Assert.That(ErrorText.Cut(new string('x', 81)), Is.EqualTo(new string('x', 80) + "…"));
        Assert.That(ErrorText.Cut(new string('x', 79) + "\n"), Is.EqualTo(new string('x', 79) + "…"));
    }

    [Test]
    public void Text_leaves_the_program_in_one_place()
    {
        string[] allowed = ["ConsoleOutput.cs", "StandardStreams.cs"];
        var folder = Path.Combine(SourceTests.RepositoryRoot, "Train");
        var files = Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}"))
            .Where(file => !allowed.Contains(Path.GetFileName(file)));
        foreach (var file in files)
            Assert.That(
                File.ReadAllText(file), Does.Not.Contain("Console.Out.").And.Not.Contain("Console.Error.")
                    .And.Not.Contain("Console.Write"), file);
    }

    [Test]
    public void Names_in_tables_lines_and_pictures_are_cleaned()
    {
        using var folder = new TemporaryFolder();
        SmallCifar.Write(folder["cifar10"]);
        File.WriteAllLines(folder["cifar10/batches.meta.txt"], Enumerable.Range(0, 10).Select(i => $"n{i}\u202e"));
        NetworkCatalog.Find("lenet5").Create(new([3, 32, 32], 10), new Rng(0)).Save(folder["w.safetensors"]);
        var result = PynetProcess.Run(
            folder.Name, "evaluate", "lenet5", "--weights", "w.safetensors", "--data", "cifar10", "--data-dir", ".");
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Output, Does.Contain(@"n3\u202E").And.Not.Contain("\u202e"));

        var picture = LearningCurves.Draw([], $"nin {Hostile}").ToString();
        Assert.That(picture, Does.Contain(Shown).And.Not.Contain("\u202e"));
    }

    [Test]
    public void An_error_is_one_line_that_controls_nothing()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(
            folder["w.safetensors"],
            SafetensorsBytes.Of("""{"__metadata__":{"model":"two-layer","data":"\u001b[2J\u202ex"}}"""));
        var result = PynetProcess.Run(folder.Name, "evaluate", "two-layer", "--weights", "w.safetensors");
        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Error.TrimEnd('\n'), Does.Contain(@"'\u001B[2J\u202Ex'").And.Not.Contain("\n"));
        Assert.That(result.Error, Does.Not.Contain("\u001b").And.Not.Contain("\u202e"));
    }

    [Test]
    public void Metadata_cost_nothing_before_the_tensors_are_checked()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(
            folder["w.safetensors"],
            SafetensorsBytes.Of("""{"__metadata__":{"model":"nin","data":"cifar10","width":"16"}}"""));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var options = new NetworkOptions([3, 32, 32], 10) { WidthMultiplier = 16 };
        Assert.That(
            () => NetworkCatalog.Find("nin").CheckWeights(options, folder["w.safetensors"]),
            Throws.TypeOf<InputException>().With.Message.Contains("'features1.0.weight' [3072, 3, 5, 5]"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(4 << 20));
    }

    [Test]
    public void Weights_are_checked_by_their_header_with_a_prefix_and_without_the_head()
    {
        using var folder = new TemporaryFolder();
        var network = NetworkCatalog.Find("lenet5");
        var model = network.Create(new([1, 32, 32], 10), new Rng(0));
        model.Save(folder["w"]);
        Safetensors.Save(folder["c"], model.State().Select(s => ($"model.{s.Name}", s.Tensor)));
        var (same, other) = (new NetworkOptions([1, 32, 32], 10), new NetworkOptions([1, 32, 32], 7));
        network.CheckWeights(same, folder["w"]);
        network.CheckWeights(same, folder["c"], prefix: "model.");
        network.CheckWeights(other, folder["w"], withHead: false);
        Assert.That(() => network.CheckWeights(other, folder["w"]), Throws.TypeOf<InputException>());
        Assert.That(() => network.CheckWeights(same, folder["c"]), Throws.TypeOf<InputException>());
        Assert.That(model.State()[0].Tensor.ToArray(), Has.Some.Not.Zero, "a model created later has memory");
    }

    [Test]
    public void Every_network_is_described_as_it_is_created()
    {
        foreach (var network in NetworkCatalog.All)
        {
            var options = new NetworkOptions(network.Input, 10) { WidthMultiplier = 0.25 };
            var created = network.Create(options, new Rng(0)).State().Select(s => (s.Name, s.Tensor.Shape));
            Assert.That(StateShapes.Of(() => network.Build(options, new Rng(0))), Is.EqualTo(created), network.Name);
        }
    }

    [Test]
    public void A_model_without_memory_has_no_elements()
    {
        Module? model = null;
        StateShapes.Of(() => model = new Linear(30_000, 60_000, new Rng(0)));
        Assert.That(() => model!.State()[0].Tensor.CopyTo(new float[1_800_000_000]), Throws.InstanceOf<Exception>());
    }

    [TestCase("model", "\"@/etc/passwd\"", "'model' is '@/etc/passwd'; expected the name of a model")]
    [TestCase("model", "\"--download\"", "'model' is '--download'")]
    [TestCase("data", "\"--data-dir /elsewhere\"", "'data' is '--data-dir /elsewhere'")]
    [TestCase("device", "\"@/etc/passwd\"", "'device' is '@/etc/passwd'; expected the name of a device")]
    [TestCase("schedule", "\"@/etc/passwd\"", "schedule '@/etc/passwd'")]
    [TestCase("schedule", "\"\\u001b[2J\"", @"schedule '\u001B[2J'")]
    [TestCase("model", "\"\\udc00\"", "'model' is a text with half of a surrogate pair")]
    [TestCase("freeze", "[\"a\", \"\\ud800\"]", "'freeze' is a text with half of a surrogate pair")]
    [TestCase("model", "{\"a\": \"\\udc00\"}", "'model' is a text with half of a surrogate pair")]
    [TestCase("epochs", "1e400", "'epochs' has a value of the wrong type")]
    [TestCase("epochs", "99999999999999999999", "'epochs' has a value of the wrong type")]
    [TestCase("learning_rate", "1e400", "'learning_rate' is '")]
    [TestCase("learning_rate", "\"NaN\"", "'learning_rate' has a value of the wrong type")]
    [TestCase("seed", "-1", "'seed' has a value of the wrong type")]
    [TestCase("width", "1e308", "'width' is '")]
    [TestCase("epochs", "{\"a\": [1]}", "'epochs' has a value of the wrong type")]
    [TestCase("download", "true", "it has an unknown key 'download'")]
    [TestCase("\\u202e", "true", @"it has an unknown key '\u202E'")]
    public void A_setting_is_data(string key, string json, string said)
    {
        using var folder = new TemporaryFolder();
        using (var stream = File.Create(folder["config.json"])) RunConfigFile.Write(stream, SmallRunConfig.Of());
        var node = JsonNode.Parse(File.ReadAllText(folder["config.json"]))!.AsObject();
        node.Remove(key);
        var members = node.Select(pair => $"\"{pair.Key}\": {pair.Value?.ToJsonString() ?? "null"}");
        File.WriteAllText(folder["config.json"], $"{{{string.Join(", ", [.. members, $"\"{key}\": {json}"])}}}");
        AssertRefused(folder, said);
    }

    [Test]
    public void Settings_that_are_no_settings_are_refused_in_one_short_line()
    {
        using var folder = new TemporaryFolder();
        Write(string.Concat(Enumerable.Repeat("{\"a\":", 1000)), "maximum");
        Write("{\"seed\": 1, \"seed\": 2}", "seed");
        Write($"{{\"{new string('k', 5000)}\": 1}}", "unknown key 'kkk");
        Write($"{{\"seed\": {new string('x', 5000)}}}", "line 1");
        Write($"{{\"versions\": {{\"{new string('k', 5000)}\": 1}}}}", "config.json");
        Write(new string(' ', 2 << 20), "it has 2097152 bytes");

        void Write(string text, string said)
        {
            File.WriteAllText(folder["config.json"], text);
            AssertRefused(folder, said);
        }
    }

    [Test]
    public void A_data_folder_may_begin_with_an_at_sign()
    {
        using var folder = new TemporaryFolder();
        using (var stream = File.Create(folder["config.json"]))
            RunConfigFile.Write(stream, SmallRunConfig.Of() with { DataDir = "@data" });
        Assert.That(Read(folder).DataFolder, Is.EqualTo("@data"));
    }

    private static void AssertRefused(TemporaryFolder folder, string said)
    {
        var fault = Assert.Throws<InputException>(() => Read(folder));
        Assert.That(fault!.Message, Does.StartWith($"'{folder["config.json"]}'"));
        var message = fault.Message.Replace(folder.Name, "", StringComparison.Ordinal);
        Assert.That(message, Does.Contain(said).And.Not.Contain("\n"));
        Assert.That(message, Has.Length.LessThan(1000), "a schedule's message lists what there is");
    }

    private static TrainingSettings Read(TemporaryFolder folder)
    {
        var config = RunConfigFile.Read(folder["config.json"]);
        config.Check(folder["config.json"]);
        return config.ToSettings(DeviceOptions.Open(config.Device, config.Threads, config.Precision), new(folder.Name));
    }
}
