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
        var whole = new ResumableRun(optimizer, folder["whole"]);
        whole.Train(epochs: 3);

        new ResumableRun(optimizer, folder["parts"]).Train(epochs: 3, stopAt);
        var rest = new ResumableRun(optimizer, folder["parts"], resumes: true);
        Assert.That(rest.Trainer.Step, Is.EqualTo(stopAt));
        rest.Train(epochs: 3);

        Assert.That(rest.Numbers, Is.EqualTo(whole.Numbers));
        Assert.That(rest.Trainer.Best!.Epoch, Is.EqualTo(whole.Trainer.Best!.Epoch));
        Assert.That(
            File.ReadAllBytes(folder["parts/checkpoint.safetensors"]),
            Is.EqualTo(File.ReadAllBytes(folder["whole/checkpoint.safetensors"])));
        var expected = MetricsFile.Read(folder["whole/metrics.jsonl"]);
        var metrics = MetricsFile.Read(folder["parts/metrics.jsonl"]);
        Assert.That(metrics.Select(e => (e.Epoch, e.Step, e.TrainAccuracy, e.TestAccuracy)),
            Is.EqualTo(expected.Select(e => (e.Epoch, e.Step, e.TrainAccuracy, e.TestAccuracy))));
        for (var i = 0; i < metrics.Count; i++)     // the sum of the first part is restored from its mean, which rounds
            Assert.That(metrics[i].TrainLoss, Is.EqualTo(expected[i].TrainLoss).Within(1e-14));
    }

    [TestCase(8L)]
    [TestCase(10L)]
    [TestCase(null)]
    public void A_run_that_was_stopped_in_its_last_evaluation_is_evaluated_when_it_resumes(long? maxSteps)
    {
        using var folder = new TemporaryFolder();
        var whole = new ResumableRun("sgd", folder["whole"], maxSteps: maxSteps);
        whole.Train(epochs: 2);

        var parts = new ResumableRun("sgd", folder["parts"], maxSteps: maxSteps);
        parts.Train(epochs: 2, stopAt: maxSteps ?? 10, inEvaluation: true);
        Assert.That(parts.Trainer.History[^1].TestAccuracy, Is.Null);
        var rest = new ResumableRun("sgd", folder["parts"], resumes: true, maxSteps);
        rest.Train(epochs: 2);

        Assert.That(rest.Numbers, Is.EqualTo(whole.Numbers));
        Assert.That(rest.Trainer.Step, Is.EqualTo(whole.Trainer.Step));
        Assert.That(Records("parts"), Is.EqualTo(Records("whole")));

        IEnumerable<(int, long, double?, double)> Records(string run) =>
            MetricsFile.Read(folder[$"{run}/metrics.jsonl"])
                .Select(e => (e.Epoch, e.Step, e.TestAccuracy, e.LearningRate));
    }

    [Test]
    public void A_trainer_that_was_stopped_finishes_its_epoch()
    {
        using var folder = new TemporaryFolder();
        var (whole, parts) = (new ResumableRun("sgd", folder["whole"]), new ResumableRun("sgd", folder["parts"]));
        whole.Train(epochs: 2);

        parts.Train(epochs: 2, stopAt: 3);
        parts.Train(epochs: 2);

        Assert.That(parts.Numbers, Is.EqualTo(whole.Numbers));
        Assert.That(parts.Trainer.History.Select(epoch => epoch.Step), Is.EqualTo(new long[] { 5, 10 }));
    }

    [Test]
    public void What_a_crash_left_incomplete_is_done_again()
    {
        using var folder = new TemporaryFolder();
        var whole = new ResumableRun("adam", folder["run"]);
        whole.Train(epochs: 2, stopAt: StepsPerEpoch);
        var checkpoint = File.ReadAllBytes(folder["run/checkpoint.safetensors"]);
        whole.Train(epochs: 2);
        File.WriteAllBytes(folder["run/checkpoint.safetensors"], checkpoint);       // as if killed before writing it
        File.WriteAllBytes(folder["run/.half.tmp"], checkpoint[..10]);

        var again = new ResumableRun("adam", folder["run"], resumes: true);
        Assert.That(MetricsFile.Read(folder["run/metrics.jsonl"]), Has.Count.EqualTo(1));
        Assert.That(File.Exists(folder["run/.half.tmp"]), Is.False);
        again.Train(epochs: 2);

        Assert.That(again.Numbers, Is.EqualTo(whole.Numbers));
        Assert.That(MetricsFile.Read(folder["run/metrics.jsonl"]), Has.Count.EqualTo(2));
    }

    [Test]
    public void A_checkpoint_of_something_else_changes_nothing()
    {
        using var folder = new TemporaryFolder();
        new ResumableRun("adam", folder["run"]).Train(epochs: 1);
        var path = folder["run/checkpoint.safetensors"];
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
        new ResumableRun("sgd", folder["run"]).Train(epochs: 1);
        MetricsFile.Append(folder["run/metrics.jsonl"], new(2, 6, double.NaN, 0.5, null, 1, 1, 0.1));
        Assert.That(
            () => new ResumableRun("sgd", folder["run"], resumes: true),
            Throws.TypeOf<InputException>().With.Message.Contains("diverged in epoch 2"));
    }

    [Test]
    public void A_run_is_locked_by_one_process()
    {
        using var folder = new TemporaryFolder();
        using (new RunFolder(folder.Name).Lock())
            Assert.That(
                () => new RunFolder(folder.Name).Lock(),
                Throws.TypeOf<InputException>().With.Message.Contains("another process"));
        new RunFolder(folder.Name).Lock().Dispose();
        Assert.That(Directory.GetFiles(folder.Name), Is.Empty);
    }

    /// <summary>Has dropout's generators and batch norm's buffers, which are part of a checkpoint.</summary>
    private static Sequential Perceptron()
    {
        var rng = new Rng(3);
        return new(
            new Linear(2, 16, rng), new BatchNorm1d(16), new ReLU(), new Dropout(rng.Split(), 0.2f),
            new Linear(16, 16, rng), new ReLU(), new Dropout(rng.Split(), 0.2f), new Linear(16, 2, rng));
    }

    private sealed class ResumableRun
    {
        private readonly Module model = Perceptron();
        private readonly CancelAtStep stop = new();

        public ResumableRun(string optimizer, string path, bool resumes = false, long? maxSteps = null)
        {
            var folder = new RunFolder(path);
            if (!resumes) folder.Create(SmallRunConfig.Of());
            Optimizer rule = optimizer == "adam"
                ? new Adam(model.Parameters(), 0.01f)
                : new Sgd(model.Parameters(), 0.1f, momentum: 0.9f, nesterov: true);
            var history = resumes ? folder.LoadCheckpoint(model, rule) : [];
            var train = new DataLoader(Xor.Train, BatchSize, seed: 2);
            var test = new DataLoader(Xor.Test, BatchSize, shuffle: false);
            Trainer = new(model, train, test, rule, schedule: new CosineAnnealingLR(15))
            {
                MaxSteps = maxSteps,
                Callbacks = [new RunRecorder(folder, model, "perceptron", optimizer: rule, history: history), stop],
            };
            Trainer.Resume(history);
        }

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
