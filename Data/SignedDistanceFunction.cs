using System.Numerics;

namespace PyNetSharp.Data;

/// <summary>A shape within the unit circle, given by the signed distance of any point to its edge.</summary>
/// <param name="Name">The name of its class.</param>
/// <param name="Distance">Negative within the shape. Exact near the edge, where the rendering depends on it.</param>
/// <seealso href="https://iquilezles.org/articles/distfunctions2d/">Quilez, 2D distance functions</seealso>
internal sealed record SignedDistanceFunction(string Name, Func<Vector2, float> Distance)
{
    /// <summary>
    /// Ten shapes that stay different under rotation, by a few pixels even at the smallest size.
    /// </summary>
    public static IReadOnlyList<SignedDistanceFunction> All { get; } =
    [
        new("circle", p => p.Length() - 0.85f),
        new("ring", p => Math.Abs(p.Length() - 0.75f) - 0.2f),
        new("square", p => Box(p, 0.7f, 0.7f)),
        new("bar", p => Box(p, 0.95f, 0.25f)),
        new("cross", p => Math.Min(Box(p, 0.95f, 0.28f), Box(p, 0.28f, 0.95f))),
        new("triangle", Polygon(Regular(3))),
        new("star", Polygon(Star(5, inner: 0.42f))),
        new("crescent", p => Math.Max(p.Length() - 0.95f, 0.8f - (p - new Vector2(0.5f, 0)).Length())),
        new("heart", Polygon(Heart(48))),
        new("arrow", Polygon([new(1, 0), new(0.1f, 0.8f), new(0.1f, 0.3f), new(-0.95f, 0.3f),
            new(-0.95f, -0.3f), new(0.1f, -0.3f), new(0.1f, -0.8f)])),
    ];

    private static float Box(Vector2 p, float halfWidth, float halfHeight)
    {
        var d = Vector2.Abs(p) - new Vector2(halfWidth, halfHeight);
        return Vector2.Max(d, Vector2.Zero).Length() + Math.Min(Math.Max(d.X, d.Y), 0);
    }

    /// <summary>
    /// The distance to the nearest edge; the sign from the number of edges that a ray to the right crosses.
    /// </summary>
    private static Func<Vector2, float> Polygon(Vector2[] corners) => p =>
    {
        var (nearest, inside) = (float.PositiveInfinity, false);
        for (int i = 0, j = corners.Length - 1; i < corners.Length; j = i++)
        {
            var (a, b) = (corners[j], corners[i]);
            var along = Math.Clamp(Vector2.Dot(p - a, b - a) / (b - a).LengthSquared(), 0, 1);
            nearest = Math.Min(nearest, Vector2.DistanceSquared(p, a + along * (b - a)));
            if (a.Y > p.Y != b.Y > p.Y && p.X < a.X + (p.Y - a.Y) / (b.Y - a.Y) * (b.X - a.X)) inside = !inside;
        }

        return inside ? -MathF.Sqrt(nearest) : MathF.Sqrt(nearest);
    };

    private static Vector2[] Regular(int corners) =>
        [.. Enumerable.Range(0, corners).Select(i => OnCircle((float)i / corners, radius: 1))];

    private static Vector2[] Star(int points, float inner) =>
        [.. Enumerable.Range(0, 2 * points).Select(i => OnCircle(0.5f * i / points, radius: i % 2 == 0 ? 1 : inner))];

    /// <summary>
    /// The parametric heart x = 16 sin³t, y = 13 cos t − 5 cos 2t − 2 cos 3t − cos 4t, scaled into the unit circle.
    /// </summary>
    private static Vector2[] Heart(int corners) =>
    [
        .. from i in Enumerable.Range(0, corners)
           let t = 2 * MathF.PI * i / corners
           let x = 16 * MathF.Pow(MathF.Sin(t), 3)
           let y = 13 * MathF.Cos(t) - 5 * MathF.Cos(2 * t) - 2 * MathF.Cos(3 * t) - MathF.Cos(4 * t)
           select new Vector2(x, y + 1) / 17.4f,
    ];

    private static Vector2 OnCircle(float turns, float radius) =>
        radius * new Vector2(MathF.Cos(2 * MathF.PI * turns), MathF.Sin(2 * MathF.PI * turns));
}
