using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// Loads tiles [tileMn, tileK] of an operand: each thread's part from global memory into its fragment, and from there
/// into shared memory.
/// </summary>
/// <remarks>
/// A thread has one or two accesses of four contiguous floats per tile (<see cref="ThreadMap"/>). The arguments
/// <c>tileMn</c>, <c>tileK</c> and <c>threads</c> are constants once compiled.
/// </remarks>
internal struct TileIterator<TOperand, TCursor>
    where TOperand : struct, IGemmOperand<TCursor>
    where TCursor : struct
{
    private TCursor cursor, cursor2;
    private Float4 fragment, fragment2;

    /// <param name="mn">The first row (of A) or column (of B) of the tile.</param>
    /// <param name="k">Where the tile begins along K.</param>
    public TileIterator(TOperand operand, int mn, int k, int tileMn, int tileK, int threads)
    {
        (fragment, fragment2, cursor2) = (default, default, default);
        mn += ThreadMap<TOperand, TCursor>.FirstMn(tileMn, tileK);
        k += ThreadMap<TOperand, TCursor>.FirstK(tileMn, tileK);
        cursor = operand.CursorAt(mn, k);
        if (ThreadMap.HasSecondAccess(tileMn, tileK, threads))
            cursor2 = operand.CursorAt(
                mn + ThreadMap<TOperand, TCursor>.MnStep(tileK, threads),
                k + ThreadMap<TOperand, TCursor>.KStep(tileMn, threads));
    }

    /// <summary>Loads this thread's fragment.</summary>
    public void Load(TOperand operand, int tileMn, int tileK, int threads)
    {
        fragment = operand.Load(cursor);
        if (ThreadMap.HasSecondAccess(tileMn, tileK, threads)) fragment2 = operand.Load(cursor2);
    }

    /// <summary>Moves to the next tile along K.</summary>
    public void Advance(TOperand operand, int tileMn, int tileK, int threads)
    {
        cursor = operand.Advance(cursor, tileK);
        if (ThreadMap.HasSecondAccess(tileMn, tileK, threads)) cursor2 = operand.Advance(cursor2, tileK);
    }

    /// <summary>
    /// Stores the fragment into shared memory, [tileK, <see cref="SharedMemoryTile.Stride"/>]: transposed if the
    /// operand is K-major.
    /// </summary>
    public readonly void Store(ArrayView<Float4> tile, int tileMn, int tileK, int threads)
    {
        int mn = ThreadMap<TOperand, TCursor>.FirstMn(tileMn, tileK);
        var k = ThreadMap<TOperand, TCursor>.FirstK(tileMn, tileK);
        Store(tile, tileMn, mn, k, fragment);
        if (ThreadMap.HasSecondAccess(tileMn, tileK, threads))
            Store(
                tile, tileMn, mn + ThreadMap<TOperand, TCursor>.MnStep(tileK, threads),
                k + ThreadMap<TOperand, TCursor>.KStep(tileMn, threads), fragment2);
    }

    private static void Store(ArrayView<Float4> tile, int tileMn, int mn, int k, Float4 floats)
    {
        var stride = SharedMemoryTile.Stride(tileMn);
        if (TOperand.IsKMajor)
        {
            var column = tile.Cast<float>().SubView(k * stride + mn);
            column[0] = floats.X;
            column[stride] = floats.Y;
            column[2 * stride] = floats.Z;
            column[3 * stride] = floats.W;
        }
        else tile[k * (stride / 4) + mn / 4] = floats;
    }
}

/// <summary>
/// Copies tiles [tileMn, tileK] of an operand from global into shared memory with <see cref="AsyncCopy"/>, without a
/// fragment.
/// </summary>
/// <inheritdoc cref="TileIterator{TOperand, TCursor}" path="/remarks"/>
internal struct AsyncTileIterator<TOperand, TCursor>
    where TOperand : struct, IGemmOperand<TCursor>
    where TCursor : struct
{
    private readonly int sharedOffset;
    private TCursor cursor, cursor2;

    /// <param name="mn">The first row (of A) or column (of B) of the tile.</param>
    /// <param name="k">Where the tile begins along K.</param>
    /// <param name="start">Where the operand's tile begins in a stage, in bytes.</param>
    public AsyncTileIterator(TOperand operand, int mn, int k, int start, int tileMn, int tileK, int threads)
    {
        cursor2 = default;
        int threadMn = ThreadMap<TOperand, TCursor>.FirstMn(tileMn, tileK);
        var threadK = ThreadMap<TOperand, TCursor>.FirstK(tileMn, tileK);
        sharedOffset = start + (TOperand.IsKMajor
            ? MultistageTiles.KMajorOffset(threadMn, threadK / 4, tileK)
            : MultistageTiles.MNMajorOffset(threadMn, threadK, tileMn));
        cursor = operand.CursorAt(mn + threadMn, k + threadK);
        if (ThreadMap.HasSecondAccess(tileMn, tileK, threads))
            cursor2 = operand.CursorAt(
                mn + threadMn + ThreadMap<TOperand, TCursor>.MnStep(tileK, threads),
                k + threadK + ThreadMap<TOperand, TCursor>.KStep(tileMn, threads));
    }

    /// <summary>Begins to copy this thread's part of the tile, and moves to the next tile along K.</summary>
    /// <param name="source">The operand's <see cref="IGemmOperand{TCursor}.Address"/>.</param>
    /// <param name="stage">Where the stage begins in shared memory, in bytes.</param>
    public void CopyToShared(TOperand operand, long source, int stage, int tileMn, int tileK, int threads)
    {
        operand.CopyToShared(cursor, new(source, stage + sharedOffset));
        cursor = operand.Advance(cursor, tileK);
        if (!ThreadMap.HasSecondAccess(tileMn, tileK, threads)) return;
        operand.CopyToShared(cursor2, new(source, stage + sharedOffset + 16 * threads));
        cursor2 = operand.Advance(cursor2, tileK);
    }
}

/// <summary>Which floats of a tile a thread loads: neighboring threads load neighbors in memory.</summary>
internal static class ThreadMap<TOperand, TCursor>
    where TOperand : struct, IGemmOperand<TCursor>
    where TCursor : struct
{
    public static int FirstMn(int tileMn, int tileK) =>
        TOperand.IsKMajor ? Group.IdxX / (tileK / 4) : Group.IdxX % (tileMn / 4) * 4;

    public static int FirstK(int tileMn, int tileK) =>
        TOperand.IsKMajor ? Group.IdxX % (tileK / 4) * 4 : Group.IdxX / (tileMn / 4);

    /// <summary>The distance from the first access to the second along MN.</summary>
    public static int MnStep(int tileK, int threads) => TOperand.IsKMajor ? threads / (tileK / 4) : 0;

    /// <summary>The distance from the first access to the second along K.</summary>
    public static int KStep(int tileMn, int threads) => TOperand.IsKMajor ? 0 : threads / (tileMn / 4);
}

internal static class ThreadMap
{
    /// <summary>
    /// Whether the tile has more floats than four per thread, so that each thread has a second access.
    /// </summary>
    public static bool HasSecondAccess(int tileMn, int tileK, int threads) => tileMn * tileK / 4 > threads;
}
