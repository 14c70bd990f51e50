using ILGPU.Runtime.Cuda;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>The stages' tiles in shared memory: where a float lies, in bytes.</summary>
/// <remarks>
/// Floats are copied in fours as they lie in global memory: along lines, or across them. The fours of a few rows are permuted,
/// so that whoever reads eight lines, or four depths, meets all 32 banks.
/// </remarks>
internal static class MultistageTiles
{
    /// <summary>Three: two are on their way while one is multiplied.</summary>
    public const int Stages = 3;

    /// <summary>Floats of each line in a stage: 16 where a thread has two fours of each factor to bring for it, else 8.</summary>
    public static int TileK<TShape>() where TShape : struct, ITileShape => TShape.Rows == 128 && TShape.Columns == 128 ? 16 : 8;

    public static int ABytes<TShape>() where TShape : struct, ITileShape => 4 * TShape.Rows * TileK<TShape>();

    public static int StageBytes<TShape>() where TShape : struct, ITileShape =>
        4 * (TShape.Rows + TShape.Columns) * TileK<TShape>();

    /// <summary>Declares the memory and <c>tiles</c>, its address. The text is constant, and so is each number in it.</summary>
    public static void Declare<TShape>() where TShape : struct, ITileShape
    {
        if (StageBytes<TShape>() == 16384) CudaAsm.Emit(".shared .align 128 .b8 stages[49152];");
        if (StageBytes<TShape>() == 6144) CudaAsm.Emit(".shared .align 128 .b8 stages[18432];");
        if (StageBytes<TShape>() == 4096) CudaAsm.Emit(".shared .align 128 .b8 stages[12288];");
        CudaAsm.Emit(".reg .b32 tiles; mov.u32 tiles, stages;");
    }

    /// <summary>Four number <paramref name="four"/> of a line, where lines lie one after the other.</summary>
    /// <remarks>128 bytes are all banks once: two lines of depth 16 or four of depth 8.</remarks>
    public static int KMajorOffset(int line, int four, int depth)
    {
        int lines = 32 / depth, row = line / lines;
        return 128 * row + 16 * ((line % lines * (depth / 4) + four) ^ (row % (depth / 2)));
    }

    /// <summary>A line at a depth, where depths lie one after the other.</summary>
    public static int MNMajorOffset(int line, int k, int lines) => 4 * (k * lines + (line ^ (k % 4 * 8)));
}
