using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>Each thread multiplies for itself, in float32.</summary>
/// <remarks>
/// A thread's 8×8 sums are two by two blocks of 4×4, half a tile apart, so that the threads of a warp read neighbouring floats.
/// </remarks>
internal static class SimtMma
{
    /// <summary>Floats of each of the tile's lines that a step multiplies.</summary>
    public const int TileK = 8;

    /// <summary>The tile's row and column of the calling thread's first sum, and the way from there to the second block.</summary>
    public static int ThreadRow<TShape>() where TShape : struct, ITileShape => Group.IdxX / (TShape.Columns / 8) * 4;

    public static int ThreadColumn<TShape>() where TShape : struct, ITileShape => Group.IdxX % (TShape.Columns / 8) * 4;

    public static int RowBlockStride<TShape>() where TShape : struct, ITileShape => TShape.Rows / 2;

    public static int ColumnBlockStride<TShape>() where TShape : struct, ITileShape => TShape.Columns / 2;

    /// <summary>Sums with the same <paramref name="start"/> in each row.</summary>
    public static Accumulators8x8 Initialize(Accumulators8 start) => new(start, start, start, start, start, start, start, start);

    /// <summary>The sums plus one step's products.</summary>
    /// <param name="lefts">[depth, <see cref="SharedMemoryTile.Stride"/> of the tile's rows]</param>
    /// <param name="rights">[depth, <see cref="SharedMemoryTile.Stride"/> of the tile's columns]</param>
    public static Accumulators8x8 MultiplyAccumulate<TShape>(Accumulators8x8 sums, ArrayView<Float4> lefts, ArrayView<Float4> rights)
        where TShape : struct, ITileShape
    {
        // Offsets from here on are constants, which loads have room for; and ILGPU unrolls no loop.
        var beside = lefts.SubView(ThreadRow<TShape>() / 4);
        var above = rights.SubView(ThreadColumn<TShape>() / 4);
        sums = MultiplyAccumulateStep<TShape>(sums, beside, above, 0);
        sums = MultiplyAccumulateStep<TShape>(sums, beside, above, 1);
        sums = MultiplyAccumulateStep<TShape>(sums, beside, above, 2);
        sums = MultiplyAccumulateStep<TShape>(sums, beside, above, 3);
        sums = MultiplyAccumulateStep<TShape>(sums, beside, above, 4);
        sums = MultiplyAccumulateStep<TShape>(sums, beside, above, 5);
        sums = MultiplyAccumulateStep<TShape>(sums, beside, above, 6);
        return MultiplyAccumulateStep<TShape>(sums, beside, above, 7);
    }

    private static Accumulators8x8 MultiplyAccumulateStep<TShape>(Accumulators8x8 sums, ArrayView<Float4> beside, ArrayView<Float4> above, int k)
        where TShape : struct, ITileShape
    {
        int left = k * SharedMemoryTile.Stride(TShape.Rows) / 4, right = k * SharedMemoryTile.Stride(TShape.Columns) / 4;
        return sums.AddOuterProduct(beside[left], beside[left + TShape.Rows / 8], above[right], above[right + TShape.Columns / 8]);
    }
}
