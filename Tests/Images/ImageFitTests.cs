using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Images of any size are brought to one.</summary>
public sealed class ImageFitTests
{
    [Test]
    public void An_image_of_the_size_is_the_same()
    {
        byte[] image = [.. Enumerable.Range(0, 75).Select(i => (byte)(3 * i))];
        Assert.That(ImageFit.Apply(image, [3, 5, 5], [3, 5, 5]), Is.EqualTo(image));
    }

    [Test]
    public void The_middle_of_the_longer_side_is_taken() =>
        Assert.That(
            ImageFit.Apply((byte[])[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 4], [1, 2, 2]), Is.EqualTo((byte[])[2, 3, 6, 7]));

    [Test]
    public void Shrinking_averages_under_a_triangle()
    {
        var fitted = ImageFit.Apply([.. Enumerable.Range(0, 16).Select(i => 10f * i)], [1, 4, 4], [1, 2, 2]);
        // The weights are 3/7, 3/7 and 1/7 from the border inward, as Pillow's.
        var (near, far) = (5f / 7, 3 - 5f / 7);
        float[] expected = [50 * near, 40 * near + 10 * far, 40 * far + 10 * near, 50 * far];
        Assert.That(fitted, Is.EqualTo(expected).Within(1e-4));
    }

    [Test]
    public void Enlarging_is_bilinear() =>
        Assert.That(
            ImageFit.Apply((float[])[0, 8, 0, 8], [1, 2, 2], [1, 4, 4])[..4],
            Is.EqualTo((float[])[0, 2, 6, 8]).Within(1e-5));

    [TestCase(1, 1)]
    [TestCase(1, 500)]
    [TestCase(333, 2)]
    [TestCase(97, 41)]
    public void One_color_stays_one_color(int h, int w)
    {
        byte[] image = [.. Enumerable.Repeat((byte)93, h * w)];
        Assert.That(ImageFit.Apply(image, [1, h, w], [1, 7, 5]), Is.All.EqualTo(93));
    }

    [Test]
    public void Other_channels_are_refused() =>
        Assert.Throws<ShapeException>(() => ImageFit.Apply(new byte[4], [1, 2, 2], [3, 2, 2]));
}
