using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Reads the real sets from the folder in the variable PYNET_DATA, if it is set.</summary>
public sealed class RealDataTests
{
    /// <summary>The means are those commonly quoted for the official training images, to their four digits.</summary>
    [TestCase("cifar10", 50_000, 3, 0.4914, 0.4822, 0.4465)]
    [TestCase("fashion-mnist", 60_000, 1, 0.2860)]
    public void TrainingImagesHaveThePublishedMeans(string name, int count, int channels, params double[] means)
    {
        if (Environment.GetEnvironmentVariable("PYNET_DATA") is not { Length: > 0 } folder
            || DataCatalog.FindFolder(name, folder) is null)
        {
            Assert.Ignore($"PYNET_DATA names no folder with {name}.");
            return;
        }

        var (train, test) = DataCatalog.Load(name, folder);
        Assert.That(train.Count, Is.EqualTo(count));
        Assert.That(train.ItemShape[0], Is.EqualTo(channels));
        Assert.That(test.ItemShape, Is.EqualTo(train.ItemShape));
        Assert.That(
            DataFiles.Labels(train).CountBy(label => label).Select(pair => pair.Value), Is.All.EqualTo(count / 10));

        var sums = new double[channels];
        var images = (ImageDataset)train;
        var plane = train.ItemShape.Size / channels;
        for (var i = 0; i < count; i++)
            for (var c = 0; c < channels; c++)
                foreach (var pixel in images.GetPixels(i).Slice(c * plane, plane)) sums[c] += pixel;
        Assert.That(sums.Select(sum => sum / count / plane / 255), Is.EqualTo(means).Within(0.00006));
    }
}
