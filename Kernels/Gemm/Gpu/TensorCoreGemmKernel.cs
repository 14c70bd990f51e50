using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// The product of <see cref="GemmKernel{TTile, TA, TACursor, TB, TBCursor, TEpilogue}"/> on CUDA's tensor cores,
/// with tf32 operands and float32 sums.
/// </summary>
/// <remarks>
/// <para>
/// <see cref="AsyncTileIterator{TOperand, TCursor}"/> copies the tiles into shared memory,
/// <see cref="FragmentLoader{TOperand, TCursor}"/> loads fragments from there, <see cref="TensorCores"/> multiplies
/// them, and the epilogue stores the accumulators.
/// </para>
/// <para>
/// It is a multistage pipeline, as in CUTLASS: copies are asynchronous and two steps ahead, in three stages. One
/// barrier per step ensures both that the copies of all threads for this step have arrived, and that no thread still
/// reads the stage that is overwritten next.
/// </para>
/// </remarks>
/// <param name="aAddress">The address of A, which inline assembly cannot take from a view.</param>
internal readonly struct TensorCoreGemmKernel<TTile, TA, TACursor, TB, TBCursor, TEpilogue>(
    TA a, long aAddress, TB b, long bAddress, TEpilogue epilogue, int columnTiles, int gemmK, int sliceK) : IGroupKernel
    where TTile : struct, ITileShape
    where TA : struct, IGemmOperand<TACursor>
    where TACursor : struct
    where TB : struct, IGemmOperand<TBCursor>
    where TBCursor : struct
    where TEpilogue : struct, IEpilogue
{
    public static int Threads => TTile.M * TTile.N / 64;

    private static int TileK => MultistageTiles.TileK<TTile>();

    public void Run()
    {
        MultistageTiles.Declare<TTile>();
        TensorCores.DeclareFragments();
        int row = Grid.IdxX / columnTiles * TTile.M, column = Grid.IdxX % columnTiles * TTile.N;
        int first = Grid.IdxY * sliceK, end = IntrinsicMath.Min(gemmK, first + sliceK);

        int startB = MultistageTiles.ABytes<TTile>(), stageBytes = MultistageTiles.StageBytes<TTile>();
        var iteratorA = new AsyncTileIterator<TA, TACursor>(a, row, first, 0, TTile.M, TileK, Threads);
        var iteratorB = new AsyncTileIterator<TB, TBCursor>(b, column, first, startB, TTile.N, TileK, Threads);
        for (var stage = 0; stage < 2; stage++)
        {
            iteratorA.CopyToShared(a, aAddress, stage * stageBytes, TTile.M, TileK, Threads);
            iteratorB.CopyToShared(b, bAddress, stage * stageBytes, TTile.N, TileK, Threads);
            AsyncCopy.CommitGroup();
        }

        int warpRow = TensorCores.WarpRow<TTile>(), warpColumn = TensorCores.WarpColumn<TTile>();
        var loaderA = new FragmentLoader<TA, TACursor>(0, warpRow, TTile.M, TileK, isA: true);
        var loaderB = new FragmentLoader<TB, TBCursor>(startB, warpColumn, TTile.N, TileK, isA: false);
        row += warpRow + TensorCores.ThreadRow();
        column += warpColumn + TensorCores.ThreadColumn();
        MmaAccumulators.Initialize(new(epilogue.InitialSums(column), epilogue.InitialSums(column + 16)));

        int read = 0, write = 2 * stageBytes;
        for (var k = first; k < end; k += TileK)
        {
            AsyncCopy.WaitAllButLastGroup();
            Group.Barrier();
            if (k + 2 * TileK < end)
            {
                iteratorA.CopyToShared(a, aAddress, write, TTile.M, TileK, Threads);
                iteratorB.CopyToShared(b, bAddress, write, TTile.N, TileK, Threads);
            }

            AsyncCopy.CommitGroup();
            MultiplyAccumulate(loaderA, loaderB, read, 0);
            if (TileK == 16) MultiplyAccumulate(loaderA, loaderB, read, 1);
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
        FragmentLoader<TA, TACursor> loaderA, FragmentLoader<TB, TBCursor> loaderB, int stage, int kBlock)
    {
        loaderA.LoadA(stage, kBlock, TTile.M, TileK);
        loaderB.LoadB(stage, kBlock, TTile.N, TileK);
        TensorCores.RoundToTf32();
        TensorCores.MultiplyAccumulate();
    }

    private void StoreRow(int row, int column, Accumulators8 sums)
    {
        epilogue.Store(row, column, sums.C0);
        epilogue.Store(row, column + 16, sums.C1);
    }
}
