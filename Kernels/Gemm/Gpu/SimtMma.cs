using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>Multiplies tiles in shared memory: each thread for itself, in float32.</summary>
/// <remarks>
/// A thread's 8×8 accumulators are two by two blocks of 4×4, half a tile apart, so that the threads of a warp read
/// contiguous floats.
/// </remarks>
internal static class SimtMma
{
    /// <summary>How much of K a step of the main loop multiplies.</summary>
    public const int TileK = 8;

    /// <summary>The row of the tile with the calling thread's first accumulators.</summary>
    public static int ThreadRow<TTile>() where TTile : struct, ITileShape => Group.IdxX / (TTile.N / 8) * 4;

    /// <summary>The column of the tile with the calling thread's first accumulators.</summary>
    public static int ThreadColumn<TTile>() where TTile : struct, ITileShape => Group.IdxX % (TTile.N / 8) * 4;

    /// <summary>The distance from a thread's first block to the one below.</summary>
    public static int RowBlockStride<TTile>() where TTile : struct, ITileShape => TTile.M / 2;

    /// <summary>The distance from a thread's first block to the one beside it.</summary>
    public static int ColumnBlockStride<TTile>() where TTile : struct, ITileShape => TTile.N / 2;

    /// <summary>Accumulators with the same <paramref name="row"/> in each row.</summary>
    public static Accumulators8x8 Initialize(Accumulators8 row) => new(row, row, row, row, row, row, row, row);

    /// <summary>The accumulators plus the products of one step.</summary>
    /// <param name="aTile">[TileK, <see cref="SharedMemoryTile.Stride"/> of the tile's M]</param>
    /// <param name="bTile">[TileK, <see cref="SharedMemoryTile.Stride"/> of the tile's N]</param>
    public static Accumulators8x8 MultiplyAccumulate<TTile>(
        Accumulators8x8 sums, ArrayView<Float4> aTile, ArrayView<Float4> bTile)
        where TTile : struct, ITileShape
    {
        // Offsets from here on are constants that load instructions include. ILGPU does not unroll loops.
        var a = aTile.SubView(ThreadRow<TTile>() / 4);
        var b = bTile.SubView(ThreadColumn<TTile>() / 4);
        sums = MultiplyAccumulateStep<TTile>(sums, a, b, 0);
        sums = MultiplyAccumulateStep<TTile>(sums, a, b, 1);
        sums = MultiplyAccumulateStep<TTile>(sums, a, b, 2);
        sums = MultiplyAccumulateStep<TTile>(sums, a, b, 3);
        sums = MultiplyAccumulateStep<TTile>(sums, a, b, 4);
        sums = MultiplyAccumulateStep<TTile>(sums, a, b, 5);
        sums = MultiplyAccumulateStep<TTile>(sums, a, b, 6);
        return MultiplyAccumulateStep<TTile>(sums, a, b, 7);
    }

    private static Accumulators8x8 MultiplyAccumulateStep<TTile>(
        Accumulators8x8 sums, ArrayView<Float4> a, ArrayView<Float4> b, int k)
        where TTile : struct, ITileShape
    {
        int i = k * SharedMemoryTile.Stride(TTile.M) / 4, j = k * SharedMemoryTile.Stride(TTile.N) / 4;
        return sums.AddOuterProduct(a[i], a[i + TTile.M / 8], b[j], b[j + TTile.N / 8]);
    }
}
