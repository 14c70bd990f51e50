using NUnit.Framework;
using SkiaSharp;

namespace PyNetSharp.Tests;

/// <summary>Image files of every kind have the right pixels, or an error that names the file.</summary>
public sealed class ImageFileTests
{
    private static readonly byte[] Gradient =
        [.. Enumerable.Range(0, 3 * 64).Select(i => (byte)(40 * (i / 64) + i % 64))];

    private readonly TemporaryFolder folder = new();

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    private static IEnumerable<TestCaseData> Odd()
    {
        yield return new TestCaseData(
            ImageBytes.Png(2, 1, 8, 0, [[10, 200]]), new byte[] { 10, 200 }, 0).SetName("gray");
        yield return new TestCaseData(
            ImageBytes.Png(2, 1, 16, 2, [[1, 1, 2, 2, 3, 3, 250, 250, 251, 251, 252, 252]]),
            new byte[] { 1, 250, 2, 251, 3, 252 }, 0).SetName("16 bits");
        yield return new TestCaseData(
            ImageBytes.Png(2, 1, 16, 0, [[7, 7, 99, 99]]), new byte[] { 7, 99 }, 0).SetName("16 bits of gray");
        yield return new TestCaseData(
            ImageBytes.Png(4, 1, 2, 3, [[0b00_01_10_01]], [9, 8, 7, 6, 5, 4, 3, 2, 1]),
            new byte[] { 9, 6, 3, 6, 8, 5, 2, 5, 7, 4, 1, 4 }, 0).SetName("palette");
        yield return new TestCaseData(
            ImageBytes.Png(3, 1, 8, 6, [[10, 20, 30, 255, 10, 20, 30, 0, 0, 255, 0, 51]]),
            new byte[] { 10, 255, 204, 20, 255, 255, 30, 255, 204 }, 0).SetName("alpha is on white");
        yield return new TestCaseData(
            ImageBytes.Png(1, 1, 8, 2, [[1, 2, 3]]), new byte[] { 1, 2, 3 }, 0).SetName("1×1");
        yield return new TestCaseData(ImageBytes.RedCmykJpeg, Filled(255, 0, 0), 2).SetName("CMYK");
        yield return new TestCaseData(ImageBytes.ProgressiveJpeg, Filled(200, 100, 50), 2).SetName("progressive");
        yield return new TestCaseData(
            ImageBytes.Encode(Gradient, 8, 8, SKEncodedImageFormat.Webp, 100), Gradient, 12).SetName("WebP");
        yield return new TestCaseData(
            ImageBytes.Encode(Gradient, 8, 8, SKEncodedImageFormat.Jpeg, 100), Gradient, 6).SetName("JPEG");
    }

    [TestCaseSource(nameof(Odd))]
    public void Pixels_are_right(byte[] file, byte[] expected, int tolerance)
    {
        File.WriteAllBytes(folder["image"], file);
        var (pixels, shape) = ImageFile.Read(folder["image"]);
        if (expected.Length * 3 == pixels.Length) expected = [.. expected, .. expected, .. expected];
        Assert.That(shape[0], Is.EqualTo(3));
        Assert.That(pixels.Zip(expected, (a, b) => Math.Abs(a - b)).Max(), Is.LessThanOrEqualTo(tolerance));
        Assert.That(pixels, Has.Length.EqualTo(expected.Length));
        Assert.DoesNotThrow(() => ImageFile.Check(folder["image"]));
    }

    [Test]
    public void Gray_is_the_luma_of_Rec_601()
    {
        File.WriteAllBytes(folder["luma"], ImageBytes.Png(2, 1, 8, 2, [[200, 100, 50, 77, 77, 77]]));
        var (pixels, shape) = ImageFile.Read(folder["luma"], channels: 1);
        Assert.That(shape, Is.EqualTo(Shape.Create([1, 1, 2])));
        Assert.That(pixels, Is.EqualTo((byte[])[124, 77]));        // 0.299·200 + 0.587·100 + 0.114·50 = 124.2
    }

