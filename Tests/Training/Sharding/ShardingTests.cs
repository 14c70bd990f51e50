using NUnit.Framework;
using static PyNetSharp.Tests.XorTraining;

namespace PyNetSharp.Tests;

/// <summary>Batches that are cut into shards, in one process and in several.</summary>
public sealed class ShardingTests
{
    [Test]
    public void Weights_have_the_same_bits_for_any_number_of_processes(
        [Values] bool mixup, [Values(1, 2)] int accumulate)
    {
        var setup = new ShardedTraining.Setup { Mixup = mixup, Accumulate = accumulate };
        var (state, history) = new ShardedTraining(null, setup).Run();
        Assert.That(history, Has.Length.EqualTo(ShardedTraining.Epochs));
        foreach (var ranks in (int[])[2, 4])
            foreach (var (rank, result) in ShardedTraining.RunRanks(ranks, setup).Index())
            {
                Assert.That(result.History, Is.EqualTo(history), $"rank {rank} of {ranks}");
                Assert.That(result.State, Is.EqualTo(state), $"rank {rank} of {ranks}");
            }
    }

    [Test]
    public void Numbers_of_shards_and_of_processes_need_no_power_of_two()
    {
        foreach (var (shards, ranks) in ((int, int)[])[(6, 3), (3, 3), (8, 8), (8, 4)])
        {
            var setup = new ShardedTraining.Setup { Shards = shards };
            var (state, history) = new ShardedTraining(null, setup).Run(1);
            foreach (var result in ShardedTraining.RunRanks(ranks, setup, epochs: 1))
            {
                Assert.That(result.History, Is.EqualTo(history));
                Assert.That(result.State, Is.EqualTo(state), $"{shards} shards, {ranks} processes");
            }
        }
    }

    /// <summary>Batch norm sees shards: so the test of equal bits would notice if all shards were one.</summary>
    [Test]
    public void Another_number_of_shards_is_another_training()
    {
        var (four, two) = (new ShardedTraining(), new ShardedTraining(null, new() { Shards = 2 }));
        Assert.That(four.Run(1).State, Is.Not.EqualTo(two.Run(1).State));
    }

    [Test]
    public void One_shard_is_the_batch_as_it_is()
    {
        var setup = new ShardedTraining.Setup { Shards = 1, Mixup = true };
        var (state, history) = new ShardedTraining(null, setup).Run();
        var result = ShardedTraining.RunRanks(1, setup).Single();
        Assert.That(result.State, Is.EqualTo(state));
        Assert.That(result.History, Is.EqualTo(history));
    }

    /// <summary>
    /// Without batch norm the gradient of four shards is that of the whole batch but for rounding, so dropout must drop
    /// the same. With a learning rate of 1 the step is the gradient. An element is a sum of at most 50·16 products,
    /// each of a few roundings: the gradients of both differ by less than 800·4 roundings of their greatest element.
    /// </summary>
    [Test]
    public void The_gradient_is_that_of_the_whole_batch()
    {
        var (whole, cut) = (StepOf(1), StepOf(4));
        var start = Numbers(Perceptron(1));
        var greatest = whole.Zip(start, (after, before) => Math.Abs(after - before)).Max();
        Assert.That(greatest, Is.GreaterThan(0.01f), "there is something to compare");
        Assert.That(cut, Is.EqualTo(whole).Within(greatest * 3200 * MathF.Pow(2, -24)));
        Assert.That(StepOf(4, dropoutSeed: 2), Is.Not.EqualTo(whole).Within(greatest / 100), "other masks");

        static float[] StepOf(int shards, ulong dropoutSeed = 1)
        {
            var model = Perceptron(dropoutSeed);
            var trainer = new Trainer(
                model, new(Xor.Train, 50, seed: 2), null, new Sgd(model.Parameters(), 1f))
            {
                Shards = shards,
                MaxSteps = 1,
            };
            trainer.Run(1);
            return Numbers(model);
        }

        static Sequential Perceptron(ulong dropoutSeed)
        {
            var rng = new Rng(3);
            return new(
                new Linear(2, 16, rng), new Dropout(new(dropoutSeed), 0.5f), new ReLU(), new Linear(16, 2, rng));
        }
    }

    /// <summary>Over several steps, with a last batch of 25 items: generators go on as for whole batches.</summary>
    [Test]
    public void Without_batch_norm_shards_train_as_whole_batches()
    {
        var data = XorGenerator.Generate(seed: 1, train: 225, test: 50).Train;
        var (whole, cut) = (Run(1), Run(8));
        Assert.That(cut.Numbers, Is.EqualTo(whole.Numbers).Within(2e-5));
        Assert.That(cut.Generator, Is.EqualTo(whole.Generator));
        foreach (var (ours, theirs) in cut.History.Zip(whole.History))
        {
            Assert.That(ours.TrainLoss, Is.EqualTo(theirs.TrainLoss).Within(1e-5));
            Assert.That((ours.Step, ours.TrainAccuracy), Is.EqualTo((theirs.Step, theirs.TrainAccuracy)));
        }

        (float[] Numbers, ulong Generator, IReadOnlyList<EpochRecord> History) Run(int shards)
        {
            var rng = new Rng(3);
            var dropout = new Dropout(new(1), 0.2f);
            var model = new Sequential(new Linear(2, 16, rng), dropout, new ReLU(), new Linear(16, 2, rng));
            var trainer = new Trainer(
                model, new(data, 40, seed: 2), null, new Sgd(model.Parameters(), 0.1f, momentum: 0.9f))
            {
                Shards = shards,
            };
            trainer.Run(3);
            return (Numbers(model), dropout.Rng.State, trainer.History);
        }
    }

