namespace PyNetSharp;

/// <summary>
/// How a product is shared among groups of threads. It depends on the product and the GPU's processors alone, so on one
/// device its bits are the same at every run.
/// </summary>
/// <param name="Rows">Of a tile.</param>
/// <param name="Columns">Of a tile.</param>
/// <param name="Pieces">In depth.</param>
/// <param name="PieceDepth">A multiple of 16, and so of what a step multiplies.</param>
/// <remarks>
/// Chosen by an estimate, counted in multiplications of one processor: each processor takes its share of the groups;
/// small tiles load more for each multiplication; a processor with few threads waits for memory; and pieces cost their
/// sums' way through memory and a launch.
/// </remarks>
internal readonly record struct Tiling(int Rows, int Columns, int Pieces, int PieceDepth)
{
    private const int Step = 16;

    /// <summary>Sums that a processor must have under way to be busy: those of 384 threads.</summary>
    private const int Busy = 384 * 64;

    /// <summary>The least depth of a piece.</summary>
    private const int LeastDepth = 128;

    /// <summary>
    /// The greatest depth of a piece, whose products are added one after the other: longer sums round too much.
    /// </summary>
    private const int MostDepth = 1 << 14;

    /// <summary>The most sums of pieces: 1 GB, and deeper pieces rather than more.</summary>
    private const long MostSums = 1 << 28;

    /// <summary>
    /// Multiplications of one processor in the time of a launch (3 µs), and in the time that as many sums as there are
    /// processors take to memory and back (8 bytes each): a GPU's bandwidth is about in proportion to its processors.
    /// </summary>
    private const double PerLaunch = 6e5, PerSumOfEach = 92;

    /// <summary>The shapes, and what a multiplication costs in each; in case of a tie the smallest is taken.</summary>
    private static readonly (int Rows, int Columns, double Cost)[] Shapes =
        [(64, 64, 1.25), (64, 128, 1.1), (128, 64, 1.1), (128, 128, 1)];

    private static readonly int[] GroupsPerProcessor = [1, 2, 3, 4, 6, 8];

    /// <param name="processors">Of the GPU: CUDA's multiprocessors, OpenCL's compute units.</param>
    /// <param name="maxPieces">Into how many pieces the depth may be cut.</param>
    /// <param name="maxTile">How many sums a tile may have.</param>
    public static Tiling For(
        int rows, int columns, int depth, int processors, int maxPieces = int.MaxValue, int maxTile = int.MaxValue)
    {
        var (best, least) = (default(Tiling), double.MaxValue);
        var room = Math.Max(1, MostSums / Math.Max(1, (long)rows * columns));
        var fewest = (int)Math.Min(Math.Min(Ceiling(depth, MostDepth), room), maxPieces);
        foreach (var shape in Shapes)
        {
            if (shape.Rows * shape.Columns > maxTile) continue;
            var tiles = Math.Max(1, Ceiling(rows, shape.Rows) * (long)Ceiling(columns, shape.Columns));
            Consider(1);
            foreach (var groups in GroupsPerProcessor)
                Consider((int)Math.Clamp(
                    Math.Min(groups * (long)processors / tiles, depth / LeastDepth), 1, maxPieces));

            void Consider(int wanted)
            {
                wanted = Math.Max(wanted, fewest);
                var pieceDepth = Math.Max(1, Ceiling(Ceiling(depth, wanted), Step)) * Step;
                var pieces = Math.Max(1, Ceiling(depth, pieceDepth));
                var share = (tiles * pieces + processors - 1) / processors;
                var time = Math.Max(share * shape.Rows * shape.Columns * shape.Cost, Busy) * pieceDepth
                    + (pieces == 1 ? 0 : PerSumOfEach / processors * rows * columns * pieces + PerLaunch);
                if (time < least) (best, least) = (new(shape.Rows, shape.Columns, pieces, pieceDepth), time);
            }
        }

        return best;
    }

    /// <summary>Tiles beside each other.</summary>
    public int Across(int columns) => Ceiling(columns, Columns);

    /// <summary>Tiles below each other.</summary>
    public int Down(int rows) => Ceiling(rows, Rows);

    private static int Ceiling(int a, int b) => (int)(((long)a + b - 1) / b);
}
