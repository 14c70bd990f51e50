namespace PyNetSharp.Data;

/// <summary>Changes one item on its way from a data set into a batch.</summary>
/// <remarks>Without state of its own, so that any number of threads may apply it at once.</remarks>
public interface ITransform
{
    /// <summary>The shape that items have afterwards.</summary>
    /// <param name="item">The shape before: [c, h, w] for images, [features] otherwise.</param>
    /// <exception cref="ShapeException">Items of this shape cannot be transformed.</exception>
    Shape Infer(Shape item);

    /// <summary>Transforms one item; all values are in logical order (c, h, w).</summary>
    /// <param name="shape">The shape of <paramref name="x"/>.</param>
    /// <param name="x">The item. Does not overlap <paramref name="y"/>.</param>
    /// <param name="y">Overwritten whole; shaped as <see cref="Infer"/> says.</param>
    /// <param name="rng">
    /// For random transforms: a generator that depends on the seed, the epoch and the item alone, so that neither order
    /// nor threads matter.
    /// </param>
    void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng);
}