    /// <summary>All shards begin with the buffers of the batch's start, and the first one's are kept.</summary>
    [Test]
    public void A_buffer_that_the_output_depends_on_is_the_same_for_any_number_of_processes()
    {
        var expected = Run(null);
        Assert.That(expected[0], Is.EqualTo(BitConverter.SingleToInt32Bits(3 * 4)), "a call per batch counts");
        foreach (var ranks in (int[])[1, 2, 4])
            Assert.That(LocalProcessGroup.Run(ranks, Run), Is.All.EqualTo(expected));

        static int[] Run(IProcessGroup? group)
        {
            var model = new Sequential(new CallCounter(), Perceptron());
            new Trainer(model, new(Xor.Train, 50, seed: 2), null, new Sgd(model.Parameters(), 0.1f))
            {
                Shards = 4,
                Group = group,
            }.Run(3);
            return [.. Numbers(model).Select(BitConverter.SingleToInt32Bits)];
        }
    }

    /// <summary>Dropouts of images, sequences and features, of a batch and of its parts.</summary>
    [Test]
    public void A_dropout_layer_drops_parts_as_the_whole()
    {
        foreach (var (layer, shape) in ((DropoutLayer, Shape)[])
            [(new Dropout(new(1)), [7, 5]), (new Dropout1d(new(2)), [7, 5, 3]), (new Dropout2d(new(3)), [7, 5, 2, 2])])
        {
            var before = layer.Rng.State;
            var whole = layer.Forward(Tensor.Full(shape, 1)).ToArray();
            var (after, size) = (layer.Rng.State, whole.Length / 7);
            foreach (var (start, end) in ((int, int)[])[(0, 2), (2, 3), (3, 7)])
            {
                (layer.Rng.State, layer.Part) = (before, (start, end - start));
                var part = layer.Forward(Tensor.Full([end - start, .. shape.AsSpan()[1..]], 1)).ToArray();
                Assert.That(part, Is.EqualTo(whole[(start * size)..(end * size)]), $"{layer.GetType().Name} {start}");
                Assert.That(layer.Rng.State, Is.EqualTo(after));
            }
        }
    }

    /// <summary>Running statistics are those of the first shard, which alone a batch of its items would give.</summary>
    [Test]
    public void Running_statistics_are_updated_by_the_first_shard_alone()
    {
        var norm = new BatchNorm1d(2);
        var model = new Sequential(norm, new Linear(2, 2, new Rng(1)));
        var train = new DataLoader(Xor.Train, 40, seed: 2);
        new Trainer(model, train, null, new Sgd(model.Parameters(), 0.1f)) { Shards = 4, MaxSteps = 1 }.Run(1);

        var expected = new BatchNorm1d(2).Train();
        expected.Forward(train.Epoch(1).First().X[..10]);
        Assert.That(norm.RunningMean.ToArray(), Is.EqualTo(expected.RunningMean.ToArray()));
        Assert.That(norm.RunningVar.ToArray(), Is.EqualTo(expected.RunningVar.ToArray()));
    }

    [NonParallelizable]
    [TestCase(1)]
    [TestCase(2)]
    public void No_storage_is_taken_after_the_first_epochs(int ranks)
    {
        var devices = LocalProcessGroup.Run(ranks, group =>
        {
            var device = new CpuDevice(threads: 1);
            var model = Perceptron().To(device);
            long taken = 0;
            var recorder = new RecordingCallback
            {
                OnStep = step =>
                {
                    if (step.Step == 120) taken = device.Memory.SystemAllocations;
                },
            };
            new Trainer(
                model, new(Xor.Train, 30, seed: 2, device: device), null,
                new Sgd(model.Parameters(), 0.1f, momentum: 0.9f))
            {
                Shards = 8,
                Group = group,
                Callbacks = [recorder],
            }.Run(80);
            return (Taken: taken, AtEnd: device.Memory.SystemAllocations);
        });
        foreach (var (taken, atEnd) in devices)
        {
            Assert.That(taken, Is.GreaterThan(0));
            Assert.That(atEnd, Is.EqualTo(taken));
        }
    }

    /// <summary>Scales its input by a number that grows with each call in training.</summary>
    private sealed class CallCounter : Module
    {
        public ModuleBuffer Calls { get; } = new(Tensor.Zeros([1]));

        protected override Tensor Forward(Tensor x)
        {
            var calls = Calls.Item();
            if (Training) Calls.CopyFrom([calls + 1]);
            return x * (1 + calls / 8);
        }
    }
}
