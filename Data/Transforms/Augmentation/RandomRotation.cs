namespace PyNetSharp.Data;

/// <summary>Rotates an image about its center by a random angle.</summary>
/// <remarks>
/// As torchvision's <c>RandomRotation(degrees, InterpolationMode.BILINEAR, fill)</c>: the result has the image's
/// extents. A pixel that lies partly beyond the edge is interpolated between the image and the fill.
/// </remarks>
public sealed class RandomRotation : ITransform
{
    private readonly float degrees, fill;

    /// <summary>Rotates by angles drawn uniformly from ±<paramref name="degrees"/>.</summary>
    /// <param name="degrees">The greatest angle, in [0, 180].</param>
    /// <param name="fill">The value beyond the image's edges: 0 is black where pixels are in [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">The angle is outside its range.</exception>
    public RandomRotation(float degrees, float fill = 0)
    {
        AugmentationRange.Check(degrees, 0, 180, nameof(degrees));
        (this.degrees, this.fill) = (degrees, fill);
    }

    /// <inheritdoc/>
    public Shape Infer(Shape item)
    {
        ImageRegion.GetExtents(item, nameof(RandomRotation));
        return item;
    }

    /// <inheritdoc/>
    public void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng) =>
        AffineMap.Rotation(rng.NextFloat(-degrees, degrees)).Apply(shape, x, y, fill);
}
