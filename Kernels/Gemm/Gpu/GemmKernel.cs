using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>The product A·B of operands [M, K] and [K, N]: of matrices, or of a convolution (implicit GEMM).</summary>
/// <remarks>
/// <para>The parts are named as in CUTLASS:</para>
/// <list type="bullet">
/// <item>
/// The threadblock tile M × N × K: <typeparamref name="TTile"/> says which M × N sums a group of threads computes, and
/// the main loop multiplies TileK of K at a time.
/// </item>
/// <item>
/// The operands, <typeparamref name="TA"/> and <typeparamref name="TB"/>, read memory: a matrix, or the im2col matrix
/// of an image, which is not stored. <see cref="TileIterator{TOperand, TCursor}"/> loads their tiles through a
/// fragment (registers) into shared memory.
/// </item>
/// <item><see cref="SimtMma"/> multiplies the tiles: each thread holds 8 × 8 accumulators.</item>
/// <item>The epilogue, <typeparamref name="TEpilogue"/>, initializes the accumulators and stores them.</item>
/// <item>
/// Split-K: if the product has few tiles and a large K, K is cut into slices, the grid is tiles × slices, and a second
/// kernel adds the slices' sums (<see cref="GemmGpu"/>).
/// </item>
/// </list>
/// <para>
/// Shared memory is double-buffered: the loads of the next tiles are issued before this step's multiplications, and
/// stored after them.
/// </para>
/// </remarks>
internal readonly struct GemmKernel<TTile, TA, TACursor, TB, TBCursor, TEpilogue>(
    TA a, TB b, TEpilogue epilogue, int columnTiles, int gemmK, int sliceK) : IGroupKernel
    where TTile : struct, ITileShape
    where TA : struct, IGemmOperand<TACursor>
    where TACursor : struct
    where TB : struct, IGemmOperand<TBCursor>
    where TBCursor : struct
    where TEpilogue : struct, IEpilogue
{
    public static int Threads => TTile.M * TTile.N / 64;

    /// <summary>
    /// 384 (168 registers) for 64×64, and for 128 threads with an MN-major B; else 512. Measured: it spills without.
    /// </summary>
    public static int ThreadsPerMultiprocessor => Threads == 64 || (Threads == 128 && !TB.IsKMajor) ? 384 : 512;

    private static int TileK => SimtMma.TileK;

    /// <summary>Size of one buffer of A's tile, in <see cref="Float4"/>.</summary>
    private static int ATileSize => TileK * SharedMemoryTile.Stride(TTile.M) / 4;

    private static int BTileSize => TileK * SharedMemoryTile.Stride(TTile.N) / 4;

    public void Run()
    {
        var aTiles = SharedMemory.Allocate<Float4>(2 * ATileSize);
        var bTiles = SharedMemory.Allocate<Float4>(2 * BTileSize);
        int row = Grid.IdxX / columnTiles * TTile.M, column = Grid.IdxX % columnTiles * TTile.N;
        int first = Grid.IdxY * sliceK, end = Math.Min(gemmK, first + sliceK);

        var iteratorA = new TileIterator<TA, TACursor>(a, row, first, TTile.M, TileK, Threads);
        var iteratorB = new TileIterator<TB, TBCursor>(b, column, first, TTile.N, TileK, Threads);
        iteratorA.Load(a, TTile.M, TileK, Threads);
        iteratorB.Load(b, TTile.N, TileK, Threads);
        iteratorA.Store(aTiles, TTile.M, TileK, Threads);
        iteratorB.Store(bTiles, TTile.N, TileK, Threads);
        Group.Barrier();

        row += SimtMma.ThreadRow<TTile>();
        column += SimtMma.ThreadColumn<TTile>();
        var sums = SimtMma.Initialize(new(
            epilogue.InitialSums(column), epilogue.InitialSums(column + SimtMma.ColumnBlockStride<TTile>())));
        var buffer = 0;
        for (var k = first; k < end; k += TileK)
        {
            // The last step loads one tile too many: zeros beyond K, the next slice's otherwise; it is not multiplied.
            iteratorA.Advance(a, TTile.M, TileK, Threads);
            iteratorB.Advance(b, TTile.N, TileK, Threads);
            iteratorA.Load(a, TTile.M, TileK, Threads);
            iteratorB.Load(b, TTile.N, TileK, Threads);

            sums = SimtMma.MultiplyAccumulate<TTile>(
                sums, aTiles.SubView(buffer * ATileSize), bTiles.SubView(buffer * BTileSize));

            buffer ^= 1;
            iteratorA.Store(aTiles.SubView(buffer * ATileSize), TTile.M, TileK, Threads);
            iteratorB.Store(bTiles.SubView(buffer * BTileSize), TTile.N, TileK, Threads);
            Group.Barrier();
        }

        StoreRow(row, column, sums.R0);
        StoreRow(row + 1, column, sums.R1);
        StoreRow(row + 2, column, sums.R2);
        StoreRow(row + 3, column, sums.R3);
        row += SimtMma.RowBlockStride<TTile>();
        StoreRow(row, column, sums.R4);
        StoreRow(row + 1, column, sums.R5);
        StoreRow(row + 2, column, sums.R6);
        StoreRow(row + 3, column, sums.R7);
    }

    private void StoreRow(int row, int column, Accumulators8 sums)
    {
        epilogue.Store(row, column, sums.C0);
        epilogue.Store(row, column + SimtMma.ColumnBlockStride<TTile>(), sums.C1);
    }
}

/// <summary>The layout of a tile in shared memory: [TileK, stride].</summary>
internal static class SharedMemoryTile
{
    /// <summary>
    /// Floats from one k to the next: four more than the tile's M or N, so that the threads of a warp meet different
    /// banks.
    /// </summary>
    public static int Stride(int tileMn) => tileMn + 4;
}
