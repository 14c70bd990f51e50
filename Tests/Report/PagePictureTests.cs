using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class PagePictureTests
{
    [TestCase(1, 1, 1)]
    [TestCase(3, 5, 7)]
    [TestCase(1, 33, 2)]
    public void Another_program_reads_the_same_pixels(int channels, int height, int width)
    {
        using var folder = new TemporaryFolder();
        var rng = new Rng(1);
        byte[] bytes = [.. Enumerable.Range(0, channels * height * width).Select(_ => (byte)rng.Next(256))];
        var picture = PagePicture.Of([.. bytes.Select(value => value / 255f)], [channels, height, width]);
        File.WriteAllBytes(folder["picture.png"], picture.ToPng());

        var (pixels, shape) = ImageFile.Read(folder["picture.png"], channels);
        Assert.That(shape, Is.EqualTo(Shape.Create([channels, height, width])));
        Assert.That(pixels, Is.EqualTo(bytes));
    }

    [Test]
    public void A_large_picture_is_reduced_to_means()
    {
        float[] values = [0, 1, 0.2f, 0.2f, 1, 0, 0.2f, 0.2f];
        var picture = PagePicture.Of(values, [1, 2, 4], most: 2);
        Assert.That((picture.Width, picture.Height), Is.EqualTo((2, 1)));
        Assert.That(picture.Pixels, Is.EqualTo(new byte[] { 128, 128, 128, 255, 51, 51, 51, 255 }));
    }

    [Test]
    public void What_is_not_finite_is_black() =>
        Assert.That(
            PagePicture.Of([float.NaN, float.PositiveInfinity, 2, -1], [1, 1, 4]).Pixels.Chunk(4)
                .Select(pixel => (int)pixel[0]),
            Is.EqualTo(new[] { 0, 0, 255, 0 }));

    [Test]
    public void A_grid_has_a_transparent_pixel_between_its_tiles()
    {
        var tile = PagePicture.Of([1], [1, 1, 1]);
        var grid = PagePicture.Grid([tile, tile, tile], columns: 2);
        Assert.That((grid.Width, grid.Height), Is.EqualTo((3, 3)));
        int[] alpha = [.. grid.Pixels.Chunk(4).Select(pixel => (int)pixel[3])];
        Assert.That(alpha, Is.EqualTo(new[] { 255, 0, 255, 0, 0, 0, 255, 0, 0 }));
    }
}
