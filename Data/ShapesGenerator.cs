using System.Numerics;

namespace PyNetSharp.Data;

/// <summary>Draws the set <c>shapes</c>: one plain form per image, 3×32×32, told apart by its form only.</summary>
/// <remarks>
/// Place, size, rotation and both colours are random and independent of the class, and the form may be darker or
/// lighter than its background; so a single pixel says nothing, and a linear classifier little more. Texture and noise
/// lie over everything. Each image has a random sequence of its own and is drawn when it is first looked at; who does
/// that, and when, changes nothing.
/// </remarks>
public static class ShapesGenerator
{
    private const int Side = 32;
    private const int ImageBytes = 3 * Side * Side;
    private const float SmallestRadius = 9, LargestRadius = 13;     // of the circle around the form, in pixels
    private const float Contrast = 0.35f;                            // the least difference in luminance, of 1
    private const float TextureStrength = 0.05f;                    // amplitude of each wave
    private const float NoiseStrength = 0.1f;                       // half width of the triangular distribution

    /// <summary>Draws both parts, the classes in turn.</summary>
    /// <param name="seed">
    /// Decides every pixel. The parts are independent, and the first images of a larger part are those of a smaller.
    /// </param>
    /// <param name="train">How many training images.</param>
    /// <param name="test">How many test images.</param>
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
            name, [.. SignedDistanceFunction.All.Select(outline => outline.Name)], [3, Side, Side], labels,
            (i, image) => Render(SignedDistanceFunction.All[labels[i]], image, rng.Split((ulong)i)));
    }

    private static void Render(SignedDistanceFunction outline, Span<byte> image, Rng rng)
    {
        var radius = rng.NextFloat(SmallestRadius, LargestRadius);
        var play = Side / 2f - radius;                              // the form stays within the image
        var centre = new Vector2(Side / 2f) + new Vector2(rng.NextFloat(-play, play), rng.NextFloat(-play, play));
        var turn = Matrix3x2.CreateRotation(rng.NextFloat(0, 2 * MathF.PI));
        var (back, front) = DrawColors(rng);
        Wave wide = new(rng), narrow = new(rng);

        for (var y = 0; y < Side; y++)
            for (var x = 0; x < Side; x++)
            {
                var p = new Vector2(x + 0.5f, y + 0.5f);
                var distance = radius * outline.Distance(Vector2.Transform(p - centre, turn) / radius);
                var covered = Math.Clamp(0.5f - distance, 0, 1);    // about the part of the pixel that is in it
                var colour = Vector3.Lerp(back, front, covered) + wide.At(p) + narrow.At(p);
                for (var c = 0; c < 3; c++)
                {
                    var noise = NoiseStrength * (rng.NextFloat() - rng.NextFloat());
                    image[(c * Side + y) * Side + x] = (byte)(255 * Math.Clamp(colour[c] + noise, 0, 1) + 0.5f);
                }
            }
    }

    /// <summary>
    /// Two colours of sufficiently different luminance, the front as often the lighter as the darker one.
    /// </summary>
    private static (Vector3 Back, Vector3 Front) DrawColors(Rng rng)
    {
        var luminance = new Vector3(0.299f, 0.587f, 0.114f);
        while (true)                                                // every third try or so succeeds
        {
            var (back, front) = (Colour(0.3f, 0.7f), Colour(0, 1));
            if (Math.Abs(Vector3.Dot(back - front, luminance)) >= Contrast) return (back, front);
        }

        Vector3 Colour(float low, float high) =>
            new(rng.NextFloat(low, high), rng.NextFloat(low, high), rng.NextFloat(low, high));
    }

    /// <summary>
    /// A coloured sine wave across the image, of any direction and phase and a length of 6 to 20 pixels.
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
