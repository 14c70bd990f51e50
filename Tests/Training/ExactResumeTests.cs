using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// A training that is killed after any of its steps and resumed from the checkpoint there ends as one that was not:
/// with dropout, batch norm, random transforms, accumulated gradients, averaged weights and a schedule with a state.
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
        Assert.That(said.Single(), Does.Contain(files[0].Path).And.Contain("damaged"));
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

        public Training(CheckpointWriter? writer = null, int items = 22)
        {
            var rng = new Rng(5);
            model = new(
                new Conv2d(3, 4, 3, rng, padding: 1), new BatchNorm2d(4), new ReLU(), new GlobalAvgPool2d(),
                new Flatten(), new Dropout(rng.Split(), 0.3f), new Linear(4, Images.Train.ClassNames.Count, rng));
            var average = new AveragedWeights(new(model, 0.9));
            var train = new DataLoader(
                Images.Train.Take(items), 4,
                new Compose(
                    new RandomCrop(Images.Train.ItemShape[1], Images.Train.ItemShape[2], 2),
                    new RandomHorizontalFlip()),
                seed: 3);
            Trainer = new(
                model, train, new(Images.Test, 4, shuffle: false), new Adam(model.Parameters(), 0.01f),
                schedule: new LinearWarmupLR(2, new ReduceLROnPlateau(PlateauMode.Max, factor: 0.5, patience: 0)))
            {
                AccumulateSteps = 2,
                EvaluateEvery = 2,
                Callbacks = [new Killer(this), average, .. writer is null ? [] : (ITrainingCallback[])[writer]],
            };
        }

        public Trainer Trainer { get; }

        public long? KillAt { get; init; }

        public string? Path { get; init; }

        public float[] Numbers => [.. model.State().SelectMany(s => s.Tensor.ToArray())];

        private sealed class Killer(Training training) : ITrainingCallback
        {
            public void OnCheckpoint(Trainer trainer, CheckpointMoment moment)
            {
                if (training.KillAt != trainer.Step || training.Path is not { } path) return;
                if (moment == CheckpointMoment.End) return;
                Checkpoint.Save(path, trainer);
                throw new ProcessKilledException();
            }
        }
    }
}
