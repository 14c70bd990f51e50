using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class DataLoaderTests
{
    [Test]
    public void EveryItemComesOnceWithItsLabel()
    {
        var loader = new DataLoader(new CountingDataset(10), batchSize: 4, seed: 5);
        List<int> sizes = [];
        List<int> seen = [];
        foreach (var batch in loader.Epoch(0))
        {
            sizes.Add(batch.Labels.Count);
            Assert.That(batch.X.Shape, Is.EqualTo(Shape.Create([batch.Labels.Count, 1, 1, 2])));
            var x = batch.X.ToArray();
            for (var i = 0; i < batch.Labels.Count; i++)
            {
                seen.Add((int)x[2 * i]);
                Assert.That((x[2 * i + 1], batch.Labels[i]), Is.EqualTo((-x[2 * i], (int)x[2 * i] % 3)));
            }
        }

        Assert.That(sizes, Is.EqualTo(new[] { 4, 4, 2 }));
        Assert.That((loader.BatchCount, loader.Count), Is.EqualTo((3, 10)));
        Assert.That(seen, Is.EquivalentTo(Enumerable.Range(0, 10)));
        Assert.That(seen, Is.Not.Ordered);
    }

    [TestCase(10, 4, 2)]
    [TestCase(8, 4, 2)]
    [TestCase(4, 4, 1)]
    [TestCase(7, 1, 7)]
    public void The_rest_is_dropped(int count, int batchSize, int batches)
    {
        var loader = new DataLoader(new CountingDataset(count), batchSize, seed: 5, dropLast: true);
        Assert.That((loader.BatchCount, loader.Count), Is.EqualTo((batches, batches * batchSize)));
        var all = new DataLoader(new CountingDataset(count), batchSize, seed: 5);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            var kept = loader.Epoch(epoch).ToArray();
            Assert.That(kept.Select(batch => batch.Count), Is.EqualTo(Enumerable.Repeat(batchSize, batches)));
            Assert.That(Values(kept), Is.EqualTo(Values(all.Epoch(epoch)).Take(2 * batches * batchSize)));
            Assert.That(loader.Epoch(epoch, first: batches), Is.Empty);
        }

        Assert.That(() => loader.Epoch(0, batches + 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Dropping_all_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(
            () => _ = new DataLoader(new CountingDataset(3), 4, dropLast: true))!;
        Assert.That(error.Message, Does.Contain("3 items").And.Contain("one of 4").And.Contain("dropLast"));
        Assert.That(new DataLoader(new CountingDataset(3), 4).BatchCount, Is.EqualTo(1));
    }

    [Test]
    public void The_items_of_a_batch_are_known()
    {
        var loader = new DataLoader(new CountingDataset(10), 4, seed: 5);
        foreach (var (i, batch) in loader.Epoch(3).Index())
            Assert.That(
                batch.X.ToArray().Where((_, k) => k % 2 == 0).Select(v => (int)v), Is.EqualTo(loader.Items(3, i)));
        Assert.That(() => loader.Items(0, 3), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => loader.Items(-1, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void ImagesArriveInLogicalOrder()
    {
        byte[] pixels = [.. Enumerable.Range(0, 2 * 3 * 2 * 2).Select(i => (byte)i)];
        var data = new ImageDataset("two", ["a"], [3, 2, 2], pixels, [0, 0]);
        var batch = new DataLoader(data, 2, shuffle: false).Epoch(0).Single();
        Assert.That(batch.X.ToArray(), Is.EqualTo(pixels.Select(p => p / 255f)));
    }

    [Test]
    public void OrderFollowsFromSeedAndEpochAlone()
    {
        var loader = new DataLoader(new CountingDataset(50), 8, seed: 5);
        var first = Order(loader, 0);
        var second = Order(loader, 1);
        Assert.That(second, Is.Not.EqualTo(first));
        Assert.That(Order(loader, 0), Is.EqualTo(first));
        Assert.That(Order(new DataLoader(new CountingDataset(50), 16, seed: 5), 1), Is.EqualTo(second));
        Assert.That(Order(new DataLoader(new CountingDataset(50), 8, seed: 6), 0), Is.Not.EqualTo(first));
        Assert.That(
            Order(new DataLoader(new CountingDataset(50), 8, shuffle: false), 3), Is.EqualTo(Enumerable.Range(0, 50)));
    }

    [Test]
    public void ARunGoesOnWithinAnEpoch()
    {
        var loader = new DataLoader(new CountingDataset(20), 6, new RandomOffset(), seed: 5);
        var whole = Values(loader.Epoch(3));
        Assert.That(Values(loader.Epoch(3, first: 2)), Is.EqualTo(whole[24..]));
        Assert.That(loader.Epoch(3, first: 4), Is.Empty);
        Assert.That(() => loader.Epoch(3, first: 5), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void TheTransformOfAnItemDoesNotDependOnItsPosition()
    {
        var shuffled = ByItem(new DataLoader(new CountingDataset(20), 6, new RandomOffset(), seed: 5));
        var inOrder = ByItem(new DataLoader(new CountingDataset(20), 7, new RandomOffset(), shuffle: false, seed: 5));
        Assert.That(shuffled, Is.EqualTo(inOrder));
        Assert.That(shuffled.Values.Distinct().Count(), Is.EqualTo(20));

        static SortedDictionary<int, float> ByItem(DataLoader loader) =>
            new(Values(loader.Epoch(0)).Chunk(2).ToDictionary(pair => (int)-pair[1], pair => pair[0] + pair[1]));
    }

    [Test]
    public void BatchesMayBeKept()
    {
        var loader = new DataLoader(new CountingDataset(40), 4, shuffle: false);
        float[] right = [.. Enumerable.Range(0, 40).SelectMany(i => (float[])[i, -i])];
        Assert.That(Values([.. loader.Epoch(1)]), Is.EqualTo(right));
        Assert.That(
            loader.Epoch(1).ToArray().SelectMany(batch => batch.Labels),
            Is.EqualTo(Enumerable.Range(0, 40).Select(i => i % 3)));
        Assert.That(loader.Epoch(1).Reverse().Last().X.ToArray()[0], Is.Zero);
        Assert.That(loader.Epoch(1).Last().X.ToArray()[0], Is.EqualTo(36));

        var kept = loader.Epoch(1).Skip(1).First();
        foreach (var _ in loader.Epoch(2)) { }
        Assert.That((kept.X.ToArray()[0], kept.Labels[0]), Is.EqualTo((4f, 1)));
    }

    [Test]
    public void AViewOfABatchMayBeKept()
    {
        var loader = new DataLoader(new CountingDataset(400), 4, shuffle: false);
        var views = loader.Epoch(1).Select(batch => batch.X.Flatten()).ToArray();
        foreach (var _ in loader.Epoch(2)) { }
        Assert.That(
            views.SelectMany(view => view.ToArray()).Where((_, i) => i % 2 == 0), Is.EqualTo(Enumerable.Range(0, 400)));
    }

    [TestCase(2)]
    [TestCase(3)]
    [TestCase(6)]
    public void LossesOfSeveralBatchesAreSummedBeforeBackward(int count)
    {
        var w = Tensor.Full([1, 2], 1);
        w.RequiresGrad = true;
        Tensor? total = null;
        foreach (var (i, (x, _)) in new DataLoader(new CountingDataset(12), 2, shuffle: false).Epoch(1).Index())
        {
            var loss = x.Flatten().Linear(w).Sum();
            total = total is null ? loss : total + loss;
            if (i % count != count - 1) continue;
            total.Backward();
            total = null;
        }

        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new[] { 66f, -66 }));
    }

    [NonParallelizable]
    [TestCase(2)]
    [TestCase(1 << 17)]         // batches of 2 MB, the limit at which three are in use
    public void AnEpochAllocatesNoNewStorageAfterItsFirstBatches(int features)
    {
        var device = new CpuDevice(threads: 1);
        var data = new FeatureDataset("wide", ["a"], new float[80 * features], new int[80]);
        var loader = new DataLoader(data, 4, device: device);
        var w = Tensor.Full([1, features], 1, device);
        w.RequiresGrad = true;
        Train(1);
        Train(2);
        var taken = device.Memory.SystemAllocations;
        Train(3);
        Assert.That(device.Memory.SystemAllocations, Is.EqualTo(taken));
        Assert.That(device.Memory.PeakAllocated, Is.LessThan(10 * 4 * features * sizeof(float) + (1 << 20)));

        void Train(int epoch)
        {
            foreach (var (x, _) in loader.Epoch(epoch)) x.Linear(w).Sum().Backward();
        }
    }

    [Test]
    public void TheNextBatchIsPreparedInTheBackground()
    {
        using var second = new ManualResetEventSlim();
        var data = new CountingDataset(8) { Reading = index => { if (index == 4) second.Set(); } };
        using var epoch = new DataLoader(data, 4, shuffle: false).Epoch(0).GetEnumerator();
        Assert.That(epoch.MoveNext(), Is.True);
        Assert.That(second.Wait(TimeSpan.FromMinutes(1)), Is.True);     // before MoveNext is called for it
    }

    [Test]
    public void ConcurrentEpochsOfOneLoaderAreIndependent()
    {
        var loader = new DataLoader(new CountingDataset(50), 8, seed: 5);
        int[][] right = [.. Enumerable.Range(0, 8).Select(epoch => Order(loader, epoch))];
        var orders = new int[right.Length][];
        Parallel.For(0, right.Length, epoch => orders[epoch] = Order(loader, epoch));
        Assert.That(orders, Is.EqualTo(right));

        Assert.That(
            loader.Epoch(0).Zip(loader.Epoch(0)).Select(pair => (pair.First.X - pair.Second.X).Sum().Item()),
            Is.All.Zero);
    }

    [Test]
    public void AnEpochThatWasNotDisposedBlocksNothing()
    {
        var loader = new DataLoader(new CountingDataset(8), 4, shuffle: false);
        Assert.That(loader.Epoch(0).GetEnumerator().MoveNext(), Is.True);
        Assert.That(Order(loader, 1), Is.EqualTo(Enumerable.Range(0, 8)));
    }

    [Test]
    public void AnErrorInTheBackgroundReachesTheConsumer()
    {
        var data = new CountingDataset(8)
        {
            Reading = index =>
            {
                if (index == 5) throw new InputException("item 5");
            },
        };
        var loader = new DataLoader(data, 4, shuffle: false);
        using (var epoch = loader.Epoch(0).GetEnumerator())
        {
            Assert.That(epoch.MoveNext(), Is.True);
            Assert.That(epoch.MoveNext, Throws.InstanceOf<InputException>().With.Message.EqualTo("item 5"));
        }

        Assert.That(loader.Epoch(0).First().Labels, Has.Count.EqualTo(4));
    }

    [Test]
    public void LeavingTheLoopEarlyEndsTheBackgroundWork()
    {
        var reads = 0;
        var data = new CountingDataset(1000) { Reading = _ => Interlocked.Increment(ref reads) };
        var loader = new DataLoader(data, 10, shuffle: false);
        foreach (var _ in loader.Epoch(0)) break;
        Assert.That(reads, Is.EqualTo(20));                 // the current batch and the next
        Assert.That(loader.Epoch(1).Count(), Is.EqualTo(100));
    }

    [Test]
    public void RefusesWhatCannotBeLoaded()
    {
        Assert.That(() => new DataLoader(new CountingDataset(8), 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new DataLoader(new CountingDataset(0), 4), Throws.ArgumentException);
        Assert.That(
            () => new DataLoader(new CountingDataset(8), 4, new RandomCrop(3, 3)),
            Throws.InstanceOf<ShapeException>());
        Assert.That(new DataLoader(new CountingDataset(8), 1_000_000).BatchCount, Is.EqualTo(1));
    }

    private static int[] Order(DataLoader loader, int epoch) =>
        [.. Values(loader.Epoch(epoch)).Where((_, i) => i % 2 == 0).Select(x => (int)x)];

    private static float[] Values(IEnumerable<Batch> epoch) => [.. epoch.SelectMany(batch => batch.X.ToArray())];

    /// <summary>Item i is the image [i, −i] of class i mod 3.</summary>
    private sealed class CountingDataset(int count)
        : Dataset("counting", ["a", "b", "c"], [1, 1, 2], [.. Enumerable.Range(0, count).Select(i => i % 3)])
    {
        public Action<int> Reading { get; init; } = _ => { };

        protected override void ReadItem(int index, Span<float> item)
        {
            Reading(index);
            (item[0], item[1]) = (index, -index);
        }
    }

    /// <summary>Adds a random number in [0, 1) to the first value.</summary>
    private sealed class RandomOffset : ITransform
    {
        public Shape Infer(Shape item) => item;

        public void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng)
        {
            x.CopyTo(y);
            y[0] += rng.NextFloat();
        }
    }
}
