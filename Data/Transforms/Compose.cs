using System.Buffers;

namespace PyNetSharp.Data;

/// <summary>Transforms one after the other.</summary>
/// <param name="transforms">In the order of application; without any, items are unchanged.</param>
public sealed class Compose(params IReadOnlyList<ITransform> transforms) : ITransform
{
    /// <inheritdoc/>
    public Shape Infer(Shape item) => transforms.Aggregate(item, (shape, transform) => transform.Infer(shape));

    /// <inheritdoc/>
    public void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng)
    {
        if (transforms.Count == 0)
        {
            x.CopyTo(y);
            return;
        }

        float[]? from = null;
        for (var i = 0; i < transforms.Count; i++)
        {
            var next = transforms[i].Infer(shape);
            var last = i == transforms.Count - 1;
            var to = last ? null : ArrayPool<float>.Shared.Rent(next.Size);
            var source = from is null ? x : from.AsSpan(0, shape.Size);
            transforms[i].Apply(shape, source, last ? y : to.AsSpan(0, next.Size), rng);
            if (from is not null) ArrayPool<float>.Shared.Return(from);
            (shape, from) = (next, to);
        }
    }
}
