namespace PyNetSharp.Kernels;

/// <inheritdoc cref="F5x3"/>
internal readonly struct F5x3Gpu : IWinogradGpu
{
    public static int OutputTileSize => 5;

    public static int Taps => 3;

    public static int InputTileSize => 7;

    public static Row8 TransformInput(Row8 d)
    {
        // Every row but that of ½ has the factor x − ½; the quotients are the rows of F(4, 3).
        float f0 = d.V1 - 0.5f * d.V0, f1 = d.V2 - 0.5f * d.V1, f2 = d.V3 - 0.5f * d.V2;
        float f3 = d.V4 - 0.5f * d.V3, f4 = d.V5 - 0.5f * d.V4, f5 = d.V6 - 0.5f * d.V5;
        float even = f4 - 4 * f2, odd = f3 - 4 * f1, even2 = f4 - f2, odd2 = 2 * (f3 - f1);
        return new(
            4 * f0 - 5 * f2 + f4, even + odd, even - odd, even2 + odd2, even2 - odd2, 4 * d.V1 - 5 * d.V3 + d.V5,
            4 * f1 - 5 * f3 + f5);
    }

    public static Row8 TransformOutput(Row8 p)
    {
        float even1 = p.V1 + p.V2, even2 = p.V3 + p.V4, odd1 = p.V1 - p.V2, odd2 = p.V3 - p.V4, half = p.V5;
        return new(
            p.V0 + even1 + even2 + half, odd1 + 0.5f * half + 2 * odd2, even1 + 0.25f * half + 4 * even2,
            odd1 + 0.125f * half + 8 * odd2, even1 + p.V6 + 1 / 16f * half + 16 * even2);
    }

    public static Row8 TransformOutputGradient(Row8 y)
    {
        float even = y.V0 + y.V2 + y.V4, odd = y.V1 + y.V3;
        float even2 = y.V0 + 4 * y.V2 + 16 * y.V4, odd2 = 2 * y.V1 + 8 * y.V3;
        return new(
            y.V0, even + odd, even - odd, even2 + odd2, even2 - odd2,
            y.V0 + 0.5f * y.V1 + 0.25f * y.V2 + 0.125f * y.V3 + 1 / 16f * y.V4, y.V4);
    }

    public static Row8 TransformFilter(Row8 g)
    {
        float even = g.V0 + g.V2, even2 = g.V0 + 4 * g.V2, odd2 = 2 * g.V1;
        return new(
            -1 / 2f * g.V0, -1 / 3f * (even + g.V1), 1 / 9f * (even - g.V1), 1 / 36f * (even2 + odd2),
            -1 / 60f * (even2 - odd2), 32 / 45f * (g.V0 + 0.5f * g.V1 + 0.25f * g.V2), g.V2);
    }

    public static Row8 TransformFilterGradient(Row8 u)
    {
        float u1 = -1 / 3f * u.V1, u2 = 1 / 9f * u.V2, u3 = 1 / 36f * u.V3, u4 = -1 / 60f * u.V4;
        var half = 32 / 45f * u.V5;
        float even1 = u1 + u2, even2 = u3 + u4, odd1 = u1 - u2, odd2 = u3 - u4;
        return new(
            even1 + even2 + half - 0.5f * u.V0, odd1 + 0.5f * half + 2 * odd2,
            even1 + u.V6 + 0.25f * half + 4 * even2);
    }
}
