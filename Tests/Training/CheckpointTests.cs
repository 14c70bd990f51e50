using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A run that is stopped anywhere and resumed equals the run that was not.</summary>
public sealed class CheckpointTests
{
    private const int BatchSize = 50, StepsPerEpoch = 5;
    private static readonly TrainTestSplit Xor = XorGenerator.Generate(seed: 1, train: 230, test: 100);

    [TestCase("sgd", 5)]
    [TestCase("sgd", 7)]
    [TestCase("adam", 1)]
    [TestCase("adam", 14)]
    public void A_resumed_run_ends_as_one_that_was_not_stopped(string optimizer, int stopAt)
    {
        using var folder = new TemporaryFolder();
        using var whole = new ResumableRun(optimizer, folder["whole"]);
        whole.Train(epochs: 3);

        using (var parts = new ResumableRun(optimizer, folder["parts"])) parts.Train(epochs: 3, stopAt);
        using var rest = new ResumableRun(optimizer, folder["parts"], resumes: true);
        Assert.That(rest.Trainer.Step, Is.EqualTo(stopAt));
        rest.Train(epochs: 3);

        Assert.That(rest.Numbers, Is.EqualTo(whole.Numbers));
        Assert.That(rest.Trainer.Best!.Epoch, Is.EqualTo(whole.Trainer.Best!.Epoch));
        RunFiles.AssertEqual(folder["parts"], folder["whole"]);
    }

    [TestCase(8L)]
    [TestCase(10L)]
    [TestCase(null)]
    public void A_run_that_was_stopped_in_its_last_evaluation_is_evaluated_when_it_resumes(long? maxSteps)
    {
        using var folder = new TemporaryFolder();
        using var whole = new ResumableRun("sgd", folder["whole"], maxSteps: maxSteps);
        whole.Train(epochs: 2);

        using (var parts = new ResumableRun("sgd", folder["parts"], maxSteps: maxSteps))
        {
            parts.Train(epochs: 2, stopAt: maxSteps ?? 10, inEvaluation: true);
            Assert.That(parts.Trainer.History[^1].TestAccuracy, Is.Null);
        }

        using var rest = new ResumableRun("sgd", folder["parts"], resumes: true, maxSteps);
        rest.Train(epochs: 2);

        Assert.That(rest.Numbers, Is.EqualTo(whole.Numbers));
        Assert.That(rest.Trainer.Step, Is.EqualTo(whole.Trainer.Step));
        RunFiles.AssertEqual(folder["parts"], folder["whole"]);
    }

    [Test]
    public void A_trainer_that_was_stopped_finishes_its_epoch()
    {
        using var folder = new TemporaryFolder();
        using ResumableRun whole = new("sgd", folder["whole"]), parts = new("sgd", folder["parts"]);
        whole.Train(epochs: 2);

        parts.Train(epochs: 2, stopAt: 3);
        parts.Train(epochs: 2);

        Assert.That(parts.Numbers, Is.EqualTo(whole.Numbers));
        Assert.That(parts.Trainer.History.Select(epoch => epoch.Step), Is.EqualTo(new long[] { 5, 10 }));
    }

    [Test]
    public void What_a_crash_left_half_written_is_removed()
    {
        using var folder = new TemporaryFolder();
        using (var run = new ResumableRun("adam", folder["run"])) run.Train(epochs: 2, stopAt: 7);
        File.WriteAllText(folder["run/.abcd1234.x1z.tmp"], "half");
        File.WriteAllText(folder["run/.mine.tmp"], "not ours");
        File.AppendAllText(folder["run/metrics.jsonl"], "{\"epoch\":2,\"st");
        File.WriteAllText(folder["run/best.safetensors"], "older");
        using (var again = new ResumableRun("adam", folder["run"], resumes: true)) again.Train(epochs: 2);

        using (var whole = new ResumableRun("adam", folder["whole"])) whole.Train(epochs: 2);
        RunFiles.AssertEqual(folder["run"], folder["whole"]);
        Assert.That(
            Directory.GetFiles(folder["run"], ".*").Select(Path.GetFileName), Is.EqualTo(new[] { ".mine.tmp" }));
    }

