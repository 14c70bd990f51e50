using System.Buffers;
using System.Numerics.Tensors;

namespace PyNetSharp.Data;

/// <summary>Bilinear resizing of images.</summary>
/// <remarks>
/// As <c>torch.nn.functional.interpolate(mode="bilinear", align_corners=False)</c>: pixel centers are at ½, 1½, …, the
/// border is replicated, and shrinking does not smooth (no antialiasing). Each source row is interpolated to the new
/// width once, then used for all output rows between it and the next.
/// </remarks>
public sealed class Resize : ITransform
{
    private readonly int height, width;
    private volatile InterpolationTable? rows, columns;     // of the last size, usually the same for all images

    /// <summary>Resizes to <paramref name="height"/>×<paramref name="width"/> pixels.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is not positive.</exception>
    public Resize(int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        (this.height, this.width) = (height, width);
    }

    /// <inheritdoc/>
    public Shape Infer(Shape item)
    {
        var (channels, h, w) = ImageRegion.GetExtents(item, nameof(Resize));
        return h > 0 && w > 0 ? [channels, height, width] : throw new ShapeException($"Resize: no pixels in {item}.");
    }

    /// <inheritdoc/>
    public void Apply(Shape shape, ReadOnlySpan<float> x, Span<float> y, Rng rng)
    {
        var (channels, h, w) = ImageRegion.GetExtents(shape, nameof(Resize));
        var down = rows is { } r && r.SourceSize == h ? r : rows = new(h, height);
        var across = columns is { } c && c.SourceSize == w ? c : columns = new(w, width);

        var buffer = ArrayPool<float>.Shared.Rent(2 * width);
        for (var channel = 0; channel < channels; channel++)
            ResizePlane(x.Slice(channel * h * w, h * w), y.Slice(channel * height * width, height * width), buffer);
        ArrayPool<float>.Shared.Return(buffer);

        void ResizePlane(ReadOnlySpan<float> x, Span<float> y, Span<float> buffer)
        {
            var upper = buffer[..width];
            var lower = buffer.Slice(width, width);
            var (upperRow, lowerRow) = (-1, -1);            // the source rows in them
            for (var i = 0; i < height; i++)
            {
                var (above, below) = (down.LowerIndex[i], down.UpperIndex[i]);
                if (upperRow != above && lowerRow == above)         // the lower row becomes the upper one
                {
                    var unused = upper;
                    upper = lower;
                    lower = unused;
                    (upperRow, lowerRow) = (lowerRow, -1);
                }

                if (upperRow != above) across.Interpolate(x.Slice(w * (upperRow = above), w), upper);
                if (lowerRow != below) across.Interpolate(x.Slice(w * (lowerRow = below), w), lower);

                var row = y.Slice(i * width, width);
                TensorPrimitives.Multiply(upper, 1 - down.UpperWeight[i], row);
                TensorPrimitives.MultiplyAdd(lower, down.UpperWeight[i], row, row);
            }
        }
    }

    /// <summary>
    /// For each new pixel of one axis the two source pixels around it, and its distance from the first.
    /// </summary>
    private sealed class InterpolationTable
    {
        public InterpolationTable(int from, int to)
        {
            (SourceSize, LowerIndex, UpperIndex, UpperWeight) = (from, new int[to], new int[to], new float[to]);
            var scale = (float)from / to;
            for (var i = 0; i < to; i++)
            {
                var at = Math.Max(0, scale * (i + 0.5f) - 0.5f);
                LowerIndex[i] = Math.Min((int)at, from - 1);
                UpperIndex[i] = Math.Min(LowerIndex[i] + 1, from - 1);
                UpperWeight[i] = at - LowerIndex[i];
            }
        }

        public int SourceSize { get; }

        public int[] LowerIndex { get; }

        public int[] UpperIndex { get; }

        /// <summary>The weight of the pixel <see cref="UpperIndex"/>, in [0, 1).</summary>
        public float[] UpperWeight { get; }

        public void Interpolate(ReadOnlySpan<float> x, Span<float> y)
        {
            for (var i = 0; i < y.Length; i++)
                y[i] = (1 - UpperWeight[i]) * x[LowerIndex[i]] + UpperWeight[i] * x[UpperIndex[i]];
        }
    }
}
