using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// A training that is killed after any of its steps and resumed from the checkpoint there ends as one that was not:
/// with dropout, batch norm, random transforms, mixed batches, clipped and accumulated
/// gradients, averaged weights and a schedule with a state.
/// </summary>
public sealed class ExactResumeTests
{
    private const int Epochs = 3, StepsPerEpoch = 3;
    private static readonly TrainTestSplit Images = ShapesGenerator.Generate(seed: 1, train: 22, test: 10);

    [Test]
    public void Every_step_can_be_resumed_to_the_last_bit([Range(0, Epochs * StepsPerEpoch - 1)] int step)
    {
        using var folder = new TemporaryFolder();
        var whole = new Training();
        whole.Trainer.Run(Epochs);
        Checkpoint.Save(folder["whole.safetensors"], whole.Trainer);

        var first = new Training { KillAt = step, Path = folder["stopped.safetensors"] };
        Assert.That(() => first.Trainer.Run(Epochs), Throws.TypeOf<ProcessKilledException>());
        var rest = new Training();
        Assert.That(Checkpoint.Load(folder["stopped.safetensors"], rest.Trainer), Is.EqualTo(step));
        rest.Trainer.Run(Epochs);
        Checkpoint.Save(folder["rest.safetensors"], rest.Trainer);

        RunFiles.AssertFilesEqual(folder["rest.safetensors"], folder["whole.safetensors"]);
        Assert.That(rest.Trainer.Best!.Epoch, Is.EqualTo(whole.Trainer.Best!.Epoch));
        rest.Trainer.RestoreBest();
        whole.Trainer.RestoreBest();
        Assert.That(rest.Numbers, Is.EqualTo(whole.Numbers));
    }

    /// <summary>
    /// A fault in the passes of a step is undone: the checkpoint is that of the step before, though generators and
    /// running statistics had changed. A fault in a callback leaves the checkpoint before.
    /// </summary>
    [Test]
    public void A_fault_in_a_step_loses_nothing_before_it(
        [Range(1, 18)] int batch, [Values] bool inBackward)
    {
        using var folder = new TemporaryFolder();
        var whole = new Training();
        whole.Trainer.Run(Epochs);
        Checkpoint.Save(folder["whole.safetensors"], whole.Trainer);

        var first = new Training(new CheckpointWriter(folder["run"], CheckpointInterval.Epochs(Epochs)));
        (first.Fault.Batch, first.Fault.InBackward) = (batch, inBackward);
        Assert.That(() => first.Trainer.Run(Epochs), Throws.TypeOf<NotSupportedException>());
        var rest = new Training();
        // Six batches are an epoch, two of them a step.
        Assert.That(Checkpoint.LoadNewest(folder["run"], rest.Trainer), Is.EqualTo((batch - 1) / 2));
        rest.Trainer.Run(Epochs);
        Checkpoint.Save(folder["rest.safetensors"], rest.Trainer);
        RunFiles.AssertFilesEqual(folder["rest.safetensors"], folder["whole.safetensors"]);

        first.Fault.Batch = null;
        first.Trainer.Run(Epochs);
        Assert.That(first.Numbers, Is.EqualTo(whole.Numbers), "also without a file");
    }

    [Test]
    public void A_fault_after_the_update_leaves_the_checkpoint_before()
    {
        using var folder = new TemporaryFolder();
        var writer = new CheckpointWriter(folder["run"], CheckpointInterval.Steps(2)) { InBackground = false };
        var training = new Training(writer) { ThrowAfter = 5 };
        Assert.That(() => training.Trainer.Run(Epochs), Throws.TypeOf<NotSupportedException>());
        Assert.That(CheckpointFolder.Find(folder["run"])[0].Step, Is.EqualTo(4));
        Assert.That(() => Checkpoint.Save(folder["x"], training.Trainer), Throws.InvalidOperationException);
    }

    /// <summary>That of a rollback's copy, which is newer than the last file.</summary>
    [Test]
    public void The_last_copy_is_written_where_there_is_nothing_newer()
    {
        using var folder = new TemporaryFolder();
        var writer = new CheckpointWriter(folder["run"], CheckpointInterval.Epochs(Epochs)) { InBackground = false };
        var training = new Training(writer, rollback: 0.5) { ThrowAfter = 5 };
        Assert.That(() => training.Trainer.Run(Epochs), Throws.TypeOf<NotSupportedException>());
        Assert.That(CheckpointFolder.Find(folder["run"])[0].Step, Is.EqualTo(3), "the end of the first epoch");
    }

    [Test]
    public void A_state_with_NaN_is_not_copied()
    {
        var training = new Training();
        training.Trainer.Run(1);
        foreach (var (name, tensor) in training.Trainer.State())
        {
            Assert.That(training.Trainer.TryCopyState(), Is.Not.Null);
            var values = tensor.ToArray();
            tensor.CopyFrom([float.NaN, .. values[1..]]);
            Assert.That(training.Trainer.TryCopyState(), Is.Null, name);
            Assert.That(training.Trainer.CopiedState!.Progress!.Step, Is.EqualTo(3), "the copy before");
            tensor.CopyFrom([float.PositiveInfinity, .. values[1..]]);
            var isWeight = training.Parameters.Contains(tensor);
            Assert.That(training.Trainer.TryCopyState(), isWeight ? Is.Null : Is.Not.Null, name);
            tensor.CopyFrom(values);
        }
    }

