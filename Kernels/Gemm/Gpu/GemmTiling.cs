namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// How a product is shared among groups of threads. It depends on the product and on the GPU's number of
/// multiprocessors alone, so on one device the result has the same bits at every run.
/// </summary>
/// <param name="TileM">The tile's M.</param>
/// <param name="TileN">The tile's N.</param>
/// <param name="Slices">The number of slices of K.</param>
/// <param name="SliceK">Their extent: a multiple of 16, and so of every TileK.</param>
/// <remarks>
/// Chosen by an estimated time, in multiplications of one multiprocessor. Each multiprocessor takes its share of the
/// groups; small tiles load more per multiplication; a multiprocessor with few threads waits for memory; slices cost
/// the traffic of their sums and a launch.
/// </remarks>
internal readonly record struct GemmTiling(int TileM, int TileN, int Slices, int SliceK)
{
    private const int KAlignment = 16;

    /// <summary>The sums that keep a multiprocessor busy: those of 384 threads.</summary>
    private const int MinSumsInFlight = 384 * 64;

    /// <summary>The smallest extent of a slice.</summary>
    private const int MinSliceK = 128;

    /// <summary>
    /// The largest extent of a slice: a thread adds its products in turn, and longer sums round too much.
    /// </summary>
    private const int MaxSliceK = 1 << 14;

    /// <summary>The largest number of sums of slices (1 GB); beyond it slices are longer instead of more.</summary>
    private const long MaxPartialSums = 1 << 28;

    /// <summary>
    /// Multiplications of one multiprocessor in the time of a launch (3 µs), and in the time that one sum per
    /// multiprocessor takes to memory and back (8 bytes each): a GPU's bandwidth is about proportional to its
    /// multiprocessors.
    /// </summary>
    private const double LaunchCost = 6e5, PartialSumCost = 92;

    /// <summary>The tiles, and the relative cost of a multiplication in each; of equal times the first wins.</summary>
    private static readonly (int M, int N, double Cost)[] TileShapes =
        [(64, 64, 1.25), (64, 128, 1.1), (128, 64, 1.1), (128, 128, 1)];

    private static readonly int[] GroupsPerMultiprocessor = [1, 2, 3, 4, 6, 8];

    /// <param name="multiprocessors">Of the GPU: CUDA's multiprocessors, OpenCL's compute units.</param>
    /// <param name="maxSlices">The largest number of slices.</param>
    /// <param name="maxTile">The largest M·N of a tile.</param>
    public static GemmTiling Choose(
        int m, int n, int k, int multiprocessors, int maxSlices = int.MaxValue, int maxTile = int.MaxValue)
    {
        var (best, bestTime) = (default(GemmTiling), double.MaxValue);
        var slicesThatFit = Math.Max(1, MaxPartialSums / Math.Max(1, (long)m * n));
        var minSlices = (int)Math.Min(Math.Min(CeilDiv(k, MaxSliceK), slicesThatFit), maxSlices);
        foreach (var tile in TileShapes)
        {
            if (tile.M * tile.N > maxTile) continue;
            var tiles = Math.Max(1, CeilDiv(m, tile.M) * (long)CeilDiv(n, tile.N));
            Consider(1);
            foreach (var groups in GroupsPerMultiprocessor)
            {
                var wanted = Math.Min(groups * (long)multiprocessors / tiles, k / MinSliceK);
                Consider((int)Math.Clamp(wanted, 1, maxSlices));
            }

            void Consider(int wantedSlices)
            {
                wantedSlices = Math.Max(wantedSlices, minSlices);
                var sliceK = Math.Max(1, CeilDiv(CeilDiv(k, wantedSlices), KAlignment)) * KAlignment;
                var slices = Math.Max(1, CeilDiv(k, sliceK));
                var share = (tiles * slices + multiprocessors - 1) / multiprocessors;
                var time = Math.Max(share * tile.M * tile.N * tile.Cost, MinSumsInFlight) * sliceK
                    + (slices == 1 ? 0 : PartialSumCost / multiprocessors * m * n * slices + LaunchCost);
                if (time < bestTime) (best, bestTime) = (new(tile.M, tile.N, slices, sliceK), time);
            }
        }

        return best;
    }

    /// <summary>The number of tiles along N.</summary>
    public int ColumnTiles(int n) => CeilDiv(n, TileN);

    /// <summary>The number of tiles along M.</summary>
    public int RowTiles(int m) => CeilDiv(m, TileM);

    private static int CeilDiv(int a, int b) => (int)(((long)a + b - 1) / b);
}
