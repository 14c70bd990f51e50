using System.Text.Json.Nodes;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A run's <c>config.json</c> is data: what is wrong in it is an error by name.</summary>
public sealed class RunConfigTests
{
    [Test]
    public void Settings_are_read_as_they_were_written()
    {
        using var folder = new TemporaryFolder();
        var config = SmallRunConfig.Of(seed: ulong.MaxValue);
        using (var run = new RunFolder(folder.Name)) run.Create(config);

        var read = new RunFolder(folder.Name).ReadConfig();
        read.Check("config.json");
        var again = RunConfig.Of(read.ToSettings(Device.Cpu, new(folder.Name)));

        Assert.That(Text(folder, again with { Started = config.Started }), Is.EqualTo(Text(folder, config)));
        Assert.That(
            Text(folder, config),
            Does.Contain("\"data_dir\": \"some/dä<ta\"").And.Contain("\"optimizer\": \"adam\""));
        Assert.That(
            read.ToSettings(Device.Cpu, new("x")).Recipe,
            Is.EqualTo(NetworkCatalog.QuickStart with { Momentum = 0, Nesterov = false }));
    }

    [Test]
    public void A_file_from_before_accumulation_is_one_batch_per_step()
    {
        using var folder = new TemporaryFolder();
        var node = JsonNode.Parse(Text(folder, SmallRunConfig.Of()))!.AsObject();
        Assert.That((int?)node["accumulate"], Is.EqualTo(1));
        node.Remove("accumulate");
        File.WriteAllText(folder["old.json"], node.ToJsonString());
        Assert.That(
            RunConfigFile.Read(folder["old.json"]).ToSettings(Device.Cpu, new("x")).Accumulate, Is.EqualTo(1));
    }

    [TestCase("seed", null, "it has no 'seed'")]
    [TestCase("epoch", "3", "it has an unknown key 'epoch'")]
    [TestCase("epochs", "\"3\"", "'epochs' has a value of the wrong type")]
    [TestCase("epochs", "3.5", "'epochs' has a value of the wrong type")]
    [TestCase("epochs", "0", "'epochs' is '0'; expected a whole number from 1 to 1000000")]
    [TestCase("epochs", "null", "'epochs' has a value of the wrong type")]
    [TestCase("seed", "-1", "'seed' has a value of the wrong type")]
    [TestCase("learning_rate", "200", "'learning_rate' is '200'; expected a number above 0 and up to 100")]
    [TestCase("learning_rate", "1e999", "'learning_rate'")]
    [TestCase("width", "0", "'width' is '0'; expected a number above 0")]
    [TestCase("dropout", "1", "'dropout' is '1'; expected a number from 0 up to")]
    [TestCase("deviation", "0", "'deviation' is '0'; expected a finite number above 0")]
    [TestCase("batch_size", "65537", "'batch_size' is '65537'")]
    [TestCase("accumulate", "0", "'accumulate' is '0'; expected a whole number from 1 to 65536")]
    [TestCase("shards", "0", "'shards' is '0'; expected a whole number from 1 to 65536")]
    [TestCase("log_every", "-1", "'log_every' is '-1'; expected a whole number from 0 up")]
    [TestCase("save_every", "-1", "'save_every' is '-1'; expected a whole number from 0 up")]
    [TestCase("max_steps", "0", "'max_steps' is '0'")]
    [TestCase("limit", "0", "'limit' is '0'")]
    [TestCase("threads", "0", "'threads' is '0'")]
    [TestCase("momentum", "0.9", "'momentum' is '0.9'; expected null for adam")]
    [TestCase("optimizer", "\"adagrad\"", "'optimizer' has a value of the wrong type")]
    [TestCase("optimizer", "1", "'optimizer' has a value of the wrong type")]
    [TestCase("optimizer", "\"sgd\"", "'momentum' is 'null'; expected a number")]
    [TestCase("optimizer", "\"rmsprop\"", "'momentum' is 'null'; expected a number")]
    [TestCase("schedule", "\"warmup:2\"", "schedule 'warmup:2'")]
    [TestCase("shuffle", "1", "'shuffle' has a value of the wrong type")]
    [TestCase("model", "\"nim\"", "'model' is 'nim'; expected the name of a model")]
    [TestCase("model", "null", "'model' has a value of the wrong type")]
    [TestCase("data", "\"@words\"", "'data' is '@words'; expected the name of a data set")]
    [TestCase("data_dir", "\"\"", "'data_dir' is ''; expected a path or null")]
    [TestCase("data_dir", "\"a\\u0000b\"", "'data_dir' is 'a\\u0000b'; expected a path or null")]
    [TestCase("schedule", "\"cosine:5\"", "schedule 'cosine:5'")]
    [TestCase("new_head", "true", "'new_head' is 'true'; expected false where no weights are given")]
    [TestCase("new_head", "1", "'new_head' has a value of the wrong type")]
    [TestCase("freeze", "\"features\"", "'freeze' has a value of the wrong type")]
    [TestCase("freeze", "[1]", "'freeze")]
    [TestCase("freeze", "[\"features1\", null]", "'freeze' is 'features1,'; expected a list of paths of modules")]
    public void A_faulty_setting_is_named(string key, string? json, string said)
    {
        using var folder = new TemporaryFolder();
        var node = JsonNode.Parse(Text(folder, SmallRunConfig.Of()))!.AsObject();
        if (json is null) node.Remove(key);
        else node[key] = JsonNode.Parse(json);
        File.WriteAllText(folder["config.json"], node.ToJsonString());
        Assert.That(() => Read(folder), Throws.TypeOf<InputException>().With.Message.Contains(said));
    }

