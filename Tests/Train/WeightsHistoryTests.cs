using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The weights that a run keeps every few batches.</summary>
public sealed class WeightsHistoryTests
{
    private static readonly TrainTestSplit Xor = XorGenerator.Generate(seed: 1, train: 100, test: 40);
    private static readonly Dictionary<string, string> Origin = new() { ["model"] = "perceptron" };

    [TearDown]
    public void RemoveInjection() => FileOperations.Injection = null;

    /// <summary>Five batches are an epoch.</summary>
    [TestCase(1, 2, new[] { "1-2", "1-4", "2-2", "2-4" })]
    [TestCase(1, 5, new[] { "1-5", "2-5" })]
    [TestCase(1, 6, new string[0])]
    [TestCase(1, 0, new string[0])]
    [TestCase(2, 3, new[] { "1-4", "2-4" })]
    [TestCase(2, 1, new[] { "1-2", "1-4", "1-5", "2-2", "2-4", "2-5" })]
    public void They_are_kept_after_the_step_with_the_batch(int accumulate, int every, string[] expected)
    {
        using var run = new Run(every, accumulate);
        run.Trainer.Run(2);
        Assert.That(run.Files().Select(file => $"{file.Epoch}-{file.Batch}"), Is.EqualTo(expected));
    }

    [Test]
    public void A_file_has_the_weights_the_metadata_and_the_accuracy_of_its_batch()
    {
        using var run = new Run(every: 3);
        run.Trainer.Run(2);
        foreach (var file in run.Files())
        {
            var step = run.Recorded.Steps.FindIndex(s => s.Epoch == file.Epoch && s.Batch == file.Batch);
            using var weights = Safetensors.Open(file.Path);
            Assert.That(weights.Metadata["model"], Is.EqualTo("perceptron"));
            float[] numbers = [.. weights.Tensors.SelectMany(tensor => weights.Read(tensor.Name).ToArray())];
            Assert.That(numbers, Is.EquivalentTo(run.Recorded.Weights[step]));
            Assert.That(file.Path, Does.EndWith(FormattableString.Invariant(
                $"weights-epoch{file.Epoch}-batch3-acc{run.Recorded.Steps[step].Accuracy:0.0000}.safetensors")));
        }
    }

    /// <summary>A run that resumes before a file's step writes it again, maybe with another name.</summary>
    [Test]
    public void Those_of_steps_that_are_to_be_done_again_are_deleted()
    {
        using var run = new Run(every: 2);
        run.Trainer.Run(1);
        var first = run.Files().Select(file => file.Path).ToArray();
        Assert.That(first, Has.Length.EqualTo(2));
        foreach (var name in (string[])["weights-epoch1-batch5-acc0.5000", "weights-epoch2-batch1-acc0.9999"])
            File.WriteAllText(run.Path($"{name}.safetensors"), "of a killed process");
        File.WriteAllText(run.Path("weights-epoch9.safetensors"), "the user's");

        using var rest = new Run(every: 0, folder: run);
        Assert.That(Checkpoint.LoadNewest(run.Path(""), rest.Trainer), Is.EqualTo(5));
        rest.Trainer.Run(1);
        Assert.That(rest.Files().Select(file => file.Path), Is.EquivalentTo(first.Append(run.Path(
            "weights-epoch1-batch5-acc0.5000.safetensors"))));
        Assert.That(File.Exists(run.Path("weights-epoch9.safetensors")));
    }

    [Test]
    public void A_rollback_deletes_those_of_the_steps_that_it_undoes()
    {
        using var run = new Run(every: 1, rollback: 0.5);
        var left = 1;
        run.OnStep = step =>
        {
            var weight = run.Model.Parameters()[0];
            if (step == 8 && left-- > 0) weight.CopyFrom([float.PositiveInfinity, .. weight.ToArray()[1..]]);
        };
        var seen = new List<int>();
        run.OnRollback = () => seen.AddRange(run.Files().Where(file => file.Epoch == 2).Select(file => file.Batch));
        run.Trainer.Run(2);

        Assert.That(seen, Is.Empty, "the state of the first epoch's end was restored");
        Assert.That(run.Files().Count(), Is.EqualTo(10), "each once");
        foreach (var file in run.Files())
            using (var weights = Safetensors.Open(file.Path))
                Assert.That(weights.Tensors.SelectMany(t => weights.Read(t.Name).ToArray()).All(float.IsFinite));
    }

