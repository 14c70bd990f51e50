using System.Globalization;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Runs of the app that are killed, stopped, or begun twice.</summary>
[Parallelizable, Category("Processes")]
[Platform(Exclude = "Win", Reason = "kill sends the signal")]
public sealed class KilledRunTests
{
    private static readonly string[] Call =
    [
        "train", "nin", "--width", "0.05", "--data", "shapes", "--limit", "96", "--batch-size", "8", "--augment",
        "--dropout", "0.3", "--max-steps", "40", "--epochs", "10", "--evaluate-every", "2", "--threads", "1",
        "--evaluate-limit", "40", "--checkpoint-every", "1", "--save-every", "5", "--quiet", "--resume-or-start",
    ];

    private readonly TemporaryFolder folder = new();

    [OneTimeSetUp]
    public void TrainWhole() => Good([.. Call, "--out", "whole"]);

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [TestCase("KILL", 137)]
    [TestCase("INT", 130)]
    [TestCase("TERM", 143)]
    [TestCase("HUP", 129)]
    public void A_run_that_is_ended_again_and_again_ends_as_one_that_was_not(string signal, int exitCode)
    {
        if (signal != "KILL") ChildProcess.SkipIfIgnored(signal);
        var random = new Random(7);
        var (ended, step) = (0, -1L);
        for (var attempt = 0; attempt < 20; attempt++)
        {
            using var process = PynetProcess.Start(folder.Name, [.. Call, "--out", signal]);
            // Ended after it has got further, as a supervisor would find it.
            var wanted = Math.Min(step + 1 + random.Next(12), 40);
            process.WaitFor(() => NewestStep(folder[signal]) >= wanted, $"reach step {wanted}");
            process.SendUnlessEnded(signal);
            var result = process.WaitForEnd();
            step = NewestStep(folder[signal]);
            if (result.ExitCode == 0) break;
            Assert.That(result.ExitCode, Is.EqualTo(exitCode), result.Error);
            ended++;
            if (step >= 40) break;              // of the steps; the last evaluation may be missing
        }

        Assert.That(ended, Is.GreaterThan(2));
        Good([.. Call, "--out", signal]);
        var done = PynetProcess.Run(folder.Name, [.. Call, "--out", signal]);
        Assert.That(done.ExitCode, Is.Zero, done.Error);
        Assert.That(done.Output, Does.Contain("is complete: 40 steps are done of 40"));
        RunFiles.AssertEqual(folder[signal], folder["whole"]);
    }

    /// <summary>The evaluation is done again, and what has been evaluated so far does not count.</summary>
    [Test]
    public void A_run_that_is_ended_in_an_evaluation_ends_as_one_that_was_not()
    {
        ChildProcess.SkipIfIgnored("TERM");
        string[] call =
        [
            "train", "nin", "--width", "0.5", "--data", "shapes", "--limit", "32",
            "--validation", "0", "--batch-size", "8", "--augment",
            "--dropout", "0.3", "--epochs", "2", "--evaluate-every", "1", "--threads", "1", "--checkpoint-every", "1",
            "--resume-or-start",
        ];
        Good([.. call, "--out", "evaluated"]);
        (string, int, int)[] ends = [("TERM", 143, 4), ("TERM", 143, 8), ("KILL", 137, 8)];
        foreach (var (signal, exitCode, step) in ends)
        {
            var result = EndInEvaluation([.. call, "--out", "ended"], signal, step);
            Assert.That(result.ExitCode, Is.EqualTo(exitCode), result.Error);
            if (signal == "TERM") Assert.That(result.Output, Does.Contain($"stopped after {step} steps"));
            Assert.That(NewestStep(folder["ended"]), Is.EqualTo(step));
            Assert.That(Evaluations(folder["ended"]), Is.EqualTo(step / 4 - 1));
        }

        Good([.. call, "--out", "ended"]);
        RunFiles.AssertEqual(folder["ended"], folder["evaluated"]);
    }

    [Test]
    public void A_second_process_says_who_has_the_run()
    {
        string[] call = ["train", "two-layer", "--data", "xor", "--epochs", "1000000", "--out", "held"];
        using var process = PynetProcess.Start(folder.Name, call);
        process.WaitForOutput("epoch");
        foreach (var second in (string[][])[["train", "--resume", "held"], [.. call, "--resume-or-start"]])
        {
            var result = PynetProcess.Run(folder.Name, second);
            Assert.That(result.ExitCode, Is.EqualTo(2));
            Assert.That(
                result.Error,
                Does.Contain("in use by another process: process ").And.Contain("--epochs 1000000 --out held"));
        }

        Assert.That(PynetProcess.Run(folder.Name, call).Error, Does.Contain("already holds a run"));
        process.Send("KILL");
        process.WaitForEnd();
        var resumed = PynetProcess.Run(folder.Name, "train", "--resume", "held", "--max-steps", "1", "--quiet");
        Assert.That(resumed.Error, Does.Not.Contain("in use"));
    }

    /// <summary>The lock's text, in which the command is, is read back.</summary>
    [Test]
    public void A_command_may_be_long()
    {
        var dots = string.Concat(Enumerable.Repeat("./", 1500));
        Good("train", "two-layer", "--data", "xor", "--data-dir", dots, "--epochs", "1", "--out", dots + "long");
        Assert.That(File.Exists(folder["long/model.safetensors"]));
    }