    [Test]
    public void A_checkpoint_of_something_else_changes_nothing()
    {
        using var folder = new TemporaryFolder();
        using (var run = new ResumableRun("adam", folder["run"])) run.Train(epochs: 1);
        var path = folder["run/checkpoint-000000005.safetensors"];
        var (model, other) = (Perceptron(), new Linear(2, 2, new Rng(1)));
        var before = model.State().SelectMany(s => s.Tensor.ToArray()).ToArray();

        var sgd = new Sgd(model.Parameters(), 0.1f, momentum: 0.9f);
        Refused(() => Checkpoint.Load(path, model, sgd), "0.momentum_buffer");
        Refused(() => Checkpoint.Load(path, other, new Adam(other.Parameters())), "model.weight");
        model.Save(folder["weights"]);
        Refused(() => Checkpoint.Load(folder["weights"], model, new Adam(model.Parameters())), "no checkpoint");

        Assert.That(model.State().SelectMany(s => s.Tensor.ToArray()), Is.EqualTo(before));

        void Refused(Action load, string said) =>
            Assert.That(load, Throws.TypeOf<InputException>().With.Message.Contains(said));
    }

    [Test]
    public void A_run_that_diverged_is_not_resumed()
    {
        using var folder = new TemporaryFolder();
        using (var run = new ResumableRun("sgd", folder["run"])) run.Train(epochs: 1);
        MetricsFile.Append(folder["run/metrics.jsonl"], new(2, 6, double.NaN, 0.5, null, 1, 1, 0.1));
        Assert.That(
            () => new ResumableRun("sgd", folder["run"], resumes: true),
            Throws.TypeOf<InputException>().With.Message.Contains("diverged in epoch 2"));
    }

    /// <summary>Has dropout's generators and batch norm's buffers, which are part of a checkpoint.</summary>
    private static Sequential Perceptron()
    {
        var rng = new Rng(3);
        return new(
            new Linear(2, 16, rng), new BatchNorm1d(16), new ReLU(), new Dropout(rng.Split(), 0.2f),
            new Linear(16, 16, rng), new ReLU(), new Dropout(rng.Split(), 0.2f), new Linear(16, 2, rng));
    }

    private sealed class ResumableRun : IDisposable
    {
        private readonly Module model = Perceptron();
        private readonly CancelAtStep stop = new();
        private readonly RunFolder folder;

        public ResumableRun(string optimizer, string path, bool resumes = false, long? maxSteps = null)
        {
            folder = new RunFolder(path);
            if (resumes) folder.Lock();
            else folder.Create(SmallRunConfig.Of());
            Optimizer rule = optimizer == "adam"
                ? new Adam(model.Parameters(), 0.01f)
                : new Sgd(model.Parameters(), 0.1f, momentum: 0.9f, nesterov: true);
            var train = new DataLoader(Xor.Train, BatchSize, seed: 2);
            var test = new DataLoader(Xor.Test, BatchSize, shuffle: false);
            var recorder = new RunRecorder(folder, "perceptron", Said.Add);
            Trainer = new(model, train, test, rule, schedule: new CosineAnnealingLR(15))
            {
                MaxSteps = maxSteps,
                Callbacks = [recorder, stop],
            };
            if (!resumes) return;
            folder.ThrowIfDiverged();
            recorder.Resume(Trainer, folder.Restore(Trainer, Said.Add));
        }

        public List<string> Said { get; } = [];

        public void Dispose() => folder.Dispose();

        public Trainer Trainer { get; }

        public float[] Numbers => [.. model.State().SelectMany(s => s.Tensor.ToArray())];

        public void Train(int epochs, long? stopAt = null, bool inEvaluation = false)
        {
            using var source = new CancellationTokenSource();
            (stop.At, stop.InEvaluation, stop.Source) = (stopAt, inEvaluation, source);
            Trainer.Run(epochs, source.Token);
        }
    }

    private sealed class CancelAtStep : ITrainingCallback
    {
        public long? At { get; set; }

        /// <summary>Whether to cancel in the evaluation after the step.</summary>
        public bool InEvaluation { get; set; }

        public CancellationTokenSource? Source { get; set; }

        private bool IsReached { get; set; }

        public void OnStepEnd(StepRecord step)
        {
            IsReached = step.Step == At;
            if (IsReached && !InEvaluation) Source!.Cancel();
        }

        public void OnEvaluationProgress(int done, int count)
        {
            if (IsReached && InEvaluation) Source!.Cancel();
        }
    }
}
