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
}
