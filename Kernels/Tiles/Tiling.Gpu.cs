namespace PyNetSharp;

/// <summary>How a product is shared among groups of threads. It depends on the product alone, so its bits do too.</summary>
/// <param name="Rows">Of a tile.</param>
/// <param name="Columns">Of a tile.</param>
/// <param name="Pieces">In depth.</param>
/// <param name="PieceDepth">A multiple of every <see cref="IArithmetic.Depth"/>.</param>
internal readonly record struct Tiling(int Rows, int Columns, int Pieces, int PieceDepth)
{
    /// <summary>Threads that keep a large GPU busy: 132 processors with 512 each.</summary>
    private const int Fill = 132 * 512;

    private const int Step = 16;

    /// <summary>A piece is worth its sums' way through memory from this depth on.</summary>
    private const int LeastDepth = 256;

    /// <summary>The shapes, and what a multiplication costs in each: small tiles load more for it.</summary>
    private static readonly (int Rows, int Columns, double Cost)[] Shapes =
        [(128, 128, 1), (128, 64, 1.1), (64, 128, 1.1), (64, 64, 1.25)];

    /// <param name="maxPieces">Into how many pieces the depth may be cut.</param>
    public static Tiling For(int rows, int columns, int depth, int maxPieces = int.MaxValue)
    {
        var (best, least) = (default(Tiling), double.MaxValue);
        foreach (var shape in Shapes)
        {
            var tiles = Ceiling(rows, shape.Rows) * (long)Ceiling(columns, shape.Columns);
            var atOnce = Fill / (shape.Rows * shape.Columns / 64);
            var wanted = (int)Math.Clamp(Math.Min(atOnce / Math.Max(tiles, 1), depth / LeastDepth), 1, maxPieces);
            var pieceDepth = Math.Max(1, Ceiling(Ceiling(depth, wanted), Step)) * Step;
            var pieces = Math.Max(1, Ceiling(depth, pieceDepth));

            var turns = Math.Max(1, (tiles * pieces + atOnce - 1) / atOnce);
            var time = turns * pieceDepth * shape.Cost / atOnce;
            if (time < least) (best, least) = (new(shape.Rows, shape.Columns, pieces, pieceDepth), time);
        }

        return best;
    }

    /// <summary>Tiles beside each other.</summary>
    public int Across(int columns) => Ceiling(columns, Columns);

    /// <summary>Tiles below each other.</summary>
    public int Down(int rows) => Ceiling(rows, Rows);

    private static int Ceiling(int a, int b) => (int)(((long)a + b - 1) / b);
}
