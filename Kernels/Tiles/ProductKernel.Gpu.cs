using ILGPU;

namespace PyNetSharp;

/// <summary>left·right: matrix products, and convolutions whose windows are never written out (implicit GEMM).</summary>
/// <remarks>
/// <para>
/// A group computes a tile of the product. Step by step in depth its threads bring <see cref="ProductTile.Depth"/> floats
/// of each of the tile's rows and columns into shared memory; there are two buffers, so that the loads of the next step
/// are on their way while this step's are multiplied. Each thread holds 8×8 sums: two by two blocks of 4×4, half a tile
/// apart, so that the threads of a warp read neighbouring floats.
/// </para>
/// <para>
/// A product with few tiles and a large depth is cut in depth as well, into pieces that are summed up afterwards: the
/// grid is tiles × pieces.
/// </para>
/// </remarks>
internal readonly struct ProductKernel<TShape, TLeft, TLeftPlace, TRight, TRightPlace, TTarget>(
    TLeft left, TRight right, TTarget target, int tilesAcross, int depth, int pieceDepth) : IGroupKernel
    where TShape : struct, ITileShape
    where TLeft : struct, IOperand<TLeftPlace>
    where TLeftPlace : struct
    where TRight : struct, IOperand<TRightPlace>
    where TRightPlace : struct
    where TTarget : struct, IProductTarget
{
    public static int Threads => TShape.Rows * TShape.Columns / 64;

    public void Run()
    {
        var lefts = SharedMemory.Allocate<Float4>(2 * ProductTile.Depth * ProductTile.Stride(TShape.Rows) / 4).Cast<float>();
        var rights = SharedMemory.Allocate<Float4>(2 * ProductTile.Depth * ProductTile.Stride(TShape.Columns) / 4).Cast<float>();
        int row = Grid.IdxX / tilesAcross * TShape.Rows, column = Grid.IdxX % tilesAcross * TShape.Columns;
        int first = Grid.IdxY * pieceDepth, end = Math.Min(depth, first + pieceDepth);

        var l = new Feed<TLeft, TLeftPlace>(left, row, first, TShape.Rows, Threads);
        var r = new Feed<TRight, TRightPlace>(right, column, first, TShape.Columns, Threads);
        l.Read(left, TShape.Rows, Threads);
        r.Read(right, TShape.Columns, Threads);
        l.Store(lefts, 0, TShape.Rows, Threads);
        r.Store(rights, 0, TShape.Columns, Threads);
        Group.Barrier();

        int across = TShape.Columns / 8, y = Group.IdxX / across * 4, x = Group.IdxX % across * 4;
        var sums = default(Sums8x8);
        var buffer = 0;
        for (var k = first; k < end; k += ProductTile.Depth)
        {
            l.Next(left, TShape.Rows, Threads);
            r.Next(right, TShape.Columns, Threads);
            l.Read(left, TShape.Rows, Threads);
            r.Read(right, TShape.Columns, Threads);

            int above = buffer * ProductTile.Depth * ProductTile.Stride(TShape.Rows) + y;
            int before = buffer * ProductTile.Depth * ProductTile.Stride(TShape.Columns) + x;
            sums = Plus(sums, lefts, above, rights, before, 0);
            sums = Plus(sums, lefts, above, rights, before, 1);
            sums = Plus(sums, lefts, above, rights, before, 2);
            sums = Plus(sums, lefts, above, rights, before, 3);
            sums = Plus(sums, lefts, above, rights, before, 4);
            sums = Plus(sums, lefts, above, rights, before, 5);
            sums = Plus(sums, lefts, above, rights, before, 6);
            sums = Plus(sums, lefts, above, rights, before, 7);

            buffer ^= 1;
            l.Store(lefts, buffer, TShape.Rows, Threads);
            r.Store(rights, buffer, TShape.Columns, Threads);
            Group.Barrier();
        }

        Write(row + y, column + x, sums.R0);
        Write(row + y + 1, column + x, sums.R1);
        Write(row + y + 2, column + x, sums.R2);
        Write(row + y + 3, column + x, sums.R3);
        Write(row + y + TShape.Rows / 2, column + x, sums.R4);
        Write(row + y + TShape.Rows / 2 + 1, column + x, sums.R5);
        Write(row + y + TShape.Rows / 2 + 2, column + x, sums.R6);
        Write(row + y + TShape.Rows / 2 + 3, column + x, sums.R7);
    }

    private static Sums8x8 Plus(Sums8x8 sums, ArrayView<float> lefts, int above, ArrayView<float> rights, int before, int k)
    {
        above += k * ProductTile.Stride(TShape.Rows);
        before += k * ProductTile.Stride(TShape.Columns);
        return sums.Plus(
            Float4.Load(lefts, above), Float4.Load(lefts, above + TShape.Rows / 2),
            Float4.Load(rights, before), Float4.Load(rights, before + TShape.Columns / 2));
    }

    private void Write(int row, int column, Sums8 sums)
    {
        target.Write(row, column, sums.Left);
        target.Write(row, column + TShape.Columns / 2, sums.Right);
    }
}

/// <summary>The measures of a tile in shared memory.</summary>
internal static class ProductTile
{
    /// <summary>Floats of each line that a step multiplies.</summary>
    public const int Depth = 8;

    /// <summary>Floats from one depth to the next: a few more than lines, so that the writes of a warp fall into different banks.</summary>
    public static int Stride(int lines) => lines + 4;
}
