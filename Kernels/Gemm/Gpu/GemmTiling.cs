namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// How a product is shared among groups of threads. It depends on the product and the GPU's processors alone, so on one
/// device its bits are the same at every run.
/// </summary>
/// <param name="TileM">Of a tile.</param>
/// <param name="TileN">Of a tile.</param>
/// <param name="Slices">In depth.</param>
/// <param name="SliceK">A multiple of 16, and so of what a step multiplies.</param>
/// <remarks>
/// Chosen by an estimate, counted in multiplications of one processor: each processor takes its share of the groups;
/// small tiles load more for each multiplication; a processor with few threads waits for memory; and pieces cost their
/// sums' way through memory and a launch.
/// </remarks>
internal readonly record struct GemmTiling(int TileM, int TileN, int Slices, int SliceK)
{
    private const int KAlignment = 16;

    /// <summary>Sums that a processor must have under way to be busy: those of 384 threads.</summary>
    private const int MinSumsInFlight = 384 * 64;

    /// <summary>The least depth of a piece.</summary>
    private const int MinSliceK = 128;

    /// <summary>
    /// The greatest depth of a piece, whose products are added one after the other: longer sums round too much.
    /// </summary>
    private const int MaxSliceK = 1 << 14;

    /// <summary>The most sums of pieces: 1 GB, and deeper pieces rather than more.</summary>
    private const long MaxPartialSums = 1 << 28;

    /// <summary>
    /// Multiplications of one processor in the time of a launch (3 µs), and in the time that as many sums as there are
    /// processors take to memory and back (8 bytes each): a GPU's bandwidth is about in proportion to its processors.
    /// </summary>
    private const double LaunchCost = 6e5, PartialSumCost = 92;

    /// <summary>The shapes, and what a multiplication costs in each; in case of a tie the smallest is taken.</summary>
    private static readonly (int Rows, int Columns, double Cost)[] TileShapes =
        [(64, 64, 1.25), (64, 128, 1.1), (128, 64, 1.1), (128, 128, 1)];

    private static readonly int[] GroupsPerProcessor = [1, 2, 3, 4, 6, 8];

    /// <param name="processors">Of the GPU: CUDA's multiprocessors, OpenCL's compute units.</param>
    /// <param name="maxPieces">Into how many pieces the depth may be cut.</param>
    /// <param name="maxTile">How many sums a tile may have.</param>
    public static GemmTiling Choose(
        int rows, int columns, int depth, int processors, int maxPieces = int.MaxValue, int maxTile = int.MaxValue)
    {
        var (best, least) = (default(GemmTiling), double.MaxValue);
        var room = Math.Max(1, MaxPartialSums / Math.Max(1, (long)rows * columns));
        var fewest = (int)Math.Min(Math.Min(CeilDiv(depth, MaxSliceK), room), maxPieces);
        foreach (var shape in TileShapes)
        {
            if (shape.Rows * shape.Columns > maxTile) continue;
            var tiles = Math.Max(1, CeilDiv(rows, shape.Rows) * (long)CeilDiv(columns, shape.Columns));
            Consider(1);
            foreach (var groups in GroupsPerProcessor)
                Consider((int)Math.Clamp(
                    Math.Min(groups * (long)processors / tiles, depth / MinSliceK), 1, maxPieces));

            void Consider(int wanted)
            {
                wanted = Math.Max(wanted, fewest);
                var pieceDepth = Math.Max(1, CeilDiv(CeilDiv(depth, wanted), KAlignment)) * KAlignment;
                var pieces = Math.Max(1, CeilDiv(depth, pieceDepth));
                var share = (tiles * pieces + processors - 1) / processors;
                var time = Math.Max(share * shape.Rows * shape.Columns * shape.Cost, MinSumsInFlight) * pieceDepth
                    + (pieces == 1 ? 0 : PartialSumCost / processors * rows * columns * pieces + LaunchCost);
                if (time < least) (best, least) = (new(shape.Rows, shape.Columns, pieces, pieceDepth), time);
            }
        }

        return best;
    }

    /// <summary>Tiles beside each other.</summary>
    public int ColumnTiles(int columns) => CeilDiv(columns, TileN);

    /// <summary>Tiles below each other.</summary>
    public int RowTiles(int rows) => CeilDiv(rows, TileM);

    private static int CeilDiv(int a, int b) => (int)(((long)a + b - 1) / b);
}
