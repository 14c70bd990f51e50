using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>left·right: matrix products, and convolutions whose windows are never written out (implicit GEMM).</summary>
/// <remarks>
/// <para>
/// A group computes a tile of the product. Step by step its threads bring a few floats of each of the tile's rows and
/// columns into shared memory, and multiply them there; two buffers take turns, so that the loads of the next step are on
/// their way while this step's floats are multiplied.
/// </para>
/// <para>
/// A product with few tiles and a large depth is cut in depth as well, into pieces that are summed up afterwards: the
/// grid is tiles × pieces.
/// </para>
/// </remarks>
internal readonly struct GemmKernel<TShape, TLeft, TLeftPlace, TRight, TRightPlace, TTarget>(
    TLeft a, TRight b, TTarget epilogue, int columnTiles, int gemmK, int sliceK) : IGroupKernel
    where TShape : struct, ITileShape
    where TLeft : struct, IGemmOperand<TLeftPlace>
    where TLeftPlace : struct
    where TRight : struct, IGemmOperand<TRightPlace>
    where TRightPlace : struct
    where TTarget : struct, IEpilogue
{
    public static int Threads => TShape.Rows * TShape.Columns / 64;

    /// <summary>
    /// In a group of few threads each brings two fours of a factor at once, for which 128 registers are not enough: of
    /// both with 64 threads, of one with 128, and that one must lie along lines.
    /// </summary>
    public static int ThreadsPerMultiprocessor => Threads == 64 || (Threads == 128 && !TRight.IsKMajor) ? 384 : 512;

    private static int TileK => SimtMma.TileK;

    /// <summary>Fours in one buffer of the left operand, and of the right one.</summary>
    private static int ATileSize => TileK * SharedMemoryTile.Stride(TShape.Rows) / 4;

    private static int BTileSize => TileK * SharedMemoryTile.Stride(TShape.Columns) / 4;

    public void Run()
    {
        var lefts = SharedMemory.Allocate<Float4>(2 * ATileSize);
        var rights = SharedMemory.Allocate<Float4>(2 * BTileSize);
        int row = Grid.IdxX / columnTiles * TShape.Rows, column = Grid.IdxX % columnTiles * TShape.Columns;
        int first = Grid.IdxY * sliceK, end = Math.Min(gemmK, first + sliceK);

        var l = new TileIterator<TLeft, TLeftPlace>(a, row, first, TShape.Rows, TileK, Threads);
        var r = new TileIterator<TRight, TRightPlace>(b, column, first, TShape.Columns, TileK, Threads);
        l.Load(a, TShape.Rows, TileK, Threads);
        r.Load(b, TShape.Columns, TileK, Threads);
        l.Store(lefts, TShape.Rows, TileK, Threads);
        r.Store(rights, TShape.Columns, TileK, Threads);
        Group.Barrier();

        row += SimtMma.ThreadRow<TShape>();
        column += SimtMma.ThreadColumn<TShape>();
        var sums = SimtMma.Initialize(new(epilogue.InitialSums(column), epilogue.InitialSums(column + SimtMma.ColumnBlockStride<TShape>())));
        var buffer = 0;
        for (var k = first; k < end; k += TileK)
        {
            l.Advance(a, TShape.Rows, TileK, Threads);
            r.Advance(b, TShape.Columns, TileK, Threads);
            l.Load(a, TShape.Rows, TileK, Threads);
            r.Load(b, TShape.Columns, TileK, Threads);

            sums = SimtMma.MultiplyAccumulate<TShape>(sums, lefts.SubView(buffer * ATileSize), rights.SubView(buffer * BTileSize));

            buffer ^= 1;
            l.Store(lefts.SubView(buffer * ATileSize), TShape.Rows, TileK, Threads);
            r.Store(rights.SubView(buffer * BTileSize), TShape.Columns, TileK, Threads);
            Group.Barrier();
        }

        StoreRow(row, column, sums.R0);
        StoreRow(row + 1, column, sums.R1);
        StoreRow(row + 2, column, sums.R2);
        StoreRow(row + 3, column, sums.R3);
        row += SimtMma.RowBlockStride<TShape>();
        StoreRow(row, column, sums.R4);
        StoreRow(row + 1, column, sums.R5);
        StoreRow(row + 2, column, sums.R6);
        StoreRow(row + 3, column, sums.R7);
    }

    private void StoreRow(int row, int column, Accumulators8 sums)
    {
        epilogue.Store(row, column, sums.Left);
        epilogue.Store(row, column + SimtMma.ColumnBlockStride<TShape>(), sums.Right);
    }
}

/// <summary>The measures of a tile in shared memory.</summary>
internal static class SharedMemoryTile
{
    /// <summary>Floats from one depth to the next: a few more than lines, so that the threads of a warp meet different banks.</summary>
    public static int Stride(int lines) => lines + 4;
}
