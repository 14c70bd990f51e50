using System.Buffers;

namespace PyNetSharp.Data;

/// <summary>Applies a few of 14 changes to an image, drawn at random, all of one strength.</summary>
/// <remarks>
/// As torchvision's <c>RandAugment</c> with bilinear interpolation, for pixels in [0, 1]: so before normalization. The
/// changes are none, shears and translations along both axes, rotation, brightness, saturation, contrast, sharpness,
/// posterization, solarization, autocontrast and equalization. Those with a direction have either, with p = 0.5.
/// Saturation leaves gray images as they are.
/// </remarks>
/// <seealso href="https://arxiv.org/abs/1909.13719">Cubuk, Zoph, Shlens and Le, 2020</seealso>
public sealed class RandAugment : ITransform
{
    /// <summary>The number of strengths, as torchvision's <c>num_magnitude_bins</c>.</summary>
    public const int Magnitudes = 31;

    /// <summary>The greatest number of changes.</summary>
    public const int MaxOps = 14;

    private readonly int ops;
    private readonly float strength, fill;

    /// <summary>Draws the changes of each image, with replacement.</summary>
    /// <param name="ops">How many, from 0 to <see cref="MaxOps"/>.</param>
    /// <param name="magnitude">Their strength, from 0 to 30.</param>
    /// <param name="fill">The value beyond the image's edges: 0 is black.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public RandAugment(int ops = 2, int magnitude = 9, float fill = 0)
    {
        AugmentationRange.Check(ops, 0, MaxOps, nameof(ops));
        AugmentationRange.Check(magnitude, 0, Magnitudes - 1, nameof(magnitude));
        (this.ops, this.fill) = (ops, fill);
        strength = (float)magnitude / (Magnitudes - 1);
    }

    /// <summary>The changes, in torchvision's order.</summary>
    internal enum Change
    {
        Identity,
        ShearX,
        ShearY,
        TranslateX,
        TranslateY,
        Rotate,
        Brightness,
        Color,
        Contrast,
        Sharpness,
        Posterize,
        Solarize,
        AutoContrast,
        Equalize,
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">Images have neither one channel nor three.</exception>
    public Shape Infer(Shape item)
    {
        ColorOps.CheckChannels(item, nameof(RandAugment));
        return item;
    }

    /// <inheritdoc/>
    public void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng)
    {
        x.CopyTo(y);
        var buffer = ArrayPool<float>.Shared.Rent(y.Length);
        for (var i = 0; i < ops; i++)
        {
            var change = (Change)rng.Next(MaxOps);
            var sign = change is >= Change.ShearX and <= Change.Sharpness && rng.Next(2) == 0 ? -1 : 1;
            Apply(change, sign, shape, y, buffer);
        }

        ArrayPool<float>.Shared.Return(buffer);
    }

    /// <summary>Changes an image in place.</summary>
    /// <param name="change">The change.</param>
    /// <param name="sign">Its direction, 1 or −1.</param>
    /// <param name="shape">[c, h, w]</param>
    /// <param name="y">The image.</param>
    /// <param name="buffer">Overwritten; at least as long.</param>
    internal void Apply(Change change, int sign, Shape shape, Span<float> y, Span<float> buffer)
    {
        var (height, width) = (shape[1], shape[2]);
        var signed = sign * strength;
        switch (change)
        {
            case Change.ShearX:
                Move(AffineMap.ShearX(0.3f * signed, height), y, buffer);
                break;
            case Change.ShearY:
                Move(AffineMap.ShearY(0.3f * signed, width), y, buffer);
                break;
            case Change.TranslateX:
                Move(AffineMap.Translation((int)(150f / 331 * width * signed), 0), y, buffer);
                break;
            case Change.TranslateY:
                Move(AffineMap.Translation(0, (int)(150f / 331 * height * signed)), y, buffer);
                break;
            case Change.Rotate:
                Move(AffineMap.Rotation(30 * signed), y, buffer);
                break;
            case Change.Brightness:
                ColorOps.AdjustBrightness(y, 1 + 0.9f * signed);
                break;
            case Change.Color:
                ColorOps.AdjustSaturation(shape, y, 1 + 0.9f * signed);
                break;
            case Change.Contrast:
                ColorOps.AdjustContrast(shape, y, 1 + 0.9f * signed);
                break;
            case Change.Sharpness:
                ColorOps.AdjustSharpness(shape, y, 1 + 0.9f * signed);
                break;
            case Change.Posterize:
                ColorOps.Posterize(y, 8 - (int)MathF.Round(4 * strength));
                break;
            case Change.Solarize:
                ColorOps.Solarize(y, 1 - strength);
                break;
            case Change.AutoContrast:
                ColorOps.AutoContrast(shape, y);
                break;
            case Change.Equalize:
                ColorOps.Equalize(shape, y);
                break;
        }

        void Move(AffineMap map, Span<float> y, Span<float> buffer)
        {
            y.CopyTo(buffer);
            map.Apply(shape, buffer[..y.Length], y, fill);
        }
    }
}
