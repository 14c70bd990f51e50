using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The shards of batches that a process loads.</summary>
public sealed class ShardedLoaderTests
{
    private static readonly Dataset Images = ShapesGenerator.Generate(seed: 1, train: 26, test: 1).Train;

    /// <summary>Random transforms and shares draw by item and batch, whatever the shards.</summary>
    [Test]
    public void Shards_are_parts_of_the_batches([Values] bool mixup, [Values(1, 2, 4)] int ranks)
    {
        var whole = NewLoader(mixup).Epoch(1).ToArray();
        for (var rank = 0; rank < ranks; rank++)
        {
            var plan = new ShardPlan(4, rank, ranks);
            for (var first = 0; first <= whole.Length; first++)
            {
                var shards = NewLoader(mixup).Shards(1, first, plan).ToArray();
                Assert.That(shards, Has.Length.EqualTo((whole.Length - first) * plan.Count));
                foreach (var (i, shard) in shards.Index())
                    AssertPart(shard, whole[first + i / plan.Count], plan, plan.First + i % plan.Count);
            }
        }
    }

    [Test]
    public void Items_of_other_processes_are_not_read()
    {
        var read = new List<int>();
        var data = new WatchedDataset(26, read.Add);
        var loader = new DataLoader(data, 8, shuffle: false);
        _ = loader.Shards(0, 0, new(4, rank: 1, ranks: 2)).Count();
        Assert.That(read, Is.EqualTo(new[] { 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 25 }));
    }

    [Test]
    public void Masks_and_values_are_cut_too()
    {
        var x = Tensor.From([5, 2], [.. Enumerable.Range(0, 10).Select(i => (float)i)]);
        var loader = new DataLoader(new TensorDataset(x, x), 5, shuffle: false);
        var shards = loader.Shards(0, 0, new(2, rank: 0, ranks: 1)).ToArray();
        Assert.That(shards[0].Target.Values.ToArray(), Is.EqualTo(new[] { 0f, 1, 2, 3 }));
        Assert.That(shards[1].Target.Values.ToArray(), Is.EqualTo(new[] { 4f, 5, 6, 7, 8, 9 }));
    }

    private static void AssertPart(Batch shard, Batch batch, ShardPlan plan, int number)
    {
        var (start, end) = plan.ItemsOf(number, batch.Count);
        var (size, classes) = (batch.X.Shape.Size / batch.Count, Images.ClassNames.Count);
        Assert.That(shard.X.ToArray(), Is.EqualTo(batch.X.ToArray()[(start * size)..(end * size)]));
        Assert.That(shard.DominantLabels, Is.EqualTo(batch.DominantLabels!.Skip(start).Take(end - start)));
        Assert.That(shard.Target.HasLabels, Is.EqualTo(batch.Target.HasLabels));
        if (!batch.Target.HasLabels)
            Assert.That(
                shard.Target.Values.ToArray(),
                Is.EqualTo(batch.Target.Values.ToArray()[(start * classes)..(end * classes)]));
    }

    private static DataLoader NewLoader(bool mixup) => new(
        Images, 8, new Compose(new RandomCrop(Images.ItemShape[1], Images.ItemShape[2], 2), new RandomRotation(10)),
        seed: 3)
    {
        Mixup = mixup ? new(1) : null,
    };

    private sealed class WatchedDataset(int count, Action<int> reading)
        : Dataset("watched", ["a"], [1], new int[count])
    {
        protected override void ReadItem(int index, Span<float> item)
        {
            reading(index);
            item[0] = index;
        }
    }
}
