using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class XorGeneratorTests
{
    [Test]
    public void WithoutNoiseThePointsAreTheTruthTable()
    {
        var (train, test) = XorGenerator.Generate(noise: 0, train: 4, test: 2);
        Assert.That(Enumerable.Range(0, 4).Select(i => DataFiles.ReadItem(train, i)),
            Is.EqualTo(new float[][] { [0, 0], [0, 1], [1, 0], [1, 1] }));
        Assert.That(DataFiles.Labels(train), Is.EqualTo(new[] { 0, 1, 1, 0 }));
        Assert.That(test.Count, Is.EqualTo(2));
    }

    [Test]
    public void NoiseStaysAroundTheCorners()
    {
        var train = XorGenerator.Generate(seed: 3).Train;
        for (var i = 0; i < train.Count; i++)
        {
            // 0.5 is five standard deviations away: once in two million coordinates.
            var point = DataFiles.ReadItem(train, i);
            Assert.That((point[0] > 0.5f) != (point[1] > 0.5f) ? 1 : 0, Is.EqualTo(train.Labels[i]));
        }

        Assert.That(
            DataFiles.ReadItem(train, 0), Is.Not.EqualTo(DataFiles.ReadItem(XorGenerator.Generate(seed: 4).Train, 0)));
    }
}
