using System.Globalization;
using System.Numerics.Tensors;

namespace PyNetSharp.Data;

/// <summary>y = (x − mean) / deviation, per channel of an image or per feature of a vector.</summary>
public sealed class Normalize : ITransform
{
    private readonly float[] mean, std;

    /// <summary>Normalizes with one number for all channels, or one for each.</summary>
    /// <param name="mean">Subtracted: 1 number, or one per channel.</param>
    /// <param name="deviation">The divisor, as many numbers; positive.</param>
    /// <exception cref="ArgumentException">The lists differ in length, or a deviation is not positive.</exception>
    public Normalize(float[] mean, float[] deviation)
    {
        if (mean.Length != deviation.Length || mean.Length == 0)
            throw new ArgumentException(
                $"Normalize: {mean.Length} means and {deviation.Length} deviations.", nameof(deviation));
        if (Array.FindIndex(deviation, d => !(d > 0)) is >= 0 and var wrong)
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture, $"Normalize: a deviation of {deviation[wrong]} is not positive."),
                nameof(deviation));
        (this.mean, this.std) = (mean, deviation);
    }

    /// <inheritdoc/>
    public Shape Infer(Shape item) => mean.Length == 1 || item.Rank > 0 && item[0] == mean.Length
        ? item
        : throw new ShapeException($"Normalize: {mean.Length} means for items of shape {item}.");

    /// <inheritdoc/>
    public void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng)
    {
        var plane = shape.Size / mean.Length;              // with one mean the whole item is one plane
        for (var c = 0; c < mean.Length; c++)
        {
            var part = y.Slice(c * plane, plane);
            TensorPrimitives.Subtract(x.Slice(c * plane, plane), mean[c], part);
            TensorPrimitives.Divide(part, std[c], part);
        }
    }
}
