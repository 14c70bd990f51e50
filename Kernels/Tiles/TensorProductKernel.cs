using ILGPU;

namespace PyNetSharp;

/// <summary>
/// What <see cref="ProductKernel{TShape, TLeft, TLeftPlace, TRight, TRightPlace, TTarget}"/> does, on CUDA's tensor cores.
/// </summary>
/// <remarks>
/// Copies into shared memory are asynchronous and two steps ahead: three stages take turns, and one barrier a step says both
/// that all threads' copies for this step have arrived and that nobody reads the stage any more that is filled next.
/// </remarks>
/// <param name="leftData">The address of the left operand's floats: there is no other way to name it in inline assembly.</param>
internal readonly struct TensorProductKernel<TShape, TLeft, TLeftPlace, TRight, TRightPlace, TTarget>(
    TLeft left, long leftData, TRight right, long rightData, TTarget target,
    int tilesAcross, int depth, int pieceDepth) : IGroupKernel
    where TShape : struct, ITileShape
    where TLeft : struct, IOperand<TLeftPlace>
    where TLeftPlace : struct
    where TRight : struct, IOperand<TRightPlace>
    where TRightPlace : struct
    where TTarget : struct, IProductTarget
{
    public static int Threads => TShape.Rows * TShape.Columns / 64;

    private static int Step => TensorTiles.Depth<TShape>();

    public void Run()
    {
        TensorTiles.Declare<TShape>();
        TensorCores.Declare();
        int row = Grid.IdxX / tilesAcross * TShape.Rows, column = Grid.IdxX % tilesAcross * TShape.Columns;
        int first = Grid.IdxY * pieceDepth, end = IntrinsicMath.Min(depth, first + pieceDepth);

        int rights = TensorTiles.LeftBytes<TShape>(), stageBytes = TensorTiles.StageBytes<TShape>();
        var l = new AsyncFeed<TLeft, TLeftPlace>(left, row, first, 0, TShape.Rows, Step, Threads);
        var r = new AsyncFeed<TRight, TRightPlace>(right, column, first, rights, TShape.Columns, Step, Threads);
        for (var stage = 0; stage < 2; stage++)
        {
            l.Send(left, leftData, stage * stageBytes, TShape.Rows, Step, Threads);
            r.Send(right, rightData, stage * stageBytes, TShape.Columns, Step, Threads);
            AsyncCopy.Commit();
        }

        int warpRow = TensorCores.WarpRow<TShape>(), warpColumn = TensorCores.WarpColumn<TShape>();
        var lefts = new TensorFactor<TLeft, TLeftPlace>(0, warpRow, TShape.Rows, Step, isLeft: true);
        var columns = new TensorFactor<TRight, TRightPlace>(rights, warpColumn, TShape.Columns, Step, isLeft: false);
        row += warpRow + Group.IdxX % 32 / 4 * 2;
        column += warpColumn + Group.IdxX % 4 * 4;
        TensorSums.Begin(new(target.Start(column), target.Start(column + 16)));

        int read = 0, write = 2 * stageBytes;
        for (var k = first; k < end; k += Step)
        {
            AsyncCopy.WaitForAllButOne();
            Group.Barrier();
            if (k + 2 * Step < end)
            {
                l.Send(left, leftData, write, TShape.Rows, Step, Threads);
                r.Send(right, rightData, write, TShape.Columns, Step, Threads);
            }

            AsyncCopy.Commit();
            Multiply(lefts, columns, read, 0);
            if (Step == 16) Multiply(lefts, columns, read, 1);
            read = read == 2 * stageBytes ? 0 : read + stageBytes;
            write = write == 2 * stageBytes ? 0 : write + stageBytes;
        }

        var sums = TensorSums.End();
        Write(row, column, sums.R0);
        Write(row + 1, column, sums.R1);
        Write(row + 16, column, sums.R2);
        Write(row + 17, column, sums.R3);
        Write(row + 32, column, sums.R4);
        Write(row + 33, column, sums.R5);
        Write(row + 48, column, sums.R6);
        Write(row + 49, column, sums.R7);
    }

    private static void Multiply(
        TensorFactor<TLeft, TLeftPlace> lefts, TensorFactor<TRight, TRightPlace> rights, int stage, int eight)
    {
        lefts.LoadLeft(stage, eight, TShape.Rows, Step);
        rights.LoadRight(stage, eight, TShape.Columns, Step);
        TensorCores.Round();
        TensorCores.Multiply();
    }

    private void Write(int row, int column, Sums8 sums)
    {
        target.Write(row, column, sums.Left);
        target.Write(row, column + 16, sums.Right);
    }
}