    [Test]
    public void The_newest_sound_checkpoint_is_taken_and_a_damaged_one_named()
    {
        using var folder = new TemporaryFolder();
        var first = new Training(new CheckpointWriter(folder["run"], CheckpointInterval.Steps(1), keep: 4));
        first.Trainer.Run(2);
        var files = CheckpointFolder.Find(folder["run"]);
        Assert.That(files.Count, Is.InRange(2, 4));
        var bytes = File.ReadAllBytes(files[0].Path);
        bytes[^5] ^= 1;
        File.WriteAllBytes(files[0].Path, bytes);

        var said = new List<string>();
        var rest = new Training();
        var step = Checkpoint.LoadNewest(folder["run"], rest.Trainer, fault => said.Add(fault.Message));
        Assert.That(step, Is.EqualTo(files[1].Step));
        Assert.That(said.Single(), Does.Contain(files[0].Path).And.Contain("invalid file"));
        Assert.That(File.Exists(files[0].Path + ".damaged"));

        foreach (var (_, path) in CheckpointFolder.Find(folder["run"])) File.WriteAllText(path, "");
        var none = new Training();
        Assert.That(
            () => Checkpoint.LoadNewest(folder["run"], none.Trainer),
            Throws.TypeOf<InputException>().With.Message.Contains("No checkpoint in").And.Message.Contains(
                files[1].Path));
        Assert.That(Checkpoint.LoadNewest(folder["nothing"], none.Trainer), Is.Null);
    }

    [Test]
    public void Every_byte_counts_for_the_checksum()
    {
        using var folder = new TemporaryFolder();
        var training = new Training();
        training.Trainer.Run(1);
        Checkpoint.Save(folder["a"], training.Trainer);
        var bytes = File.ReadAllBytes(folder["a"]);
        for (var i = 0; i < bytes.Length; i += 1 + bytes.Length / 150)
        {
            if (bytes[i] == ' ') continue;          // what the header is padded with does not count
            var changed = (byte[])bytes.Clone();
            changed[i] ^= 1;
            File.WriteAllBytes(folder["b"], changed);
            Assert.That(
                () => Checkpoint.Load(folder["b"], new Training().Trainer), Throws.TypeOf<InputException>(), $"{i}");
        }
    }

    [Test]
    public void A_checkpoint_of_other_data_is_refused()
    {
        using var folder = new TemporaryFolder();
        var training = new Training(new CheckpointWriter(folder["run"]));
        training.Trainer.Run(1);
        Assert.That(
            () => Checkpoint.LoadNewest(folder["run"], new Training(items: 16).Trainer),
            Throws.InstanceOf<InputException>().With.Message.Contains("is of other data: 16 training items are 2"));
        Assert.That(
            () => Checkpoint.Load(folder["run"], training.Trainer), Throws.InvalidOperationException);
        Assert.That(
            () => new CheckpointWriter("x", keep: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => CheckpointInterval.Steps(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => CheckpointInterval.Time(TimeSpan.Zero), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private sealed class Training
    {
        private readonly Sequential model;

        public Training(CheckpointWriter? writer = null, int items = 22, double? rollback = null)
        {
            var rng = new Rng(5);
            model = new(
                new Conv2d(3, 4, 3, rng, padding: 1), new BatchNorm2d(4), new ReLU(), new GlobalAvgPool2d(),
                new Flatten(), new Dropout(rng.Split(), 0.3f), new Linear(4, Images.Train.ClassNames.Count, rng),
                Fault);
            var average = new AveragedWeights(new(model, 0.9));
            var train = new DataLoader(
                Images.Train.Take(items), 4,
                new Compose(
                    new RandomCrop(Images.Train.ItemShape[1], Images.Train.ItemShape[2], 2),
                    new RandomHorizontalFlip(), new RandomRotation(10), new RandAugment(), new Cutout(3)),
                seed: 3)
            {
                Mixup = new(1),
            };
            Trainer = new(
                model, train, new(Images.Test, 4, shuffle: false), new Adam(model.Parameters(), 0.01f),
                schedule: new LinearWarmupLR(2, new ReduceLROnPlateau(PlateauMode.Max, factor: 0.5, patience: 0)))
            {
                AccumulateSteps = 2,
                MaxGradientNorm = 0.3f,
                EvaluationLoss = new CrossEntropyLoss(labelSmoothing: 0.1f),
                EvaluateEvery = 2,
                RollbackFactor = rollback,
                Callbacks = [new Killer(this), average, .. writer is null ? [] : (ITrainingCallback[])[writer]],
            };
        }

        public Trainer Trainer { get; }

        public FaultyModule Fault { get; } = new();

        public IReadOnlyCollection<Tensor> Parameters => [.. model.Parameters()];

        public long? ThrowAfter { get; init; }

        public long? KillAt { get; init; }

        public string? Path { get; init; }

        public float[] Numbers => [.. model.State().SelectMany(s => s.Tensor.ToArray())];

        private sealed class Killer(Training training) : ITrainingCallback
        {
            public void OnStepEnd(StepRecord step)
            {
                if (step.Step == training.ThrowAfter) throw new NotSupportedException("a fault");
            }

            public void OnCheckpoint(Trainer trainer, CheckpointMoment moment)
            {
                if (training.KillAt != trainer.Step || training.Path is not { } path) return;
                if (moment == CheckpointMoment.End) return;
                Checkpoint.Save(path, trainer);
                throw new ProcessKilledException();
            }
        }
    }

    /// <summary>Throws in the forward or backward pass of one of its training batches.</summary>
    private sealed class FaultyModule : Module
    {
        private int batches;

        public int? Batch { get; set; }

        public bool InBackward { get; set; }

        protected override Tensor Forward(Tensor x)
        {
            if (!Training || ++batches != Batch) return x * 1f;
            return InBackward ? new FaultyOp().Apply(x) : throw new NotSupportedException("a fault");
        }
    }

    private sealed class FaultyOp : Op
    {
        protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

        protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => y.CopyFrom(x[0]);

        protected internal override Tensor?[] Backward(Tensor dy) => throw new NotSupportedException("a fault");
    }
}
