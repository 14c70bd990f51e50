using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// What <see cref="GemmKernel{TShape, TLeft, TLeftPlace, TRight, TRightPlace, TTarget}"/> does, on CUDA's tensor cores.
/// </summary>
/// <remarks>
/// Copies into shared memory are asynchronous and two steps ahead: three stages take turns, and one barrier a step says both
/// that all threads' copies for this step have arrived and that nobody reads the stage any more that is filled next.
/// </remarks>
/// <param name="aAddress">The address of the left operand's floats: there is no other way to name it in inline assembly.</param>
internal readonly struct TensorCoreGemmKernel<TShape, TLeft, TLeftPlace, TRight, TRightPlace, TTarget>(
    TLeft a, long aAddress, TRight b, long bAddress, TTarget epilogue,
    int columnTiles, int gemmK, int sliceK) : IGroupKernel
    where TShape : struct, ITileShape
    where TLeft : struct, IGemmOperand<TLeftPlace>
    where TLeftPlace : struct
    where TRight : struct, IGemmOperand<TRightPlace>
    where TRightPlace : struct
    where TTarget : struct, IEpilogue
{
    public static int Threads => TShape.Rows * TShape.Columns / 64;

    private static int TileK => MultistageTiles.TileK<TShape>();

    public void Run()
    {
        MultistageTiles.Declare<TShape>();
        TensorCores.DeclareFragments();
        int row = Grid.IdxX / columnTiles * TShape.Rows, column = Grid.IdxX % columnTiles * TShape.Columns;
        int first = Grid.IdxY * sliceK, end = IntrinsicMath.Min(gemmK, first + sliceK);

        int rights = MultistageTiles.ABytes<TShape>(), stageBytes = MultistageTiles.StageBytes<TShape>();
        var l = new AsyncTileIterator<TLeft, TLeftPlace>(a, row, first, 0, TShape.Rows, TileK, Threads);
        var r = new AsyncTileIterator<TRight, TRightPlace>(b, column, first, rights, TShape.Columns, TileK, Threads);
        for (var stage = 0; stage < 2; stage++)
        {
            l.CopyToShared(a, aAddress, stage * stageBytes, TShape.Rows, TileK, Threads);
            r.CopyToShared(b, bAddress, stage * stageBytes, TShape.Columns, TileK, Threads);
            AsyncCopy.CommitGroup();
        }

        int warpRow = TensorCores.WarpRow<TShape>(), warpColumn = TensorCores.WarpColumn<TShape>();
        var lefts = new FragmentLoader<TLeft, TLeftPlace>(0, warpRow, TShape.Rows, TileK, isLeft: true);
        var columns = new FragmentLoader<TRight, TRightPlace>(rights, warpColumn, TShape.Columns, TileK, isLeft: false);
        row += warpRow + Group.IdxX % 32 / 4 * 2;
        column += warpColumn + Group.IdxX % 4 * 4;
        MmaAccumulators.Initialize(new(epilogue.InitialSums(column), epilogue.InitialSums(column + 16)));

        int read = 0, write = 2 * stageBytes;
        for (var k = first; k < end; k += TileK)
        {
            AsyncCopy.WaitAllButLastGroup();
            Group.Barrier();
            if (k + 2 * TileK < end)
            {
                l.CopyToShared(a, aAddress, write, TShape.Rows, TileK, Threads);
                r.CopyToShared(b, bAddress, write, TShape.Columns, TileK, Threads);
            }

            AsyncCopy.CommitGroup();
            MultiplyAccumulate(lefts, columns, read, 0);
            if (TileK == 16) MultiplyAccumulate(lefts, columns, read, 1);
            read = read == 2 * stageBytes ? 0 : read + stageBytes;
            write = write == 2 * stageBytes ? 0 : write + stageBytes;
        }

        var sums = MmaAccumulators.Read();
        StoreRow(row, column, sums.R0);
        StoreRow(row + 1, column, sums.R1);
        StoreRow(row + 16, column, sums.R2);
        StoreRow(row + 17, column, sums.R3);
        StoreRow(row + 32, column, sums.R4);
        StoreRow(row + 33, column, sums.R5);
        StoreRow(row + 48, column, sums.R6);
        StoreRow(row + 49, column, sums.R7);
    }

    private static void MultiplyAccumulate(
        FragmentLoader<TLeft, TLeftPlace> lefts, FragmentLoader<TRight, TRightPlace> rights, int stage, int eight)
    {
        lefts.LoadA(stage, eight, TShape.Rows, TileK);
        rights.LoadB(stage, eight, TShape.Columns, TileK);
        TensorCores.RoundToTf32();
        TensorCores.MultiplyAccumulate();
    }

    private void StoreRow(int row, int column, Accumulators8 sums)
    {
        epilogue.Store(row, column, sums.Left);
        epilogue.Store(row, column + 16, sums.Right);
    }
}