    /// <summary>A scene of four colored quarters, stored as a camera does that was held so.</summary>
    [TestCase(1, "RGBW")]
    [TestCase(2, "GRWB")]
    [TestCase(3, "WBGR")]
    [TestCase(4, "BWRG")]
    [TestCase(5, "RBGW")]
    [TestCase(6, "BRWG")]
    [TestCase(7, "WGBR")]
    [TestCase(8, "GWRB")]
    public void The_orientation_of_EXIF_is_applied(byte orientation, string quarters)
    {
        const int Width = 32, Height = 16;
        var stored = new byte[3 * Width * Height];
        for (var i = 0; i < Width * Height; i++)
        {
            var color = "RGBW"[2 * (i / Width / (Height / 2)) + i % Width / (Width / 2)];
            for (var c = 0; c < 3; c++)
                stored[c * Width * Height + i] = (byte)(color == "RGB"[c] || color == 'W' ? 255 : 0);
        }

        var jpeg = ImageBytes.Encode(stored, Width, Height, SKEncodedImageFormat.Jpeg, 100);
        File.WriteAllBytes(folder["turned"], ImageBytes.WithOrientation(jpeg, orientation));
        var (pixels, shape) = ImageFile.Read(folder["turned"]);

        var (h, w) = orientation < 5 ? (Height, Width) : (Width, Height);
        Assert.That(shape, Is.EqualTo(Shape.Create([3, h, w])));
        var found = string.Concat(((int, int)[])[(0, 0), (0, 1), (1, 0), (1, 1)] is var corners
            ? corners.Select(corner => Name((corner.Item1 * (h - 1)) * w + corner.Item2 * (w - 1))) : []);
        Assert.That(found, Is.EqualTo(quarters));

        char Name(int at) => (pixels[at] > 128, pixels[h * w + at] > 128) switch
        {
            (true, true) => 'W', (true, _) => 'R', (_, true) => 'G', _ => 'B',
        };
    }

    private static IEnumerable<TestCaseData> Wrong()
    {
        var png = ImageBytes.PngOf(new byte[3 * 64 * 64], 64);
        var jpeg = ImageBytes.Encode(
            [.. Enumerable.Range(0, 3 * 64 * 64).Select(i => (byte)(i * 37))], 64, 64, SKEncodedImageFormat.Jpeg, 95);
        yield return new TestCaseData(png[..(png.Length / 2)], "").SetName("truncated PNG");
        yield return new TestCaseData(jpeg[..(jpeg.Length / 2)], "truncated").SetName("truncated JPEG");
        yield return new TestCaseData("not a picture"u8.ToArray(), "is an invalid file or no image").SetName("text");
        yield return new TestCaseData(Array.Empty<byte>(), "is empty").SetName("zero bytes");
        yield return new TestCaseData(
            ImageBytes.Png(10_000, 10_000, 8, 0, [new byte[10_000]]), "10000×10000 pixels").SetName("100 megapixels");
    }

    [TestCaseSource(nameof(Wrong))]
    public void An_error_names_the_file(byte[] file, string said)
    {
        File.WriteAllBytes(folder["wrong.png"], file);
        var fault = Assert.Throws<ImageException>(() => ImageFile.Read(folder["wrong.png"]))!;
        Assert.That(fault.Message, Does.Contain("wrong.png").And.Contain(said).And.Not.Contain("\n"));
    }

    [Test]
    public void A_file_that_is_missing_is_named() => Assert.That(
        Assert.Throws<InputException>(() => ImageFile.Read(folder["nowhere.png"]))!.Message,
        Does.Contain("nowhere.png").And.Contain("missing"));

    private static byte[] Filled(byte r, byte g, byte b) =>
        [.. Enumerable.Repeat(r, 64), .. Enumerable.Repeat(g, 64), .. Enumerable.Repeat(b, 64)];
}
