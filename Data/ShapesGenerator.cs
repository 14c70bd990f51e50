using System.Numerics;

namespace PyNetSharp.Data;

/// <summary>Generates the set <c>shapes</c>: 3×32×32 images of one geometric shape each, which is the class.</summary>
/// <remarks>
/// Position, size, rotation and both colors are random and independent of the class, and the shape may be darker or
/// lighter than its background; so a single pixel has no information on the class, and a linear classifier learns
/// little. Texture and noise are added to the whole image. Each image has a random sequence of its own and is rendered
/// when it is first accessed; the order of access and the thread change nothing.
/// </remarks>
public static class ShapesGenerator
{
    private const int Side = 32;
    private const int ImageBytes = 3 * Side * Side;
    private const float SmallestRadius = 9, LargestRadius = 13;     // of the circle around the shape, in pixels
    private const float Contrast = 0.35f;                           // the minimum difference in luminance, of 1
    private const float TextureStrength = 0.05f;                    // amplitude of each wave
    private const float NoiseStrength = 0.1f;                       // half width of the triangular distribution

    /// <summary>Generates both parts, the classes in turn.</summary>
    /// <param name="seed">
    /// Seeds every pixel. The parts are independent, and the first images of a larger part are those of a smaller.
    /// </param>
    /// <param name="train">The number of training images.</param>
    /// <param name="test">The number of test images.</param>
    /// <returns>Images [3, 32, 32] of 10 classes.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A number of images is not positive or too large for one array.
    /// </exception>
    public static TrainTestSplit Generate(ulong seed = 0, int train = 8_000, int test = 2_000)
    {
        var rng = new Rng(seed);
        return new(GeneratePart("shapes train", train, rng.Split(0)), GeneratePart("shapes test", test, rng.Split(1)));
    }

    private static ImageDataset GeneratePart(string name, int count, Rng rng)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Array.MaxLength / ImageBytes);
        int[] labels = [.. Enumerable.Range(0, count).Select(i => i % SignedDistanceFunction.All.Count)];
        return new(
            name, [.. SignedDistanceFunction.All.Select(function => function.Name)], [3, Side, Side], labels,
            (i, image) => Render(SignedDistanceFunction.All[labels[i]], image, rng.Split((ulong)i)));
    }

    private static void Render(SignedDistanceFunction shape, Span<byte> image, Rng rng)
    {
        var radius = rng.NextFloat(SmallestRadius, LargestRadius);
        var offset = Side / 2f - radius;                            // the shape stays within the image
        var center = new Vector2(Side / 2f) + new Vector2(
            rng.NextFloat(-offset, offset), rng.NextFloat(-offset, offset));
        var rotation = Matrix3x2.CreateRotation(rng.NextFloat(0, 2 * MathF.PI));
        var (back, front) = DrawColors(rng);
        Wave wide = new(rng), narrow = new(rng);

        for (var y = 0; y < Side; y++)
            for (var x = 0; x < Side; x++)
            {
                var p = new Vector2(x + 0.5f, y + 0.5f);
                var distance = radius * shape.Distance(Vector2.Transform(p - center, rotation) / radius);
                var covered = Math.Clamp(0.5f - distance, 0, 1);    // approximately the covered part of the pixel
                var color = Vector3.Lerp(back, front, covered) + wide.At(p) + narrow.At(p);
                for (var c = 0; c < 3; c++)
                {
                    var noise = NoiseStrength * (rng.NextFloat() - rng.NextFloat());
                    image[(c * Side + y) * Side + x] = (byte)(255 * Math.Clamp(color[c] + noise, 0, 1) + 0.5f);
                }
            }
    }

    /// <summary>
    /// Two colors of sufficiently different luminance; the front is the lighter one as often as the darker one.
    /// </summary>
    private static (Vector3 Back, Vector3 Front) DrawColors(Rng rng)
    {
        var luminance = new Vector3(0.299f, 0.587f, 0.114f);
        while (true)                                                // about every third attempt succeeds
        {
            var (back, front) = (Color(0.3f, 0.7f), Color(0, 1));
            if (Math.Abs(Vector3.Dot(back - front, luminance)) >= Contrast) return (back, front);
        }

        Vector3 Color(float low, float high) =>
            new(rng.NextFloat(low, high), rng.NextFloat(low, high), rng.NextFloat(low, high));
    }

    /// <summary>
    /// A colored sine wave across the image, of any direction and phase and a length of 6 to 20 pixels.
    /// </summary>
    private readonly struct Wave
    {
        private readonly Vector2 frequency;
        private readonly float phase;
        private readonly Vector3 amplitude;

        public Wave(Rng rng)
        {
            var (direction, length) = (rng.NextFloat(0, 2 * MathF.PI), rng.NextFloat(6, 20));
            frequency = new Vector2(MathF.Cos(direction), MathF.Sin(direction)) * (2 * MathF.PI / length);
            phase = rng.NextFloat(0, 2 * MathF.PI);
            amplitude = TextureStrength * new Vector3(rng.NextFloat(-1, 1), rng.NextFloat(-1, 1), rng.NextFloat(-1, 1));
        }

        public Vector3 At(Vector2 p) => amplitude * MathF.Sin(Vector2.Dot(frequency, p) + phase);
    }
}
