using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// A run whose process ends at any of its operations on files, or in which any of them fails, resumes and ends in the
/// files of a run without faults.
/// </summary>
public sealed class FileFaultTests
{
    private const int Epochs = 2;
    private static readonly TrainTestSplit Xor = XorGenerator.Generate(seed: 1, train: 80, test: 40);

    [TearDown]
    public void RemoveInjection() => FileOperations.Injection = null;

    [Test]
    public void A_process_that_ends_at_any_operation_loses_nothing()
    {
        using var folder = new TemporaryFolder();
        var operations = TrainCounting(folder["whole"]);
        Assert.That(operations, Is.GreaterThan(40));
        for (var k = 0; k < operations; k++)
        {
            var path = folder[$"killed{k}"];
            Assert.That(() => TrainWithFault(path, k, () => new ProcessKilledException()), Throws.Exception, $"{k}");
            FileOperations.Injection = null;
            FaultyRun.Finish(path);
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
                try
                {
                    TrainWithFault(path, stride + 8 * attempt, () => new ProcessKilledException());
                    isDone = true;
                }
                catch (ProcessKilledException)
                {
                }
            }

            FileOperations.Injection = null;
            FaultyRun.Finish(path);
            RunFiles.AssertEqual(path, folder["whole"]);
        }
    }

    [Test]
    public void An_operation_that_fails_costs_nothing()
    {
        using var folder = new TemporaryFolder();
        var operations = TrainCounting(folder["whole"]);
        var reported = 0;
        for (var k = 6; k < operations; k++)        // after the settings are written
        {
            var path = folder[$"failed{k}"];
            var count = 0;
            FileOperations.Injection = _ =>
            {
                if (Interlocked.Increment(ref count) - 1 == k) throw new IOException("No space left on device");
            };
            using (var run = new FaultyRun(path, inBackground: k % 2 == 0))
            {
                run.Train();
                reported += run.Said.Count(line => line.Contains("No space left on device", StringComparison.Ordinal));
                Assert.That(run.Said.Count(line => line.StartsWith("warning", StringComparison.Ordinal)), Is.AtMost(1));
                if (run.Recorder.OtherFolder is { } other)
                {
                    RunFiles.AssertEqual(other, folder["whole"]);
                    Directory.Delete(other, recursive: true);
                }
                else
                {
                    RunFiles.AssertEqual(path, folder["whole"]);
                }
            }

            Directory.Delete(path, recursive: true);
        }

        Assert.That(reported, Is.GreaterThan(operations / 2));
    }

    [Test]
    public void A_folder_that_vanishes_is_made_again()
    {
        using var folder = new TemporaryFolder();
        TrainCounting(folder["whole"]);
        using (var run = new FaultyRun(folder["run"], inBackground: true))
        {
            run.OnStep = step =>
            {
                if (step == 5) Directory.Delete(folder["run"], recursive: true);
            };
            run.Train();
            Assert.That(run.Recorder.OtherFolder, Is.Null);
        }

        RunFiles.AssertEqual(folder["run"], folder["whole"]);
        Assert.That(new RunFolder(folder["run"]).ReadConfig().Seed, Is.Zero);
    }

    /// <returns>The operations on files of a run without faults.</returns>
    private static int TrainCounting(string path)
    {
        var count = 0;
        FileOperations.Injection = _ => Interlocked.Increment(ref count);
        using (var run = new FaultyRun(path)) run.Train();
        FileOperations.Injection = null;
        return count;
    }

    /// <summary>From an operation on, all throw: the process is dead.</summary>
    private static void TrainWithFault(string path, int at, Func<Exception> fault)
    {
        var count = 0;
        FileOperations.Injection = _ =>
        {
            if (Interlocked.Increment(ref count) > at) throw fault();
        };
        using var run = new FaultyRun(path);
        run.Train();
    }

    private static void AssertNoTemporaryFiles(string path) =>
        Assert.That(Directory.GetFiles(path, ".*"), Is.Empty);

    /// <summary>A run as the app makes them, with dropout, a plateau, and a checkpoint at each step.</summary>
    private sealed class FaultyRun : IDisposable
    {
        private readonly RunFolder folder;
        private readonly Trainer trainer;

        public FaultyRun(string path, bool inBackground = false)
        {
            folder = new(path);
            var resumes = folder.HoldsRun;
            try
            {
                if (resumes) folder.Lock();
                else folder.Create(SmallRunConfig.Of());
                var rng = new Rng(3);
                var model = new Sequential(
                    new Linear(2, 8, rng), new BatchNorm1d(8), new ReLU(), new Dropout(rng.Split(), 0.2f),
                    new Linear(8, 2, rng));
                Recorder = new(folder, "perceptron", Said.Add, null, CheckpointInterval.Steps(1), 2, inBackground);
                trainer = new(
                    model, new(Xor.Train, 20, seed: 2), new(Xor.Test, 20, shuffle: false),
                    new Adam(model.Parameters(), 0.01f), schedule: new ReduceLROnPlateau(PlateauMode.Max, patience: 0))
                {
                    Callbacks = [Recorder, new RecordingCallback { OnStep = step => OnStep?.Invoke(step.Step) }],
                };
                if (resumes) Recorder.Resume(trainer, folder.Restore(trainer, Said.Add));
            }
            catch (Exception)
            {
                folder.Dispose();
                throw;
            }
        }

        public RunRecorder Recorder { get; }

        public Action<long>? OnStep { get; set; }

        public List<string> Said { get; } = [];

        /// <summary>Resumes a run, or begins it if it had not begun, and trains it to its end.</summary>
        public static void Finish(string path)
        {
            using var run = new FaultyRun(path);
            run.Train();
        }

        public void Train() => trainer.Run(Epochs);

        public void Dispose() => folder.Dispose();
    }
}
