namespace PyNetSharp.Kernels;

/// <inheritdoc cref="F4x5"/>
internal readonly struct F4x5Gpu : IWinogradGpu
{
    public static int OutputTileSize => 4;

    public static int Taps => 5;

    public static int InputTileSize => 8;

    public static Row8 TransformInput(Row8 d)
    {
        float even1 = d.V2 + d.V6 - 4.25f * d.V4, odd1 = d.V1 + d.V5 - 4.25f * d.V3;
        float even2 = d.V6 + 0.25f * d.V2 - 1.25f * d.V4, odd2 = 2 * d.V5 - 2.5f * d.V3 + 0.5f * d.V1;
        float even3 = d.V6 + 4 * d.V2 - 5 * d.V4, odd3 = 2 * d.V1 + 0.5f * d.V5 - 2.5f * d.V3;
        return new(
            d.V0 - d.V6 + 5.25f * (d.V4 - d.V2), even1 + odd1, even1 - odd1, even2 + odd2, even2 - odd2, even3 + odd3,
            even3 - odd3, d.V7 - d.V1 + 5.25f * (d.V3 - d.V5));
    }

    public static Row8 TransformOutput(Row8 p)
    {
        float even1 = p.V1 + p.V2, even2 = p.V3 + p.V4, even3 = p.V5 + p.V6;
        float odd1 = p.V1 - p.V2, odd2 = p.V3 - p.V4, odd3 = p.V5 - p.V6;
        return new(
            p.V0 + even1 + even2 + even3, odd1 + 0.5f * odd3 + 2 * odd2, even1 + 0.25f * even3 + 4 * even2,
            odd1 + p.V7 + 0.125f * odd3 + 8 * odd2);
    }

    public static Row8 TransformOutputGradient(Row8 y)
    {
        float even1 = y.V0 + y.V2, odd1 = y.V1 + y.V3;
        float even2 = y.V0 + 4 * y.V2, odd2 = 2 * y.V1 + 8 * y.V3;
        float even3 = y.V0 + 0.25f * y.V2, odd3 = 0.5f * y.V1 + 0.125f * y.V3;
        return new(
            y.V0, even1 + odd1, even1 - odd1, even2 + odd2, even2 - odd2, even3 + odd3, even3 - odd3, y.V3);
    }

    public static Row8 TransformFilter(Row8 g)
    {
        float even1 = -2 / 9f * (g.V0 + g.V2 + g.V4), odd1 = -2 / 9f * (g.V1 + g.V3);
        float even2 = 1 / 90f * (g.V0 + 4 * g.V2 + 16 * g.V4), odd2 = 1 / 90f * (2 * g.V1 + 8 * g.V3);
        float even3 = 32 / 45f * (g.V0 + 0.25f * g.V2 + 1 / 16f * g.V4);
        var odd3 = 32 / 45f * (0.5f * g.V1 + 0.125f * g.V3);
        return new(
            g.V0, even1 + odd1, even1 - odd1, even2 + odd2, even2 - odd2, even3 + odd3, even3 - odd3, g.V4);
    }

    public static Row8 TransformFilterGradient(Row8 u)
    {
        float even1 = -2 / 9f * (u.V1 + u.V2), even2 = 1 / 90f * (u.V3 + u.V4), even3 = 32 / 45f * (u.V5 + u.V6);
        float odd1 = -2 / 9f * (u.V1 - u.V2), odd2 = 1 / 90f * (u.V3 - u.V4), odd3 = 32 / 45f * (u.V5 - u.V6);
        return new(
            u.V0 + even1 + even2 + even3, odd1 + 0.5f * odd3 + 2 * odd2, even1 + 0.25f * even3 + 4 * even2,
            odd1 + 0.125f * odd3 + 8 * odd2, even1 + u.V7 + 1 / 16f * even3 + 16 * even2);
    }
}
