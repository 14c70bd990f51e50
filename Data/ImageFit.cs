using System.Numerics;
using System.Numerics.Tensors;

namespace PyNetSharp.Data;

/// <summary>Brings images of any size to one: resizes and crops them, as Pillow's <c>ImageOps.fit</c>.</summary>
/// <remarks>
/// The largest part of the image with the wanted ratio of sides, at its center, is resized bilinearly. Shrinking is
/// antialiased: a pixel of the result is the mean of all pixels under a triangle as wide as two of its own, as in
/// Pillow and in torchvision with <c>antialias=True</c>. An image of the wanted size is copied.
/// </remarks>
public static class ImageFit
{
    /// <summary>Fits an image of bytes; the result is rounded.</summary>
    /// <param name="image">In c, h, w order, 0 black and 255 full.</param>
    /// <param name="shape">Its shape [c, h, w].</param>
    /// <param name="target">The shape of the result, with the same channels.</param>
    /// <returns>In c, h, w order.</returns>
    /// <exception cref="ShapeException">A shape has no pixels or no rank of 3, or the channels differ.</exception>
    /// <exception cref="ArgumentException">The image has not as many values as its shape.</exception>
    public static byte[] Apply(ReadOnlySpan<byte> image, Shape shape, Shape target)
    {
        Check(image.Length, shape, target);
        if (shape == target) return image.ToArray();
        var values = Resample(image, shape, target);
        var bytes = new byte[values.Length];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)Math.Clamp((int)(values[i] + 0.5f), 0, 255);
        return bytes;
    }

    /// <summary>Fits an image of numbers.</summary>
    /// <param name="image">In c, h, w order.</param>
    /// <param name="shape">Its shape [c, h, w].</param>
    /// <param name="target">The shape of the result, with the same channels.</param>
    /// <returns>In c, h, w order.</returns>
    /// <exception cref="ShapeException">A shape has no pixels or no rank of 3, or the channels differ.</exception>
    /// <exception cref="ArgumentException">The image has not as many values as its shape.</exception>
    public static float[] Apply(ReadOnlySpan<float> image, Shape shape, Shape target)
    {
        Check(image.Length, shape, target);
        return shape == target ? image.ToArray() : Resample(image, shape, target);
    }

    private static void Check(int length, Shape shape, Shape target)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(target);
        if (shape.Rank != 3 || target.Rank != 3 || shape.Size == 0 || target.Size == 0 || shape[0] != target[0])
            throw new ShapeException($"ImageFit: an image {shape} does not become {target}.");
        if (length != shape.Size)
            throw new ArgumentException($"ImageFit: {length} values for an image of shape {shape}.");
    }

    /// <summary>Rows first: whole rows of the image are multiplied and added as vectors.</summary>
    private static float[] Resample<T>(ReadOnlySpan<T> image, Shape shape, Shape target) where T : struct, INumber<T>
    {
        var (channels, h, w) = (shape[0], shape[1], shape[2]);
        var (height, width) = (target[1], target[2]);
        var scale = Math.Min((double)h / height, (double)w / width);        // of the part that is resized
        var down = Axis(h, height, scale);
        var across = Axis(w, width, scale);
        var (left, right) = (across.Min(tap => tap.First), across.Max(tap => tap.First + tap.Weights.Length));

        var result = new float[target.Size];
        var (row, sum) = (new float[right - left], new float[right - left]);
        for (var c = 0; c < channels; c++)
            for (var i = 0; i < height; i++)
            {
                sum.AsSpan().Clear();
                for (var k = 0; k < down[i].Weights.Length; k++)
                {
                    var from = image.Slice((c * h + down[i].First + k) * w + left, row.Length);
                    TensorPrimitives.ConvertTruncating(from, row.AsSpan());
                    TensorPrimitives.MultiplyAdd(row, down[i].Weights[k], sum, sum);
                }

                var to = result.AsSpan((c * height + i) * width, width);
                for (var j = 0; j < width; j++)
                {
                    var (first, weights) = across[j];
                    var y = 0f;
                    for (var k = 0; k < weights.Length; k++) y += weights[k] * sum[first - left + k];
                    to[j] = y;
                }
            }

        return result;
    }

    /// <summary>For each new pixel of one axis its first source pixel and the weights, whose sum is 1.</summary>
    private static (int First, float[] Weights)[] Axis(int from, int to, double scale)
    {
        var begin = (from - scale * to) / 2;        // of the part at the center
        var support = Math.Max(1, scale);
        var taps = new (int, float[])[to];
        for (var i = 0; i < to; i++)
        {
            var center = begin + (i + 0.5) * scale;
            var first = Math.Clamp((int)Math.Floor(center - support + 0.5), 0, from - 1);
            var end = Math.Clamp((int)Math.Floor(center + support + 0.5), first + 1, from);
            var weights = new double[end - first];
            for (var k = 0; k < weights.Length; k++)
                weights[k] = Math.Max(0, 1 - Math.Abs(first + k + 0.5 - center) / support);
            var sum = weights.Sum();
            taps[i] = (first, [.. weights.Select(weight => (float)(sum > 0 ? weight / sum : 1.0 / weights.Length))]);
        }

        return taps;
    }
}
