using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class TransformTests
{
    private static readonly Shape Small = [1, 2, 3];
    private static readonly float[] SmallImage = [0.1f, 0.9f, -0.4f, 0.7f, 0.2f, 1.3f];

    /// <summary>
    /// From <c>torch.nn.functional.interpolate(x, size, mode="bilinear", align_corners=False)</c>, PyTorch 1.13. Both
    /// compute in float32; three roundings of numbers up to 1.3 give up to 4e-7.
    /// </summary>
    [TestCase(5, 4, 0.100000001f, 0.599999964f, 0.412499994f, -0.400000006f, 0.160000011f, 0.578750014f, 0.432500005f,
        -0.229999989f, 0.400000006f, 0.493750006f, 0.512499988f, 0.449999988f, 0.639999986f, 0.408749968f, 0.592499971f,
        1.13f, 0.699999988f, 0.387499988f, 0.612499952f, 1.29999995f)]
    [TestCase(1, 2, 0.4375f, 0.474999964f)]
    [TestCase(3, 7, 0.100000001f, 0.214285716f, 0.557142854f, 0.899999976f, 0.342857093f, -0.214285731f, -0.400000006f,
        0.400000006f, 0.421428561f, 0.485714287f, 0.550000012f, 0.507142842f, 0.464285702f, 0.449999988f, 0.699999988f,
        0.628571451f, 0.41428569f, 0.200000018f, 0.671428561f, 1.14285707f, 1.29999995f)]
    public void ResizeAgreesWithPyTorch(int height, int width, params float[] expected)
    {
        var y = Apply(new Resize(height, width), Small, SmallImage);
        Assert.That(y, Is.EqualTo(expected).Within(4e-7f));
    }

    [Test]
    public void ResizeToTheSameSizeChangesNothing() =>
        Assert.That(Apply(new Resize(2, 3), Small, SmallImage), Is.EqualTo(SmallImage));

    [Test]
    public void ResizeProcessesEachChannelIndependently()
    {
        float[] other = [.. SmallImage.Select(x => 10 - x)];
        var both = Apply(new Resize(5, 7), [2, 2, 3], [.. SmallImage, .. other]);
        Assert.That(both, Is.EqualTo(
            (float[])[.. Apply(new Resize(5, 7), Small, SmallImage), .. Apply(new Resize(5, 7), Small, other)]));
    }

    [Test]
    public void ResizeKeepsAPlane([Values(1, 7, 28, 64, 227)] int height, [Values(3, 28, 100)] int width)
    {
        // Bilinear interpolation of a plane a + b·row + c·column is exact, except where the border is replicated.
        var image = new float[28 * 28];
        for (var i = 0; i < image.Length; i++) image[i] = 0.25f + 0.01f * (i / 28) + 0.02f * (i % 28);
        var y = Apply(new Resize(height, width), [1, 28, 28], image);
        for (var i = 0; i < y.Length; i++)
        {
            var row = Math.Clamp((i / width + 0.5) * 28 / height - 0.5, 0, 27);
            var column = Math.Clamp((i % width + 0.5) * 28 / width - 0.5, 0, 27);
            // Values below 1.1, coordinates to 2⁻²⁰.
            Assert.That(y[i], Is.EqualTo(0.25 + 0.01 * row + 0.02 * column).Within(2e-6));
        }
    }

    [Test]
    public void ResizeTakesImagesOfSeveralSizes()
    {
        var resize = new Resize(4, 4);
        var first = Apply(resize, Small, SmallImage);
        Apply(resize, [1, 3, 2], SmallImage);
        Assert.That(Apply(resize, Small, SmallImage), Is.EqualTo(first));
    }

    [Test]
    public void NormalizeWorksPerChannel()
    {
        Assert.That(Apply(new Normalize([0.5f], [0.5f]), [1, 1, 3], [0, 0.5f, 1]), Is.EqualTo(new[] { -1f, 0, 1 }));
        Assert.That(Apply(new Normalize([1, 2], [1, 4]), [2, 1, 2], [1, 2, 2, 10]), Is.EqualTo(new[] { 0f, 1, 0, 2 }));
        Assert.That(Apply(new Normalize([1, 2], [1, 4]), [2], [3, 6]), Is.EqualTo(new[] { 2f, 1 }));
        Assert.That(() => new Normalize([1, 2], [1, 4]).Infer([3, 8, 8]), Throws.InstanceOf<ShapeException>());
        Assert.That(() => new Normalize([0], [0]), Throws.ArgumentException);
        Assert.That(() => new Normalize([0], []), Throws.ArgumentException);
    }

    [Test]
    public void RescaleIsLinear() =>
        Assert.That(Apply(new Rescale(2, -1), [3], [0, 0.5f, 1]), Is.EqualTo(new[] { -1f, 0, 1 }));

    [Test]
    public void ZeroPadAddsABorder()
    {
        Assert.That(new Pad(1).Infer(Small), Is.EqualTo(Shape.Create([1, 4, 5])));
        Assert.That(
            Apply(new Pad(1), [1, 2, 2], [1, 2, 3, 4]),
            Is.EqualTo(new float[] { 0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0 }));
    }

    [Test]
    public void RandomCropTakesEveryPositionAboutEquallyOften()
    {
        // A 2×2 image padded by 1 has nine crops of 2×2, all different.
        var crop = new RandomCrop(2, 2, padding: 1);
        var counts = new Dictionary<string, int>();
        for (var i = 0; i < 9_000; i++)
        {
            var result = string.Join(' ', Apply(crop, [1, 2, 2], [1, 2, 3, 4], new Rng(0).Split((ulong)i)));
            counts[result] = counts.GetValueOrDefault(result) + 1;
        }

        Assert.That(counts.Keys, Is.EquivalentTo(new[]
        {
            "0 0 0 1", "0 0 1 2", "0 0 2 0", "0 1 0 3", "1 2 3 4", "2 0 4 0", "0 3 0 0", "3 4 0 0", "4 0 0 0",
        }));
        Assert.That(counts.Values, Is.All.InRange(850, 1150));    // 1000 ± 5 standard deviations of 30
    }

    [Test]
    public void RandomCropRefusesSizesThatDoNotFit() =>
        Assert.That(
            () => new RandomCrop(5, 3, 1).Infer(Small),
            Throws.InstanceOf<ShapeException>().With.Message.Contains("5×3"));

    [Test]
    public void RandomFlipMirrorsRowsHalfOfTheTime()
    {
        float[] mirrored = [-0.4f, 0.9f, 0.1f, 1.3f, 0.2f, 0.7f];
        Assert.That(Apply(new RandomHorizontalFlip(1), Small, SmallImage), Is.EqualTo(mirrored));
        Assert.That(Apply(new RandomHorizontalFlip(0), Small, SmallImage), Is.EqualTo(SmallImage));

        var flips = Enumerable.Range(0, 1000).Count(i =>
            Apply(new RandomHorizontalFlip(), Small, SmallImage, new Rng(0).Split((ulong)i)).SequenceEqual(mirrored));
        Assert.That(flips, Is.InRange(420, 580));                  // 500 ± 5 standard deviations of 16
    }

    [Test]
    public void ComposeAppliesInOrder()
    {
        var both = new Compose(new Pad(1), new Resize(8, 8), new Normalize([0.5f], [0.5f]));
        Assert.That(both.Infer(Small), Is.EqualTo(Shape.Create([1, 8, 8])));
        var padded = Apply(new Pad(1), Small, SmallImage);
        var resized = Apply(new Resize(8, 8), [1, 4, 5], padded);
        Assert.That(
            Apply(both, Small, SmallImage), Is.EqualTo(Apply(new Normalize([0.5f], [0.5f]), [1, 8, 8], resized)));
        Assert.That(Apply(new Compose(), Small, SmallImage), Is.EqualTo(SmallImage));
    }

    [Test]
    public void ImageTransformsRefuseVectors()
    {
        ITransform[] transforms = [new Resize(2, 2), new Pad(1), new RandomCrop(2, 2), new RandomHorizontalFlip()];
        foreach (var transform in transforms)
            Assert.That(() => transform.Infer([4]), Throws.InstanceOf<ShapeException>().With.Message.Contains("[4]"));
    }

    private static float[] Apply(ITransform transform, Shape shape, float[] x, Rng? rng = null)
    {
        var y = new float[transform.Infer(shape).Size];
        Array.Fill(y, float.NaN);                               // reveals elements that are not written
        transform.Apply(shape, x, y, rng ?? new Rng(0));
        return y;
    }
}
