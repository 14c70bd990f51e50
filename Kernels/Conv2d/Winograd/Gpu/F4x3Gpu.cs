namespace PyNetSharp.Kernels;

/// <inheritdoc cref="F4x3"/>
internal readonly struct F4x3Gpu : IWinogradGpu
{
    public static int OutputTileSize => 4;

    public static int Taps => 3;

    public static int InputTileSize => 6;

    public static Row8 TransformInput(Row8 d)
    {
        float even = d.V4 - 4 * d.V2, odd = d.V3 - 4 * d.V1, even2 = d.V4 - d.V2, odd2 = 2 * (d.V3 - d.V1);
        return new(
            4 * d.V0 - 5 * d.V2 + d.V4, even + odd, even - odd, even2 + odd2, even2 - odd2,
            4 * d.V1 - 5 * d.V3 + d.V5);
    }

    public static Row8 TransformOutput(Row8 p)
    {
        float even1 = p.V1 + p.V2, even2 = p.V3 + p.V4, odd1 = p.V1 - p.V2, odd2 = p.V3 - p.V4;
        return new(p.V0 + even1 + even2, odd1 + 2 * odd2, even1 + 4 * even2, odd1 + p.V5 + 8 * odd2);
    }

    public static Row8 TransformOutputGradient(Row8 y)
    {
        float even = y.V0 + y.V2, odd = y.V1 + y.V3, even2 = y.V0 + 4 * y.V2, odd2 = 2 * y.V1 + 8 * y.V3;
        return new(y.V0, even + odd, even - odd, even2 + odd2, even2 - odd2, y.V3);
    }

    public static Row8 TransformFilter(Row8 g)
    {
        float even = -1 / 6f * (g.V0 + g.V2), odd = -1 / 6f * g.V1;
        float even2 = 1 / 24f * (g.V0 + 4 * g.V2), odd2 = 1 / 24f * (2 * g.V1);
        return new(1 / 4f * g.V0, even + odd, even - odd, even2 + odd2, even2 - odd2, g.V2);
    }

    public static Row8 TransformFilterGradient(Row8 u)
    {
        float even1 = -1 / 6f * (u.V1 + u.V2), even2 = 1 / 24f * (u.V3 + u.V4);
        float odd1 = -1 / 6f * (u.V1 - u.V2), odd2 = 1 / 24f * (u.V3 - u.V4);
        return new(1 / 4f * u.V0 + even1 + even2, odd1 + 2 * odd2, even1 + u.V5 + 4 * even2);
    }
}
