using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// A run whose process ends at any of its operations on files, or in which any of them fails, resumes and ends in the
/// files of a run without faults.
/// </summary>
public sealed class FileFaultTests
{
    private const string Full = "No space left on device";

    [TearDown]
    public void RemoveInjection() => FileOperations.Injection = null;

    [TestCase("new")]
    [TestCase("killed")]
    [TestCase("stopped")]
    public void A_process_that_ends_at_any_operation_loses_nothing(string kind)
    {
        using var folder = new TemporaryFolder();
        TrainCounting(folder["whole"]);
        Begin(folder["begun"], kind);
        var operations = CountFrom(folder["begun"], folder["counted"]);
        Assert.That(operations, Is.GreaterThan(40));
        for (var k = 0; k < operations; k++)
        {
            var path = folder[$"killed{k}"];
            RunFiles.Copy(folder["begun"], path);
            var done = TrainUntilKilled(path, k);
            var newest = CheckpointFolder.Find(path) is [var (step, _), ..] ? step : 0;
            Assert.That(newest, Is.GreaterThanOrEqualTo(done - 1), $"{k}: a checkpoint is due at each step");
            FaultyRun.Finish(path);
            Assert.That(RunFiles.History(path), Has.Length.EqualTo(2));
            RunFiles.AssertEqual(path, folder["whole"]);
            AssertNoTemporaryFiles(path);
            Directory.Delete(path, recursive: true);
        }
    }

    /// <summary>Also where the run that resumes is killed in turn.</summary>
    [Test]
    public void A_process_that_ends_again_and_again_ends_in_the_same_files()
    {
        using var folder = new TemporaryFolder();
        TrainCounting(folder["whole"]);
        for (var stride = 7; stride < 23; stride += 3)
        {
            var path = folder[$"killed{stride}"];
            var isDone = false;
            for (var attempt = 0; !isDone; attempt++)
            {
                Assert.That(attempt, Is.LessThan(100), "it gets no further");
                TrainUntilKilled(path, stride + 8 * attempt, out isDone);
            }

            FaultyRun.Finish(path);
            RunFiles.AssertEqual(path, folder["whole"]);
        }
    }

    [TestCase("new")]
    [TestCase("killed")]
    [TestCase("stopped")]
    public void An_operation_that_fails_costs_nothing(string kind)
    {
        var (reported, operations) = TrainWithFaults(kind, _ => throw new IOException(Full));
        Assert.That(reported, Is.GreaterThan(operations / 2));
    }

    [TestCase("new")]
    [TestCase("stopped")]
    public void A_folder_that_vanishes_is_made_again(string kind)
    {
        var (reported, operations) = TrainWithFaults(kind, path =>
        {
            if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        });
        Assert.That(reported, Is.LessThan(operations), "between two checkpoints that is not noticed");
    }

    [TestCase("metrics.jsonl")]
    [TestCase("model.safetensors")]
    [TestCase("best.safetensors")]
    [TestCase("curves.svg")]
    [TestCase("config.json")]
    [TestCase(".lock")]
    public void A_file_that_vanishes_is_written_again(string file)
    {
        using var folder = new TemporaryFolder();
        TrainCounting(folder["whole"], saveEvery: 0);
        using var run = new FaultyRun(folder["run"], saveEvery: 0);
        var isBack = false;
        run.OnStep = step =>
        {
            if (step == 5) File.Delete(folder[$"run/{file}"]);
            if (step == 6) isBack = File.Exists(folder[$"run/{file}"]);
        };
        run.Train();
        Assert.That(run.Said, Is.Empty);
        Assert.That(isBack, "with the next checkpoint");
        RunFiles.AssertEqual(folder["run"], folder["whole"]);
    }

    /// <summary>Two processes in one folder would mix their files.</summary>
    [TestCase(true, "in use by another process")]
    [TestCase(false, "has become that of another run")]
    public void A_folder_that_another_run_has_made_anew_is_left_to_it(bool isHeld, string why)
    {
        using var folder = new TemporaryFolder();
        TrainCounting(folder["whole"], saveEvery: 0);
        using var other = new RunFolder(folder["run"]);
        using var run = new FaultyRun(folder["run"], saveEvery: 0);
        run.OnStep = step =>
        {
            if (step != 3) return;
            Directory.Delete(folder["run"], recursive: true);
            other.Create(SmallRunConfig.Of(seed: 9));
            if (!isHeld) other.Dispose();
        };
        run.Train();
        var elsewhere = run.Recorder.OtherFolder!;
        RunFiles.AssertEqual(elsewhere, folder["whole"]);
        Directory.Delete(elsewhere, recursive: true);
        Assert.That(run.Said, Has.Count.EqualTo(2));
        Assert.That(run.Said[0], Does.StartWith("warning: ").And.Contain(why));
        run.Dispose();
        string[] left = isHeld ? [".lock", "config.json"] : ["config.json"];
        Assert.That(Directory.GetFiles(folder["run"]).Select(Path.GetFileName), Is.EquivalentTo(left));
        Assert.That(new RunFolder(folder["run"]).ReadConfig().Seed, Is.EqualTo(9));
    }

