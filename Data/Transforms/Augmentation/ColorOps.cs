using System.Buffers;
using System.Numerics.Tensors;

namespace PyNetSharp.Data;

/// <summary>Changes of an image's colors in place; pixels are in [0, 1] and stay there.</summary>
/// <remarks>Each as torchvision's function of its name, for images of floats.</remarks>
internal static class ColorOps
{
    /// <exception cref="ShapeException">The item is no image of one channel or three.</exception>
    public static void CheckChannels(Shape item, string transform)
    {
        var (channels, _, _) = ImageRegion.GetExtents(item, transform);
        if (channels is not (1 or 3))
            throw new ShapeException($"{transform}: items of shape {item} have neither one channel (gray) nor three.");
    }

    /// <summary>Multiplies by a factor.</summary>
    public static void AdjustBrightness(Span<float> x, float factor)
    {
        TensorPrimitives.Multiply(x, factor, x);
        Clamp(x);
    }

    /// <summary>Moves all pixels away from the mean of the gray image, or towards it.</summary>
    public static void AdjustContrast(Shape shape, Span<float> x, float factor)
    {
        var plane = shape[1] * shape[2];
        if (plane == 0) return;
        var mean = Mean(shape, x, plane);
        TensorPrimitives.Multiply(x, factor, x);
        TensorPrimitives.Add(x, (1 - factor) * mean, x);
        Clamp(x);
    }

    /// <summary>Moves colors away from the gray image, or towards it.</summary>
    public static void AdjustSaturation(Shape shape, Span<float> x, float factor)
    {
        if (shape[0] == 1) return;
        var plane = shape[1] * shape[2];
        var r = x[..plane];
        var g = x.Slice(plane, plane);
        var b = x.Slice(2 * plane, plane);
        for (var i = 0; i < plane; i++)
        {
            var gray = (1 - factor) * Gray(r[i], g[i], b[i]);
            (r[i], g[i], b[i]) = (factor * r[i] + gray, factor * g[i] + gray, factor * b[i] + gray);
        }

        Clamp(x);
    }

    /// <summary>Turns the hue by a part of the circle of colors.</summary>
    public static void AdjustHue(Shape shape, Span<float> x, float turn)
    {
        if (shape[0] == 1) return;
        var plane = shape[1] * shape[2];
        var r = x[..plane];
        var g = x.Slice(plane, plane);
        var b = x.Slice(2 * plane, plane);
        for (var i = 0; i < plane; i++)
        {
            var (high, low) = (Math.Max(r[i], Math.Max(g[i], b[i])), Math.Min(r[i], Math.Min(g[i], b[i])));
            var range = high - low;
            if (range == 0) continue;                       // gray has no hue
            var sixths = high == r[i] ? (g[i] - b[i]) / range
                : high == g[i] ? 2 + (b[i] - r[i]) / range
                : 4 + (r[i] - g[i]) / range;
            var hue = sixths / 6 + turn;
            hue = 6 * (hue - MathF.Floor(hue));
            (r[i], g[i], b[i]) = (Channel(5), Channel(3), Channel(1));

            // Of a color by hue, chroma and value: https://en.wikipedia.org/wiki/HSL_and_HSV
            float Channel(float offset)
            {
                var k = offset + hue;
                if (k >= 6) k -= 6;
                return high - range * Math.Clamp(Math.Min(k, 4 - k), 0, 1);
            }
        }
    }

    /// <summary>
    /// Moves each pixel away from the mean of its neighbors and five times itself, or towards it; not at the edges.
    /// </summary>
    public static void AdjustSharpness(Shape shape, Span<float> x, float factor)
    {
        var (channels, h, w) = (shape[0], shape[1], shape[2]);
        if (h <= 2 || w <= 2) return;
        var buffer = ArrayPool<float>.Shared.Rent(h * w);
        for (var c = 0; c < channels; c++)
        {
            var plane = x.Slice(c * h * w, h * w);
            ReadOnlySpan<float> old = buffer.AsSpan(0, h * w);
            plane.CopyTo(buffer);
            for (var i = 1; i < h - 1; i++)
                for (var j = 1; j < w - 1; j++)
                {
                    var at = i * w + j;
                    var sum = old[at - w - 1] + old[at - w] + old[at - w + 1] + old[at - 1] + 5 * old[at]
                        + old[at + 1] + old[at + w - 1] + old[at + w] + old[at + w + 1];
                    plane[at] = factor * old[at] + (1 - factor) * (sum / 13);
                }
        }

        ArrayPool<float>.Shared.Return(buffer);
        Clamp(x);
    }

    /// <summary>Keeps the first bits of each of 8.</summary>
    public static void Posterize(Span<float> x, int bits)
    {
        var levels = (float)(1 << bits);
        foreach (ref var value in x) value = Math.Clamp(MathF.Floor(value * levels), 0, levels - 1) * (1 / levels);
    }

    /// <summary>Inverts what is at least as bright as a threshold.</summary>
    public static void Solarize(Span<float> x, float threshold)
    {
        foreach (ref var value in x)
            if (value >= threshold)
                value = 1 - value;
    }

    /// <summary>Stretches each channel to [0, 1]; one of a single value stays.</summary>
    public static void AutoContrast(Shape shape, Span<float> x)
    {
        var plane = shape[1] * shape[2];
        for (var c = 0; c < shape[0] && plane > 0; c++)
        {
            var channel = x.Slice(c * plane, plane);
            var (low, high) = (TensorPrimitives.Min<float>(channel), TensorPrimitives.Max<float>(channel));
            if (!(high > low)) continue;
            TensorPrimitives.Subtract(channel, low, channel);
            TensorPrimitives.Divide(channel, high - low, channel);
            Clamp(channel);
        }
    }

    /// <summary>Gives each channel a flat histogram of 256 brightnesses.</summary>
    public static void Equalize(Shape shape, Span<float> x)
    {
        var plane = shape[1] * shape[2];
        Span<int> counts = stackalloc int[256];
        Span<float> table = stackalloc float[256];
        for (var c = 0; c < shape[0] && plane > 0; c++)
        {
            var channel = x.Slice(c * plane, plane);
            counts.Clear();
            foreach (var value in channel) counts[Byte(value)]++;
            var last = counts.LastIndexOfAnyExcept(0);
            var step = (plane - counts[last]) / 255;
            var sum = step / 2;
            for (var k = 0; k < counts.Length; sum += counts[k++])
                table[k] = (step == 0 ? k : Math.Min(sum / step, 255)) / 255f;
            foreach (ref var value in channel) value = table[Byte(value)];
        }

        // As torchvision converts floats to bytes.
        static int Byte(float value) => Math.Clamp((int)(value * 255.999f), 0, 255);
    }

    private static float Mean(Shape shape, ReadOnlySpan<float> x, int plane)
    {
        if (shape[0] == 1) return (float)(Sum(x) / plane);
        var (r, g, b) = (Sum(x[..plane]), Sum(x.Slice(plane, plane)), Sum(x.Slice(2 * plane, plane)));
        return (float)((0.2989 * r + 0.587 * g + 0.114 * b) / plane);
    }

    private static double Sum(ReadOnlySpan<float> x)
    {
        var sum = 0.0;
        foreach (var value in x) sum += value;
        return sum;
    }

    private static float Gray(float r, float g, float b) => 0.2989f * r + 0.587f * g + 0.114f * b;

    private static void Clamp(Span<float> x) => TensorPrimitives.Clamp(x, 0f, 1f, x);
}
