using System.Numerics.Tensors;

namespace PyNetSharp.Data;

/// <summary>y = factor·x + offset. (Images are in [0, 1] already: data sets divide bytes by 255.)</summary>
/// <param name="factor">Multiplies every value.</param>
/// <param name="offset">Added after the multiplication.</param>
public sealed class Rescale(float factor, float offset = 0) : ITransform
{
    /// <inheritdoc/>
    public Shape Infer(Shape item) => item;

    /// <inheritdoc/>
    public void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng)
    {
        TensorPrimitives.Multiply(x, factor, y);
        TensorPrimitives.Add(y, offset, y);
    }
}
