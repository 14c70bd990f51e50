using System.Globalization;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Changes of images against PyTorch's samplers, colorsys and numpy; Golden/transforms.py says how.</summary>
/// <remarks>Coordinates up to 13 have errors up to 1e-6, times differences of pixels up to 0.7.</remarks>
public sealed class AugmentationGoldenTests
{
    private const float Fill = 0.25f, Tolerance = 3e-6f;
    private static readonly Dictionary<string, Shape> Shapes = new()
    {
        ["color"] = [3, 11, 13],
        ["gray"] = [1, 11, 13],
    };

    private readonly GoldenFile golden = new("transforms");

    [OneTimeTearDown]
    public void Close() => golden.Dispose();

    [Test]
    public void Images_are_rotated_and_colored_as_by_torchvision([Values("color", "gray")] string kind)
    {
        var (shape, count) = (Shapes[kind], 0);
        foreach (var name in golden.Names.Where(name => name.StartsWith($"{kind}/", StringComparison.Ordinal)))
        {
            if (name.Split('/') is not [_, var change and not "randaugment", var number]) continue;
            var value = float.Parse(number, CultureInfo.InvariantCulture);
            var x = golden.Values($"{kind}/x");
            var y = (float[])x.Clone();
            if (change == "rotate") AffineMap.Rotation(value).Apply(shape, x, y, Fill);
            else if (change == "brightness") ColorOps.AdjustBrightness(y, value);
            else if (change == "contrast") ColorOps.AdjustContrast(shape, y, value);
            else if (change == "saturation") ColorOps.AdjustSaturation(shape, y, value);
            else if (change == "sharpness") ColorOps.AdjustSharpness(shape, y, value);
            else if (change == "hue") ColorOps.AdjustHue(shape, y, value);
            else Assert.Fail(name);
            Assert.That(y, Is.EqualTo(golden.Values(name)).Within(Tolerance), name);
            count++;
        }

        Assert.That(count, Is.EqualTo(5 + 4 * 4 + 4));
    }

    [Test]
    public void RandAugment_changes_images_as_torchvision_s(
        [Values("color", "gray")] string kind, [Values(9, 30)] int magnitude, [Values(1, -1)] int sign)
    {
        var augment = new RandAugment(2, magnitude, Fill);
        foreach (var change in Enum.GetValues<RandAugment.Change>())
        {
            var y = golden.Values($"{kind}/x");
            augment.Apply(change, sign, Shapes[kind], y, new float[y.Length]);
            var expected = golden.Values($"{kind}/randaugment/{magnitude}/{sign}/{(int)change}");
            Assert.That(y, Is.EqualTo(expected).Within(Tolerance), $"{change}");
        }
    }

    [Test]
    public void Histograms_are_flattened()
    {
        var y = golden.Values("equalize/x");
        ColorOps.Equalize([3, 40, 40], y);
        Assert.That(y, Is.EqualTo(golden.Values("equalize/y")).Within(1e-6f));
    }
}
