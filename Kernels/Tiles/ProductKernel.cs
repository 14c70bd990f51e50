using ILGPU;

namespace PyNetSharp;

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

    /// <summary>
    /// In a group of few threads each brings two fours of a factor at once, for which 128 registers are not enough: of
    /// both with 64 threads, of one with 128, and that one must lie along lines.
    /// </summary>
    public static int ThreadsPerProcessor => Threads == 64 || (Threads == 128 && !TRight.AlongLine) ? 384 : 512;

    private static int Step => Multipliers.Depth;

    /// <summary>Fours in one buffer of the left operand, and of the right one.</summary>
    private static int LeftSize => Step * ProductTile.Stride(TShape.Rows) / 4;

    private static int RightSize => Step * ProductTile.Stride(TShape.Columns) / 4;

    public void Run()
    {
        var lefts = SharedMemory.Allocate<Float4>(2 * LeftSize);
        var rights = SharedMemory.Allocate<Float4>(2 * RightSize);
        int row = Grid.IdxX / tilesAcross * TShape.Rows, column = Grid.IdxX % tilesAcross * TShape.Columns;
        int first = Grid.IdxY * pieceDepth, end = Math.Min(depth, first + pieceDepth);

        var l = new Feed<TLeft, TLeftPlace>(left, row, first, TShape.Rows, Step, Threads);
        var r = new Feed<TRight, TRightPlace>(right, column, first, TShape.Columns, Step, Threads);
        l.Read(left, TShape.Rows, Step, Threads);
        r.Read(right, TShape.Columns, Step, Threads);
        l.Store(lefts, TShape.Rows, Step, Threads);
        r.Store(rights, TShape.Columns, Step, Threads);
        Group.Barrier();

        row += Multipliers.Row<TShape>();
        column += Multipliers.Column<TShape>();
        var sums = Multipliers.Begin(new(target.Start(column), target.Start(column + Multipliers.ColumnsApart<TShape>())));
        var buffer = 0;
        for (var k = first; k < end; k += Step)
        {
            l.Next(left, TShape.Rows, Step, Threads);
            r.Next(right, TShape.Columns, Step, Threads);
            l.Read(left, TShape.Rows, Step, Threads);
            r.Read(right, TShape.Columns, Step, Threads);

            sums = Multipliers.Multiply<TShape>(sums, lefts.SubView(buffer * LeftSize), rights.SubView(buffer * RightSize));

            buffer ^= 1;
            l.Store(lefts.SubView(buffer * LeftSize), TShape.Rows, Step, Threads);
            r.Store(rights.SubView(buffer * RightSize), TShape.Columns, Step, Threads);
            Group.Barrier();
        }

        Write(row, column, sums.R0);
        Write(row + 1, column, sums.R1);
        Write(row + 2, column, sums.R2);
        Write(row + 3, column, sums.R3);
        row += Multipliers.RowsApart<TShape>();
        Write(row, column, sums.R4);
        Write(row + 1, column, sums.R5);
        Write(row + 2, column, sums.R6);
        Write(row + 3, column, sums.R7);
    }

    private void Write(int row, int column, Sums8 sums)
    {
        target.Write(row, column, sums.Left);
        target.Write(row, column + Multipliers.ColumnsApart<TShape>(), sums.Right);
    }
}

/// <summary>The measures of a tile in shared memory.</summary>
internal static class ProductTile
{
    /// <summary>Floats from one depth to the next: a few more than lines, so that the threads of a warp meet different banks.</summary>
    public static int Stride(int lines) => lines + 4;
}
