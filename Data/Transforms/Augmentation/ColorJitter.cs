namespace PyNetSharp.Data;

/// <summary>Changes brightness, contrast, saturation and hue of an image at random, in a random order.</summary>
/// <remarks>
/// As torchvision's <c>ColorJitter</c>, for pixels in [0, 1], where the results stay: so before normalization. Gray
/// images have no saturation and no hue to change.
/// </remarks>
public sealed class ColorJitter : ITransform
{
    private readonly float brightness, contrast, saturation, hue;

    /// <summary>
    /// A factor of each of the first three is drawn uniformly from [max(0, 1 − s), 1 + s], where s is its strength.
    /// </summary>
    /// <param name="brightness">The strength: not negative; 0 leaves the brightness as it is.</param>
    /// <param name="contrast">As well.</param>
    /// <param name="saturation">As well.</param>
    /// <param name="hue">The greatest turn of the hue, in [0, 0.5] of the circle.</param>
    /// <exception cref="ArgumentOutOfRangeException">A strength is outside its range.</exception>
    public ColorJitter(float brightness = 0, float contrast = 0, float saturation = 0, float hue = 0)
    {
        AugmentationRange.Check(brightness, 0, MaxStrength, nameof(brightness));
        AugmentationRange.Check(contrast, 0, MaxStrength, nameof(contrast));
        AugmentationRange.Check(saturation, 0, MaxStrength, nameof(saturation));
        AugmentationRange.Check(hue, 0, 0.5f, nameof(hue));
        (this.brightness, this.contrast, this.saturation, this.hue) = (brightness, contrast, saturation, hue);
    }

    /// <summary>The greatest strength of brightness, contrast and saturation.</summary>
    public const float MaxStrength = 100;

    /// <inheritdoc/>
    /// <exception cref="ShapeException">Images have neither one channel nor three.</exception>
    public Shape Infer(Shape item)
    {
        ColorOps.CheckChannels(item, nameof(ColorJitter));
        return item;
    }

    /// <inheritdoc/>
    public void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng)
    {
        x.CopyTo(y);
        Span<int> order = [0, 1, 2, 3];
        rng.Shuffle(order);
        foreach (var part in order)
            switch (part)
            {
                case 0 when brightness > 0:
                    ColorOps.AdjustBrightness(y, Draw(brightness, rng));
                    break;
                case 1 when contrast > 0:
                    ColorOps.AdjustContrast(shape, y, Draw(contrast, rng));
                    break;
                case 2 when saturation > 0:
                    ColorOps.AdjustSaturation(shape, y, Draw(saturation, rng));
                    break;
                case 3 when hue > 0:
                    ColorOps.AdjustHue(shape, y, rng.NextFloat(-hue, hue));
                    break;
            }
    }

    private static float Draw(float strength, Rng rng) => rng.NextFloat(Math.Max(0, 1 - strength), 1 + strength);
}
