namespace PyNetSharp.Data;

/// <summary>Changes one item between the data set and the batch.</summary>
/// <remarks>Implementations have no mutable state: several threads may apply one concurrently.</remarks>
public interface ITransform
{
    /// <summary>The shape of the transformed items.</summary>
    /// <param name="item">The shape before: [c, h, w] for images, [features] otherwise.</param>
    /// <exception cref="ShapeException">Items of this shape cannot be transformed.</exception>
    Shape Infer(Shape item);

    /// <summary>Transforms one item; all values are in logical order (c, h, w).</summary>
    /// <param name="shape">The shape of <paramref name="x"/>.</param>
    /// <param name="x">The item. Does not overlap <paramref name="y"/>.</param>
    /// <param name="y">Overwritten completely; its shape is the result of <see cref="Infer"/>.</param>
    /// <param name="rng">
    /// For random transforms: a generator that depends on the seed, the epoch and the item alone, not on the order of
    /// items or the thread.
    /// </param>
    void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng);
}
