using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A training in shards that is stopped, and goes on with another number of processes.</summary>
public sealed class ShardedResumeTests
{
    [TestCase(1, 4, 5)]
    [TestCase(4, 2, 3)]
    [TestCase(2, 1, 7)]
    [TestCase(4, 4, 4)]
    public void It_ends_with_the_bits_of_one_that_was_not_stopped(int before, int after, int stopAt)
    {
        using var folder = new TemporaryFolder();
        var whole = new ShardedTraining().Run();

        LocalProcessGroup.Run(before, group =>
        {
            var first = new ShardedTraining(group, new() { MaxSteps = stopAt });
            first.Run();
            if (group.Rank == 0) Checkpoint.Save(folder["stopped"], first.Trainer);
            return first.Trainer.Step;
        });
        var results = LocalProcessGroup.Run(after, group =>
        {
            // Other ranks begin with other weights: that they have rank 0's is part of the test.
            var rest = new ShardedTraining(group, new() { Seed = group.Rank == 0 ? 5u : 6u });
            if (group.Rank == 0)
                Assert.That(Checkpoint.Load(folder["stopped"], rest.Trainer), Is.EqualTo(stopAt));
            return rest.Run();
        });

        foreach (var (state, history) in results)
        {
            Assert.That(history, Is.EqualTo(whole.History));
            Assert.That(state, Is.EqualTo(whole.State));
        }
    }

    [Test]
    public void Another_number_of_shards_is_refused()
    {
        using var folder = new TemporaryFolder();
        var training = new ShardedTraining(null, new(), new CheckpointWriter(folder["run"]));
        training.Run(1);
        foreach (var shards in (int[])[1, 2])
            Assert.That(
                () => Checkpoint.LoadNewest(
                    folder["run"], new ShardedTraining(null, new() { Shards = shards }).Trainer),
                Throws.InstanceOf<InputException>().With.Message.Contains("with 4 shards per batch")
                    .And.Message.Contains($"the trainer has {shards}"));
        Assert.That(CheckpointFolder.Find(folder["run"]), Is.Not.Empty, "they are not damaged");

        var whole = new ShardedTraining(null, new() { Shards = 1 }, new CheckpointWriter(folder["one"]));
        whole.Run(1);
        Assert.That(
            () => Checkpoint.LoadNewest(folder["one"], new ShardedTraining().Trainer),
            Throws.InstanceOf<InputException>().With.Message.Contains("with 1 shard"));
    }

    /// <summary>So that files of trainings without shards are as before.</summary>
    [Test]
    public void A_checkpoint_without_shards_does_not_mention_them()
    {
        Assert.That(new TrainingProgress(1, []).ToJson(), Does.Not.Contain("shards"));
        var four = new TrainingProgress(1, [], Shards: 4).ToJson();
        Assert.That(TrainingProgress.FromJson(four).Shards, Is.EqualTo(4));
        Assert.That(
            () => TrainingProgress.FromJson(four.Replace(":4", ":1", StringComparison.Ordinal)),
            Throws.InstanceOf<System.Text.Json.JsonException>());
    }
}