    /// <summary>With the checkpoint of the last copy, though the state within a step is not complete.</summary>
    [Test]
    public void A_folder_that_vanishes_before_a_fault_is_made_again()
    {
        using var folder = new TemporaryFolder();
        TrainCounting(folder["whole"], saveEvery: 0);
        using (var run = new FaultyRun(folder["run"], saveEvery: 0))
        {
            run.OnStep = step =>
            {
                if (step != 6) return;
                Directory.Delete(folder["run"], recursive: true);
                throw new NotSupportedException("a fault");
            };
            Assert.That(() => run.Train(), Throws.TypeOf<NotSupportedException>());
            Assert.That((run.Recorder.OtherFolder, run.Recorder.IsUpToDate), Is.EqualTo(((string?)null, true)));
        }

        Assert.That(CheckpointFolder.Find(folder["run"]).Select(file => file.Step), Is.EqualTo(new long[] { 5 }));
        Assert.That(RunFiles.Metrics(folder["run"]).Select(epoch => epoch.Step), Is.EqualTo(new long[] { 4, 6 }));
        FaultyRun.Finish(folder["run"], saveEvery: 0);
        RunFiles.AssertEqual(folder["run"], folder["whole"]);
    }

    /// <returns>The operations on files of a run without faults.</returns>
    private static int TrainCounting(string path, int saveEvery = 3)
    {
        var count = 0;
        FileOperations.Injection = _ => Interlocked.Increment(ref count);
        FaultyRun.Finish(path, saveEvery);
        FileOperations.Injection = null;
        return count;
    }

    private static int CountFrom(string begun, string path, int saveEvery = 3)
    {
        RunFiles.Copy(begun, path);
        return TrainCounting(path, saveEvery);
    }

    /// <summary>Begins a run that is to resume, in its second epoch: killed, or stopped as by a signal.</summary>
    private static void Begin(string path, string kind, int saveEvery = 3)
    {
        if (kind == "new") return;
        using (var run = new FaultyRun(path, saveEvery))
        using (var stop = new CancellationTokenSource())
        {
            run.OnStep = step =>
            {
                if (step != 6) return;
                if (kind == "stopped") stop.Cancel();
                else FileOperations.Injection = _ => throw new ProcessKilledException();
            };
            if (kind == "stopped") run.Train(stop.Token);
            else Assert.That(() => run.Train(), Throws.TypeOf<ProcessKilledException>());
            FileOperations.Injection = null;
        }

        Assert.That(CheckpointFolder.Find(path)[0].Step, Is.EqualTo(kind == "stopped" ? 6 : 5));
        Assert.That(RunFiles.Metrics(path).Length, Is.EqualTo(kind == "stopped" ? 2 : 1), "the part's result");
    }

    private static long TrainUntilKilled(string path, int at)
    {
        var done = TrainUntilKilled(path, at, out var isDone);
        Assert.That(isDone, Is.False, $"{at}");
        return done;
    }

    /// <summary>From an operation on, all throw: the process is dead.</summary>
    /// <returns>The steps done.</returns>
    private static long TrainUntilKilled(string path, int at, out bool isDone)
    {
        var count = 0;
        var done = 0L;
        FileOperations.Injection = _ =>
        {
            if (Interlocked.Increment(ref count) > at) throw new ProcessKilledException();
        };
        try
        {
            using var run = new FaultyRun(path) { OnStep = step => done = step };
            run.Train();
            isDone = true;
        }
        catch (ProcessKilledException)
        {
            isDone = false;
        }

        FileOperations.Injection = null;
        return done;
    }

    /// <summary>Calls a fault before one operation after another, but for the last, which frees the lock.</summary>
    /// <returns>How many times training said so, and the operations.</returns>
    private static (int Reported, int Operations) TrainWithFaults(string kind, Action<string> fault)
    {
        using var folder = new TemporaryFolder();
        TrainCounting(folder["whole"], saveEvery: 0);
        Begin(folder["begun"], kind, saveEvery: 0);
        var operations = CountFrom(folder["begun"], folder["counted"], saveEvery: 0);
        var reported = 0;
        for (var k = 0; k < operations - 1; k++)
        {
            var path = folder[$"failed{k}"];
            RunFiles.Copy(folder["begun"], path);
            reported += TrainWithFault(path, k, () => fault(path), folder["whole"]) ? 1 : 0;
            if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        }

        return (reported, operations);
    }

    /// <returns>Whether training said that there was a fault.</returns>
    private static bool TrainWithFault(string path, int at, Action fault, string whole)
    {
        var count = 0;
        FileOperations.Injection = _ =>
        {
            if (Interlocked.Increment(ref count) - 1 == at) fault();
        };
        try
        {
            using var run = new FaultyRun(path, saveEvery: 0, inBackground: at % 2 == 0);
            run.Train();
            var warnings = run.Said.Count(line => line.StartsWith("warning", StringComparison.Ordinal));
            var ends = run.Said.Count(line => line.Contains("can be written again", StringComparison.Ordinal));
            Assert.That(warnings - ends, Is.EqualTo(run.Recorder.OtherFolder is null ? 0 : 1), $"{at}");
            RunFiles.AssertEqual(run.Recorder.OtherFolder ?? path, whole);
            if (run.Recorder.OtherFolder is { } other) Directory.Delete(other, recursive: true);
            return run.Said.Count > 0;
        }
        catch (InputException)                      // the folder could not be claimed, or is gone with its checkpoints
        {
            Assert.That(count, Is.LessThan(20));
            FileOperations.Injection = null;
            FaultyRun.Finish(path, saveEvery: 0);
            RunFiles.AssertEqual(path, whole);
            return true;
        }
        finally
        {
            FileOperations.Injection = null;
        }
    }

    private static void AssertNoTemporaryFiles(string path) =>
        Assert.That(Directory.GetFiles(path, ".*"), Is.Empty);
}
