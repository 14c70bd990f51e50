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
        var lefts = SharedMemory.Allocate<Float4>(2 * ProductTile.Size(TShape.Rows));
        var rights = SharedMemory.Allocate<Float4>(2 * ProductTile.Size(TShape.Columns));
        int row = Grid.IdxX / tilesAcross * TShape.Rows, column = Grid.IdxX % tilesAcross * TShape.Columns;
        int first = Grid.IdxY * pieceDepth, end = Math.Min(depth, first + pieceDepth);

        var l = new Feed<TLeft, TLeftPlace>(left, row, first, TShape.Rows, Threads);
        var r = new Feed<TRight, TRightPlace>(right, column, first, TShape.Columns, Threads);
        l.Read(left, TShape.Rows, Threads);
        r.Read(right, TShape.Columns, Threads);
        l.Store(lefts, 0, TShape.Rows, Threads);
        r.Store(rights, 0, TShape.Columns, Threads);
        Group.Barrier();

        int y = Group.IdxX / (TShape.Columns / 8), x = Group.IdxX % (TShape.Columns / 8);
        var start = new Sums8(target.Start(column + 4 * x), target.Start(column + 4 * x + TShape.Columns / 2));
        var sums = new Sums8x8(start, start, start, start, start, start, start, start);
        var buffer = 0;
        for (var k = first; k < end; k += ProductTile.Depth)
        {
            l.Next(left, TShape.Rows, Threads);
            r.Next(right, TShape.Columns, Threads);
            l.Read(left, TShape.Rows, Threads);
            r.Read(right, TShape.Columns, Threads);

            var beside = lefts.SubView(buffer * ProductTile.Size(TShape.Rows) + y);
            var above = rights.SubView(buffer * ProductTile.Size(TShape.Columns) + x);
            sums = Plus(sums, beside, above, 0);
            sums = Plus(sums, beside, above, 1);
            sums = Plus(sums, beside, above, 2);
            sums = Plus(sums, beside, above, 3);
            sums = Plus(sums, beside, above, 4);
            sums = Plus(sums, beside, above, 5);
            sums = Plus(sums, beside, above, 6);
            sums = Plus(sums, beside, above, 7);

            buffer ^= 1;
            l.Store(lefts, buffer, TShape.Rows, Threads);
            r.Store(rights, buffer, TShape.Columns, Threads);
            Group.Barrier();
        }

        row += 4 * y;
        column += 4 * x;
        Write(row, column, sums.R0);
        Write(row + 1, column, sums.R1);
        Write(row + 2, column, sums.R2);
        Write(row + 3, column, sums.R3);
        Write(row + TShape.Rows / 2, column, sums.R4);
        Write(row + TShape.Rows / 2 + 1, column, sums.R5);
        Write(row + TShape.Rows / 2 + 2, column, sums.R6);
        Write(row + TShape.Rows / 2 + 3, column, sums.R7);
    }

    private static Sums8x8 Plus(Sums8x8 sums, ArrayView<Float4> beside, ArrayView<Float4> above, int k)
    {
        int left = k * ProductTile.Stride(TShape.Rows) / 4, right = k * ProductTile.Stride(TShape.Columns) / 4;
        return sums.Plus(beside[left], beside[left + TShape.Rows / 8], above[right], above[right + TShape.Columns / 8]);
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

    /// <summary>How many <see cref="Float4"/> a buffer has.</summary>
    public static int Size(int lines) => Depth * Stride(lines) / 4;
}