    [TestCase(OptimizerKind.Sgd, 0.8f, true)]
    [TestCase(OptimizerKind.AdamW, null, null)]
    [TestCase(OptimizerKind.RMSprop, 0.8f, null)]
    public void An_optimizer_s_settings_are_read_as_they_were_written(
        OptimizerKind kind, float? momentum, bool? nesterov)
    {
        using var folder = new TemporaryFolder();
        var config = SmallRunConfig.Of() with { Optimizer = kind, Momentum = momentum, Nesterov = nesterov };
        config = config with { Schedule = "warmup:1,plateau:0.5:3" };
        using (var run = new RunFolder(folder.Name)) run.Create(config);
        var settings = Read(folder);
        Assert.That(
            (settings.Recipe.Optimizer, settings.Recipe.Momentum, settings.Recipe.Nesterov),
            Is.EqualTo((kind, momentum ?? 0, nesterov ?? false)));
        Assert.That(settings.Recipe.Schedule, Is.EqualTo(new WarmupSchedule(1, new PlateauSchedule(0.5, 3))));
        var again = RunConfig.Of(settings);
        Assert.That(
            (again.Optimizer, again.Momentum, again.Nesterov, again.Schedule),
            Is.EqualTo((config.Optimizer, config.Momentum, config.Nesterov, config.Schedule)));
        var wrong = config with { Momentum = momentum is null ? 0.5f : null };
        Assert.That(
            () => wrong.Check("config.json"), Throws.TypeOf<InputException>().With.Message.Contains("'momentum'"));
    }

    [TestCase("{", "config.json' cannot be read")]
    [TestCase("[]", "it is no object")]
    [TestCase("{\"seed\": 1, \"seed\": 2}", "seed")]
    [TestCase("{\"\\ud800\": 1}", "config.json' cannot be read")]
    public void A_file_that_is_no_settings_is_refused(string text, string said)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["config.json"], text);
        Assert.That(() => Read(folder), Throws.TypeOf<InputException>().With.Message.Contains(said));
    }

    [Test]
    public void A_missing_choice_of_nesterov_is_null_in_the_message()
    {
        var config = SmallRunConfig.Of() with { Optimizer = OptimizerKind.Sgd, Momentum = 0.9f, Nesterov = null };
        Assert.That(
            () => config.Check("config.json"),
            Throws.TypeOf<InputException>().With.Message.Contains("'nesterov' is 'null'; expected true or false"));
    }

    [Test]
    public void A_text_with_half_a_surrogate_pair_is_refused()
    {
        using var folder = new TemporaryFolder();
        var text = Text(folder, SmallRunConfig.Of()).Replace("\"nin\"", "\"\\ud800\"", StringComparison.Ordinal);
        File.WriteAllText(folder["config.json"], text);
        Assert.That(
            () => Read(folder), Throws.TypeOf<InputException>().With.Message.Contains("config.json' cannot be read"));
    }

    [Test]
    public void A_file_with_the_words_of_a_command_line_is_read_without_them()
    {
        using var folder = new TemporaryFolder();
        var node = JsonNode.Parse(Text(folder, SmallRunConfig.Of(seed: 3)))!.AsObject();
        node.Remove("data_dir");
        node["arguments"] = new JsonArray("--seed", "4", "@more", "--data-dir", "x");
        File.WriteAllText(folder["config.json"], node.ToJsonString());

        var settings = Read(folder);

        Assert.That((settings.Seed, settings.DataFolder), Is.EqualTo((3ul, (string?)null)));
    }

    [Test]
    public void What_is_frozen_and_new_is_restored()
    {
        using var folder = new TemporaryFolder();
        var config = SmallRunConfig.Of() with { Weights = "gone", NewHead = true, Freeze = ["features1", "gap"] };
        File.WriteAllText(folder["config.json"], Text(folder, config));
        var settings = Read(folder);
        Assert.That((settings.Weights, settings.NewHead), Is.EqualTo(("gone", true)));
        Assert.That(settings.Freeze, Is.EqualTo(new[] { "features1", "gap" }));
    }

    [Test]
    public void A_file_from_before_there_was_freezing_freezes_nothing()
    {
        using var folder = new TemporaryFolder();
        var node = JsonNode.Parse(Text(folder, SmallRunConfig.Of()))!.AsObject();
        Assert.That(node.Remove("freeze") && node.Remove("new_head"), Is.True);
        File.WriteAllText(folder["config.json"], node.ToJsonString());
        var settings = Read(folder);
        Assert.That((settings.NewHead, settings.Freeze.Count), Is.EqualTo((false, 0)));
    }

    private static TrainingSettings Read(TemporaryFolder folder)
    {
        var config = new RunFolder(folder.Name).ReadConfig();
        config.Check(folder["config.json"]);
        return config.ToSettings(Device.Cpu, new(folder.Name));
    }

    private static string Text(TemporaryFolder folder, RunConfig config)
    {
        new RunFolder(folder.Name).UpdateConfig(config);
        return File.ReadAllText(folder["config.json"]);
    }
}
