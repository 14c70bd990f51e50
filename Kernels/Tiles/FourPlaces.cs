using ILGPU;

namespace PyNetSharp;

/// <summary>Which four floats of a tile a thread brings: neighbours in memory are brought by neighbours.</summary>
internal static class FourPlaces<TOperand, TPlace>
    where TOperand : struct, IOperand<TPlace>
    where TPlace : struct
{
    public static int Line(int lines, int depth) => TOperand.AlongLine ? Group.IdxX / (depth / 4) : Group.IdxX % (lines / 4) * 4;

    public static int Depth(int lines, int depth) => TOperand.AlongLine ? Group.IdxX % (depth / 4) * 4 : Group.IdxX / (lines / 4);

    /// <summary>How far a second four is from the first: in lines, or in depth.</summary>
    public static int LinesOn(int depth, int threads) => TOperand.AlongLine ? threads / (depth / 4) : 0;

    public static int DepthOn(int lines, int threads) => TOperand.AlongLine ? 0 : threads / (lines / 4);
}

internal static class FourPlaces
{
    /// <summary>Whether each thread brings a second four.</summary>
    public static bool Twice(int lines, int depth, int threads) => lines * depth / 4 > threads;
}
