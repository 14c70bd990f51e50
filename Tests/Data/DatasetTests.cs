using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class DatasetTests
{
    [Test]
    public void EveryByteBecomesItsFractionOf255()
    {
        var data = new ImageDataset(
            "grays", ["only"], [1, 16, 16], [.. Enumerable.Range(0, 256).Select(i => (byte)i)], [0]);
        Assert.That(DataFiles.ReadItem(data, 0), Is.EqualTo(Enumerable.Range(0, 256).Select(i => i / 255f)));
    }

    [Test]
    public void FirstIsAViewOfTheBeginning()
    {
        var data = new FeatureDataset("three", ["a", "b"], [1, 2, 3, 4, 5, 6], [0, 1, 0]);
        var first = data.Take(2);
        Assert.That(DataFiles.Labels(first), Is.EqualTo(new[] { 0, 1 }));
        Assert.That(DataFiles.ReadItem(first, 1), Is.EqualTo(new[] { 3f, 4 }));
        Assert.That(() => DataFiles.ReadItem(first, 2), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(data.Take(9), Is.SameAs(data));
        Assert.That(() => data.Take(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void RefusesWhatDoesNotFit()
    {
        Assert.That(() => new FeatureDataset("x", ["a"], [1, 2, 3], [0, 0]), Throws.ArgumentException);
        Assert.That(
            () => new FeatureDataset("x", ["a"], [1, 2], [0, 1]),
            Throws.ArgumentException.With.Message.Contains("label 1 of item 1"));
        Assert.That(() => new ImageDataset("x", ["a"], [1, 2, 2], new byte[3], [0]), Throws.ArgumentException);
        Assert.That(() => new FeatureDataset("x", ["a"], [1, 2], [0]).Read(0, new float[3]), Throws.ArgumentException);
    }

    [Test]
    public void A_random_split_holds_out_a_share_of_each_class()
    {
        // Classes of 50, 30 and 20 items; each item's feature is its number.
        int[] labels = [.. Enumerable.Range(0, 100).Select(i => i % 10 < 5 ? 0 : i % 10 < 8 ? 1 : 2)];
        var data = new FeatureDataset("hundred", ["a", "b", "c"], [.. Enumerable.Range(0, 100).Select(i => i)], labels);
        var (kept, heldOut) = data.RandomSplit(25, seed: 5);

        Assert.That((kept.Count, heldOut.Count), Is.EqualTo((75, 25)));
        var counts = DataFiles.Labels(heldOut).CountBy(label => label).ToDictionary();
        Assert.That(counts[0], Is.InRange(12, 13));
        Assert.That(counts[1], Is.InRange(7, 8));
        Assert.That(counts[2], Is.EqualTo(5));
        var (kept2, heldOut2) = (Items(kept), Items(heldOut));
        Assert.That(kept2.Concat(heldOut2), Is.EquivalentTo(Enumerable.Range(0, 100)));
        Assert.That(kept2, Is.Ordered);
        Assert.That(heldOut2, Is.Ordered);
        foreach (var part in new[] { kept, heldOut })
            for (var i = 0; i < part.Count; i++)
                Assert.That(part.Labels[i], Is.EqualTo(labels[(int)DataFiles.ReadItem(part, i)[0]]));

        Assert.That(Items(data.RandomSplit(25, seed: 5).HeldOut), Is.EqualTo(heldOut2));
        Assert.That(Items(data.RandomSplit(25, seed: 6).HeldOut), Is.Not.EqualTo(heldOut2));

        static int[] Items(Dataset part) =>
            [.. Enumerable.Range(0, part.Count).Select(i => (int)DataFiles.ReadItem(part, i)[0])];
    }

    [Test]
    public void A_random_split_leaves_no_part_empty()
    {
        var data = new FeatureDataset("three", ["a", "b"], [1, 2, 3, 4, 5, 6], [0, 1, 0]);
        Assert.That(
            () => data.RandomSplit(3, 0), Throws.InstanceOf<ArgumentOutOfRangeException>()
                .With.Message.Contains("three: from 1 to 2 items"));
        Assert.That(() => data.RandomSplit(0, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(data.RandomSplit(2, 0).Kept.Count, Is.EqualTo(1));
    }
}
