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
/// groups, as many at a time as it has registers for; small tiles load more per multiplication; a multiprocessor with
/// few threads, as the last groups leave it, waits for memory; slices cost the traffic of their sums and a launch.
/// </remarks>
internal readonly record struct GemmTiling(int TileM, int TileN, int Slices, int SliceK)
{
    private const int KAlignment = 16;

    /// <summary>
    /// The sums of the groups that a multiprocessor runs at a time, 512 threads, and those that keep it busy.
    /// </summary>
    private const int SumsInFlight = 512 * 64, MinSumsInFlight = 384 * 64;

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

    /// <summary>
    /// The cost of a multiplication in a tile of 64×128 or 128×64, where one of 128×128 costs 1: small tiles load more
    /// per multiplication. On tensor cores a K-major B is loaded in steps of half the extent.
    /// </summary>
    public const double SmallTileCost = 1.1, SmallTileCostOnTensorCores = 1.9;

    /// <summary>The tiles; of equal times the first wins.</summary>
    private static readonly (int M, int N)[] TileShapes = [(64, 64), (64, 128), (128, 64), (128, 128)];

    private static readonly int[] GroupsPerMultiprocessor = [1, 2, 3, 4, 6, 8, 16];

    /// <param name="multiprocessors">Of the GPU: CUDA's multiprocessors, OpenCL's compute units.</param>
    /// <param name="maxSlices">The largest number of slices.</param>
    /// <param name="maxTile">The largest M·N of a tile.</param>
    /// <param name="batch">Products of these extents in one launch.</param>
    /// <param name="smallTileCost"><see cref="SmallTileCost"/>, or another.</param>
    public static GemmTiling Choose(
        int m, int n, int k, int multiprocessors, int maxSlices = int.MaxValue, int maxTile = int.MaxValue,
        int batch = 1, double smallTileCost = SmallTileCost)
    {
        var (best, bestTime) = (default(GemmTiling), double.MaxValue);
        var slicesThatFit = Math.Max(1, MaxPartialSums / Math.Max(1, (long)batch * m * n));
        var minSlices = (int)Math.Min(Math.Min(CeilDiv(k, MaxSliceK), slicesThatFit), maxSlices);
        foreach (var tile in TileShapes)
        {
            if (tile.M * tile.N > maxTile) continue;
            var tiles = Math.Max(1, batch * (long)CeilDiv(m, tile.M) * CeilDiv(n, tile.N));
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
                var tiling = new GemmTiling(tile.M, tile.N, slices, sliceK);
                var time = tiling.EstimateTime(m, n, multiprocessors, batch, smallTileCost);
                if (time < bestTime) (best, bestTime) = (tiling, time);
            }
        }

        return best;
    }

    /// <summary>
    /// An estimate of the time that products of these extents take, in multiplications of one multiprocessor.
    /// </summary>
    public double EstimateTime(
        int m, int n, int multiprocessors, int batch = 1, double smallTileCost = SmallTileCost)
    {
        var groups = Math.Max(1, batch * (long)RowTiles(m) * ColumnTiles(n) * Slices);
        var share = (groups + multiprocessors - 1) / multiprocessors;
        var (waves, rest) = Math.DivRem(share, SumsInFlight / (TileM * TileN));
        var cost = (TileM + TileN) switch { 128 => smallTileCost + 0.15, 192 => smallTileCost, _ => 1 };
        var sums = waves * SumsInFlight * cost;
        if (rest > 0) sums += Math.Max(rest * TileM * TileN * cost, MinSumsInFlight);
        return sums * SliceK
            + (Slices == 1 ? 0 : PartialSumCost / multiprocessors * batch * m * n * Slices + LaunchCost);
    }

    /// <summary>The same of floats that go to memory and back between launches.</summary>
    public static double EstimateTransfer(long floats, int launches, int multiprocessors) =>
        PartialSumCost / multiprocessors * floats + launches * LaunchCost;

    /// <summary>The same of adding up floats, which are read once.</summary>
    public static double EstimateSum(long floats, int multiprocessors) =>
        EstimateTransfer(floats / 2, launches: 2, multiprocessors);

    /// <summary>The number of tiles along N.</summary>
    public int ColumnTiles(int n) => CeilDiv(n, TileN);

    /// <summary>The number of tiles along M.</summary>
    public int RowTiles(int m) => CeilDiv(m, TileM);

    private static int CeilDiv(int a, int b) => (int)(((long)a + b - 1) / b);
}
