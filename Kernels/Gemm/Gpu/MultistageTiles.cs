using ILGPU.Runtime.Cuda;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// The tiles of all stages in shared memory: declares the memory, and computes offsets in it, in bytes.
/// </summary>
/// <remarks>
/// There are three stages: two are being copied while one is multiplied.
/// Each access copies four floats that are contiguous in global memory: along K or along MN. The accesses of a few rows
/// are permuted (swizzled), so that a warp that reads eight rows, or four k, meets all 32 banks.
/// </remarks>
internal static class MultistageTiles
{
    /// <summary>
    /// How much of K a stage has: 16 if each thread then has two accesses per operand, else 8.
    /// </summary>
    public static int TileK<TTile>() where TTile : struct, ITileShape => TTile.M == 128 && TTile.N == 128 ? 16 : 8;

    /// <summary>The size of A's tile in a stage; B's follows it.</summary>
    public static int ABytes<TTile>() where TTile : struct, ITileShape => 4 * TTile.M * TileK<TTile>();

    public static int StageBytes<TTile>() where TTile : struct, ITileShape => 4 * (TTile.M + TTile.N) * TileK<TTile>();

    /// <summary>Declares the memory and <c>tiles</c>, its address. Inline assembly takes constant texts only.</summary>
    public static void Declare<TTile>() where TTile : struct, ITileShape
    {
        if (StageBytes<TTile>() == 16384) CudaAsm.Emit(".shared .align 128 .b8 stages[49152];");
        if (StageBytes<TTile>() == 6144) CudaAsm.Emit(".shared .align 128 .b8 stages[18432];");
        if (StageBytes<TTile>() == 4096) CudaAsm.Emit(".shared .align 128 .b8 stages[12288];");
        CudaAsm.Emit(".reg .b32 tiles; mov.u32 tiles, stages;");
    }

    /// <summary>
    /// The offset of the four elements from (mn, 4·access) on of a K-major operand, in a tile [MN, TileK].
    /// </summary>
    /// <remarks>128 bytes are all banks once: two rows of 16 elements, or four of 8.</remarks>
    public static int KMajorOffset(int mn, int access, int tileK)
    {
        int rows = 32 / tileK, bankRow = mn / rows;
        return 128 * bankRow + 16 * ((mn % rows * (tileK / 4) + access) ^ (bankRow % (tileK / 2)));
    }

    /// <summary>The offset of element (mn, k) of an MN-major operand, in a tile [TileK, MN].</summary>
    public static int MNMajorOffset(int mn, int k, int tileMn) => 4 * (k * tileMn + (mn ^ (k % 4 * 8)));
}
