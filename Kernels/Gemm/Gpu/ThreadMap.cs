using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>Which four floats of a tile a thread brings: neighbours in memory are brought by neighbours.</summary>
internal static class ThreadMap<TOperand, TPlace>
    where TOperand : struct, IGemmOperand<TPlace>
    where TPlace : struct
{
    public static int FirstLine(int lines, int depth) => TOperand.IsKMajor ? Group.IdxX / (depth / 4) : Group.IdxX % (lines / 4) * 4;

    public static int FirstK(int lines, int depth) => TOperand.IsKMajor ? Group.IdxX % (depth / 4) * 4 : Group.IdxX / (lines / 4);

    /// <summary>How far a second four is from the first: in lines, or in depth.</summary>
    public static int LineStep(int depth, int threads) => TOperand.IsKMajor ? threads / (depth / 4) : 0;

    public static int KStep(int lines, int threads) => TOperand.IsKMajor ? 0 : threads / (lines / 4);
}

internal static class ThreadMap
{
    /// <summary>Whether each thread brings a second four.</summary>
    public static bool HasSecondAccess(int lines, int depth, int threads) => lines * depth / 4 > threads;
}
