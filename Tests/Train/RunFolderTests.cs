using System.Text.Json.Nodes;
using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class RunFolderTests
{
    [TestCase("config.json")]
    [TestCase("metrics.jsonl")]
    [TestCase("model.safetensors")]
    [TestCase("best.safetensors")]
    [TestCase("checkpoint.safetensors")]
    [TestCase("curves.svg")]
    [TestCase("report.html")]
    [TestCase("checkpoint-000000040.safetensors")]
    [TestCase("weights-epoch2-batch1000-acc0.7350.safetensors")]
    public void A_folder_with_a_run_is_refused(string file)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[file], "old");

        var run = new RunFolder(folder.Name);
        Assert.That(() => run.Create(SmallRunConfig.Of()), Throws.TypeOf<InputException>().With.Message.Contains(file));
        Assert.That(File.ReadAllText(folder[file]), Is.EqualTo("old"));
    }

    [Test]
    public void A_folder_with_other_files_is_not()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["notes.txt"], "mine");
        using (var run = new RunFolder(folder.Name)) run.Create(SmallRunConfig.Of(seed: 3));

        Assert.That((int?)JsonNode.Parse(File.ReadAllText(folder["config.json"]))!["seed"], Is.EqualTo(3));
        Assert.That(File.ReadAllText(folder["notes.txt"]), Is.EqualTo("mine"));
    }

    [Test]
    public void A_second_run_of_one_name_gets_a_number()
    {
        using var folder = new TemporaryFolder();
        foreach (var expected in (string[])["run", "run-2", "run-3"])
        {
            var run = RunFolder.CreateUnique(folder.Name, "run");
            run.Create(SmallRunConfig.Of());
            Assert.That(run.Folder, Is.EqualTo(folder[expected]));
        }
    }

    [Test]
    public void Runs_that_begin_at_once_each_have_a_folder()
    {
        using var folder = new TemporaryFolder();
        var runs = Enumerable.Range(0, 8).Select(_ => RunFolder.CreateUnique(folder.Name, "run")).ToArray();
        Parallel.For(0, runs.Length, i =>
        {
            runs[i].ThrowIfUsed();
            runs[i].Create(SmallRunConfig.Of(seed: (ulong)i));
        });

        Assert.That(runs.Select(run => run.Folder), Is.Unique);
        for (var i = 0; i < runs.Length; i++)
            Assert.That((int?)JsonNode.Parse(File.ReadAllText(runs[i].ConfigPath))!["seed"], Is.EqualTo(i));
    }

    [Test]
    public void A_chosen_folder_belongs_to_the_run_that_begins_first()
    {
        using var folder = new TemporaryFolder();
        RunFolder[] runs = [.. Enumerable.Range(0, 8).Select(_ => new RunFolder(folder["run"]))];
        var refused = 0;
        Parallel.ForEach(runs, run =>
        {
            try
            {
                run.Create(SmallRunConfig.Of());
            }
            catch (InputException)
            {
                Interlocked.Increment(ref refused);
            }
        });
        Assert.That(refused, Is.EqualTo(runs.Length - 1));
    }

    [Test]
    public void A_run_without_results_leaves_the_folder_as_it_was()
    {
        using var folder = new TemporaryFolder();
        var run = new RunFolder(folder["run"]);
        run.Create(SmallRunConfig.Of());
        run.DeleteIfEmpty();
        Assert.That(Directory.Exists(run.Folder), Is.False);

        run.Create(SmallRunConfig.Of());
        MetricsFile.Append(run.MetricsPath, new(1, 10, 0.5, 0.7, 0.8, 1, 100, 0.1));
        run.DeleteIfEmpty();
        Assert.That(File.Exists(run.ConfigPath) && File.Exists(run.MetricsPath), "it has results");
    }
}