    [Test]
    public void Weights_that_are_not_finite_are_not_kept()
    {
        using var run = new Run(every: 1);
        run.OnStep = step =>
        {
            var weight = run.Model.Parameters()[0];
            if (step == 3) weight.CopyFrom([float.NaN, .. weight.ToArray()[1..]]);
        };
        Assert.That(() => run.Trainer.Run(1), Throws.TypeOf<DivergenceException>());
        Assert.That(run.Files().Select(file => file.Batch), Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public void A_full_disk_does_not_end_training_and_is_reported_once()
    {
        using var run = new Run(every: 1);
        run.OnStep = step =>
        {
            if (step > 5) FileOperations.Injection = null;
            else FileOperations.Injection = _ => throw new IOException("No space left on device");
        };
        run.Trainer.Run(2);
        FileOperations.Injection = null;

        Assert.That(run.Trainer.Step, Is.EqualTo(10));
        Assert.That(run.Files().Count(), Is.LessThan(10));
        var said = run.Said.Where(line => line.Contains("weights", StringComparison.Ordinal)).ToArray();
        Assert.That(said, Has.Length.EqualTo(2), string.Join('\n', run.Said));
        Assert.That(said[0], Does.Contain("weights-epoch1-batch1").And.Contain("No space left on device")
            .And.EndWith("Training goes on without it."));
        Assert.That(said[1], Does.Contain("5 files of weights of --save-every could not be written"));
    }

    private sealed class Run : IDisposable
    {
        private readonly TemporaryFolder? own;
        private readonly RunFolder folder;

        public Run(int every, int accumulate = 1, double? rollback = null, Run? folder = null)
        {
            own = folder is null ? new() : null;
            this.folder = folder?.folder ?? new(own!["run"]);
            if (folder is null) this.folder.Create(SmallRunConfig.Of());
            var rng = new Rng(3);
            Model = new(new Linear(2, 8, rng), new ReLU(), new Linear(8, 2, rng));
            var recorder = new RunRecorder(
                this.folder, "perceptron", Said.Add, Origin, CheckpointInterval.Epochs(1), saveEvery: every);
            Recorded = new() { Model = Model };
            Trainer = new(
                Model, new(Xor.Train, 20, seed: 2), new(Xor.Test, 20), new Sgd(Model.Parameters(), 0.1f))
            {
                AccumulateSteps = accumulate,
                RollbackFactor = rollback,
                Callbacks = [new Hook(this), recorder, Recorded, new AfterRollback(this)],
            };
        }

        public Sequential Model { get; }

        public Trainer Trainer { get; }

        public RecordingCallback Recorded { get; }

        public List<string> Said { get; } = [];

        /// <summary>Before the recorder has the step.</summary>
        public Action<long>? OnStep { get; set; }

        public Action? OnRollback { get; set; }

        public string Path(string file) => System.IO.Path.Combine(folder.Folder, file);

        public IEnumerable<(int Epoch, int Batch, string Path)> Files() =>
            WeightsHistory.Find(folder.Folder).OrderBy(file => (file.Epoch, file.Batch));

        public void Dispose()
        {
            if (own is null) return;
            folder.Dispose();
            own.Dispose();
        }

        private sealed class Hook(Run run) : ITrainingCallback
        {
            public void OnStepEnd(StepRecord step) => run.OnStep?.Invoke(step.Step);
        }

        private sealed class AfterRollback(Run run) : ITrainingCallback
        {
            public void OnRollback(Rollback rollback) => run.OnRollback?.Invoke();
        }
    }
}
