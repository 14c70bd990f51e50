using NUnit.Framework;
using static PyNetSharp.Tests.XorTraining;

namespace PyNetSharp.Tests;

/// <summary>Shards that do not fit the batches, the processes or the model.</summary>
public sealed class ShardErrorTests
{
    [Test]
    public void At_least_one_shard_is_a_batch() => Assert.That(
        () => new ShardedTraining(null, new() { Shards = 0 }), Throws.TypeOf<ArgumentOutOfRangeException>());

    [Test]
    public void There_are_at_most_as_many_as_items() => Assert.That(
        () => new ShardedTraining(null, new() { Shards = 9 }).Run(),
        Throws.TypeOf<InputException>().With.Message.StartsWith(
            "9 shards per batch are more than a batch has items, which are 8;"));

    [TestCase(1, 2, "1 shard per batch cannot be divided among 2 processes", "2, 4, 8, … shards, or one process.")]
    [TestCase(6, 4, "6 shards per batch cannot be divided among 4 processes", "4, 8, 16, … shards, or 1, 3 or 6 proc")]
    [TestCase(6, 2, "6 shards per batch cannot be divided among 2 processes", "2, 4, 8, … shards, or 1, 3 or 6 proc")]
    [TestCase(2, 4, "2 shards per batch cannot be divided among 4 processes", "4, 8, 16, … shards, or 1 or 2 proc")]
    public void They_are_divided_evenly_and_by_powers_of_two(int shards, int ranks, string what, string expected)
    {
        var faults = LocalProcessGroup.Run(ranks, group => Assert.Throws<InputException>(
            () => new ShardedTraining(group, new() { Shards = shards }).Run())!.Message);
        Assert.That(faults, Is.All.Contains(what).And.All.Contains(expected));
    }

    [Test]
    public void Processes_that_do_not_train_alike_are_told_so()
    {
        var faults = LocalProcessGroup.Run(4, group => Assert.Throws<InputException>(() =>
            new ShardedTraining(group, new() { Accumulate = group.Rank == 2 ? 2 : 1 }).Run())!.Message);
        Assert.That(
            faults, Is.All.EqualTo(
                "The processes do not train alike: the batches per step is 1 on rank 0, and 2 on rank 2."));

        var orders = LocalProcessGroup.Run(2, group =>
        {
            var model = Perceptron();
            var train = new DataLoader(Xor.Train, 50, seed: (ulong)group.Rank);
            var trainer = new Trainer(model, train, null, new Sgd(model.Parameters(), 0.1f))
            {
                Shards = 2,
                Group = group,
            };
            return Assert.Throws<InputException>(() => trainer.Run(1))!.Message;
        });
        Assert.That(orders, Is.All.Contains("the order of items"));
    }

    /// <summary>The last batch has five items: shards of one item each, and one of two.</summary>
    [Test]
    public void A_model_that_cannot_learn_from_one_item_is_found_at_once()
    {
        var model = new Sequential(new BatchNorm1d(2), new Linear(2, 2, new Rng(1)));
        var before = Numbers(model);
        var items = Xor.Train.Take(45);
        var trainer = new Trainer(model, new(items, 20, seed: 2), null, new Sgd(model.Parameters(), 0.1f))
        {
            Shards = 4,
        };
        Assert.That(
            () => trainer.Run(1),
            Throws.TypeOf<InputException>().With.Message.StartsWith(
                "A batch of 5 items in 4 shards leaves one item alone in a shard"));
        Assert.That(Numbers(model), Is.EqualTo(before));
        var two = new Trainer(model, new(items, 20, seed: 2), null, new Sgd(model.Parameters(), 0.1f)) { Shards = 2 };
        two.Run(1);
        Assert.That(two.Step, Is.EqualTo(3));
    }

    [Test]
    public void The_plan_cuts_by_position()
    {
        var plan = new ShardPlan(4, rank: 1, ranks: 2);
        Assert.That((plan.First, plan.Count), Is.EqualTo((2, 2)));
        Assert.That(
            Enumerable.Range(0, 4).Select(shard => plan.ItemsOf(shard, 10)),
            Is.EqualTo(new[] { (0, 2), (2, 5), (5, 7), (7, 10) }));
        Assert.That(
            Enumerable.Range(0, 4).Select(shard => plan.ItemsOf(shard, 3)),
            Is.EqualTo(new[] { (0, 0), (0, 1), (1, 2), (2, 3) }));
        Assert.That((plan.FirstWithItems(10), plan.FirstWithItems(3), plan.FirstWithItems(1)), Is.EqualTo((0, 1, 3)));
        Assert.That((plan.HasSingleItem(8), plan.HasSingleItem(5)), Is.EqualTo((false, true)));
    }
}