    [Test]
    public void A_folder_of_an_earlier_version_resumes()
    {
        string[] call = ["train", "two-layer", "--data", "xor", "--limit", "300", "--epochs", "4", "--quiet"];
        Good([.. call, "--out", "new"]);
        Good([.. call, "--max-steps", "6", "--evaluate-every", "1", "--out", "old"]);
        // As it was: one checkpoint without results, which are in the metrics.
        var newest = CheckpointFolder.Find(folder["old"])[0].Path;
        using (var file = Safetensors.Open(newest))
        {
            var state = file.Tensors.Where(t => !t.Name.StartsWith("best.", StringComparison.Ordinal));
            Safetensors.Save(
                folder["old/checkpoint.safetensors"], state.Select(t => (t.Name, file.Read(t.Name))),
                file.Metadata.Where(pair => pair.Key is not ("progress" or "checksum")).ToDictionary());
        }

        foreach (var (_, path) in CheckpointFolder.Find(folder["old"])) File.Delete(path);
        Good("train", "--resume", "old", "--max-steps", "100", "--quiet");
        Assert.That(
            File.ReadAllBytes(folder["old/model.safetensors"]),
            Is.EqualTo(File.ReadAllBytes(folder["new/model.safetensors"])));
        Assert.That(
            RunFiles.Metrics(folder["old"]).Select(e => (e.Step, e.TrainAccuracy)),
            Is.EqualTo(RunFiles.Metrics(folder["new"]).Select(e => (e.Step, e.TrainAccuracy))));
        Assert.That(File.Exists(folder["old/checkpoint.safetensors"]), Is.False, "there are others now");
    }

    [TestCase("")]
    [TestCase("{\n  \"model\": \"two-la")]
    public void A_folder_whose_settings_are_incomplete_is_used(string config)
    {
        var run = string.Create(CultureInfo.InvariantCulture, $"half{config.Length}");
        Directory.CreateDirectory(folder[run]);
        File.WriteAllText(folder[$"{run}/config.json"], config);
        File.WriteAllText(folder[$"{run}/.lock"], "of a killed process");
        string[] call = ["train", "two-layer", "--data", "xor", "--epochs", "1", "--quiet"];
        Good([.. call, "--out", run]);
        foreach (var (_, path) in CheckpointFolder.Find(folder[run])) File.Delete(path);
        Good([.. call, "--out", run, "--resume-or-start"]);         // from its beginning
        Assert.That(File.Exists(folder[$"{run}/.lock"]), Is.False);
    }

    [Test]
    public void A_call_that_makes_no_sense_is_refused()
    {
        Refused("--resume-or-start needs --out", "--resume-or-start");
        Refused("--checkpoint-every '5x': expected a number of steps", "--checkpoint-every", "5x");
        Refused("--checkpoint-every '0': expected", "--checkpoint-every", "0");
        Refused("--checkpoint-every '2000000000h': expected", "--checkpoint-every", "2000000000h");
        Refused("--keep '0': expected", "--keep", "0");
        Refused("--on-divergence 'rollback:1': expected stop, or rollback:GAMMA", "--on-divergence", "rollback:1");

        void Refused(string why, params string[] options)
        {
            var result = PynetProcess.Run(folder.Name, ["train", "two-layer", "--data", "xor", .. options]);
            Assert.That(result.ExitCode, Is.EqualTo(2));
            Assert.That(result.Error, Does.Contain(why));
        }
    }

    [Test]
    public void A_run_that_diverges_can_return_to_a_smaller_rate()
    {
        string[] call =
        [
            // Each step multiplies the weights by −99.
            "train", "two-layer", "--data", "xor", "--lr", "100", "--weight-decay", "1", "--epochs", "500",
            "--checkpoint-every", "1",
        ];
        var stopped = PynetProcess.Run(folder.Name, [.. call, "--out", "stopped"]);
        Assert.That(stopped.Error, Does.Contain("The loss was"), stopped.Output);
        var again = PynetProcess.Run(folder.Name, "train", "--resume", "stopped");
        Assert.That(again.Error, Does.Contain("diverged in epoch").And.Contain("--on-divergence rollback:0.5"));
        var lower = PynetProcess.Run(
            folder.Name, "train", "--resume", "stopped", "--on-divergence", "rollback:0.0001", "--epochs", "9");
        Assert.That(lower.Output, Does.Contain("training goes on after step"), lower.Error);
    }

    /// <summary>
    /// Each evaluation follows the checkpoint of the epoch's last step and takes a second. On a busy machine the signal
    /// can come after it: then the folder is put back, and the run ended again.
    /// </summary>
    private ChildProcess.Result EndInEvaluation(string[] call, string signal, int step)
    {
        const int Attempts = 10;
        using var before = new TemporaryFolder();
        RunFiles.Copy(folder["ended"], before.Name);
        for (var attempt = 1;; attempt++)
        {
            using var process = PynetProcess.Start(folder.Name, call);
            process.WaitFor(() => NewestStep(folder["ended"]) >= step, "write a checkpoint");
            if (signal == "KILL") process.WaitForOutput("resumes after step 8");
            Thread.Sleep(150);
            process.SendUnlessEnded(signal);
            var result = process.WaitForEnd();
            var isInTime = result.ExitCode != 0 && NewestStep(folder["ended"]) == step;
            if (isInTime && Evaluations(folder["ended"]) < step / 4 || attempt == Attempts) return result;
            Directory.Delete(folder["ended"], recursive: true);
            RunFiles.Copy(before.Name, folder["ended"]);
        }
    }

    private static int Evaluations(string run) =>
        RunFiles.Metrics(run).Count(record => record.TestAccuracy is not null);

    private static long NewestStep(string run) => CheckpointFolder.Find(run) is [var newest, ..] ? newest.Step : -1;

    private void Good(params string[] call)
    {
        var result = PynetProcess.Run(folder.Name, call);
        Assert.That(result.ExitCode, Is.Zero, result.Error + result.Output);
    }
}
