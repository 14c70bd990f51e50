using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class ShapesGeneratorTests
{
    private static readonly TrainTestSplit Drawn = ShapesGenerator.Generate();

    [Test]
    public void HasTenClassesInEqualNumbers()
    {
        var (train, test) = Drawn;
        Assert.That((train.Count, test.Count), Is.EqualTo((8_000, 2_000)));
        Assert.That(train.ItemShape, Is.EqualTo(Shape.Create([3, 32, 32])));
        Assert.That(train.ClassNames.Distinct().Count(), Is.EqualTo(10));
        Assert.That(DataFiles.Labels(train).CountBy(label => label).Select(pair => pair.Value), Is.All.EqualTo(800));
        Assert.That(DataFiles.Labels(test).CountBy(label => label).Select(pair => pair.Value), Is.All.EqualTo(200));
    }

    [Test]
    public void TheSeedDeterminesTheImages()
    {
        var few = ShapesGenerator.Generate(train: 30, test: 10);
        for (var i = 0; i < 30; i++)
            Assert.That(
                ((ImageDataset)few.Train).GetPixels(i).SequenceEqual(((ImageDataset)Drawn.Train).GetPixels(i)),
                Is.True);
        Assert.That(
            ((ImageDataset)few.Test).GetPixels(0).SequenceEqual(((ImageDataset)few.Train).GetPixels(0)), Is.False);

        var other = ShapesGenerator.Generate(seed: 1, train: 10, test: 10);
        Assert.That(
            ((ImageDataset)other.Train).GetPixels(0).SequenceEqual(((ImageDataset)few.Train).GetPixels(0)), Is.False);
    }

    [Test]
    public void OrderAndThreadOfAccessChangeNothing()
    {
        var (backwards, concurrent) = (Pictures(), Pictures());
        for (var i = 99; i >= 0; i--) _ = backwards.GetPixels(i);
        Parallel.For(0, 400, i => _ = concurrent.GetPixels(i % 100));
        for (var i = 0; i < 100; i++)
        {
            Assert.That(backwards.GetPixels(i).SequenceEqual(((ImageDataset)Drawn.Train).GetPixels(i)), Is.True);
            Assert.That(concurrent.GetPixels(i).SequenceEqual(backwards.GetPixels(i)), Is.True);
        }

        static ImageDataset Pictures() => (ImageDataset)ShapesGenerator.Generate(train: 100, test: 1).Train;
    }

    [Test]
    public void ShapesLieWithinTheUnitCircleAndCoverMuchOfIt()
    {
        foreach (var function in SignedDistanceFunction.All)
        {
            var inside = 0;
            for (var y = -1.5f; y <= 1.5f; y += 0.05f)
                for (var x = -1.5f; x <= 1.5f; x += 0.05f)
                {
                    if (function.Distance(new(x, y)) >= 0) continue;
                    inside++;
                    Assert.That(x * x + y * y, Is.LessThan(1.05f), $"{function.Name} at {x}, {y}");
                }

            Assert.That(inside / (Math.PI / 0.0025), Is.InRange(0.15, 0.8), function.Name);      // of the circle's area
        }
    }

    /// <summary>
    /// A linear classifier reaches at most 40 % on the test images after any epoch, although it trains long enough to
    /// overfit the training images. The control shows that it can learn: with the class marked in ten pixels, one of
    /// them bright, the same training reaches 90 %.
    /// </summary>
    [Test]
    public void ALinearClassifierLearnsLittle()
    {
        var (images, control) = (LinearClassifier.Train(Drawn, epochs: 8, mark: false), LinearClassifier.Train(
            Drawn, epochs: 8, mark: true));
        TestContext.Out.WriteLine(
            $"best test accuracy {images.BestTest:P1}, train {images.Train:P1}; control {control.BestTest:P1}");
        Assert.That(images.BestTest, Is.LessThan(0.40));
        Assert.That(
            images.Train, Is.GreaterThan(images.BestTest + 0.05), "it has not been trained enough to mean anything");
        Assert.That(control.BestTest, Is.GreaterThan(0.90), "it has not been trained enough to mean anything");
    }
}
