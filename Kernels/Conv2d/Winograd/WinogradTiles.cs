using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>How images are divided into tiles of m×m outputs, and how the tiles' transforms are stored.</summary>
/// <remarks>
/// The transform of a tile is one number per point and channel. Those of one point are contiguous, so that a point's
/// products are one matrix product, [tiles, channels]·[channels, outputs].
/// </remarks>
internal static unsafe class WinogradTiles<V, TWinograd>
    where V : struct, IVector<V>
    where TWinograd : struct, IWinograd
{
    /// <summary>The n×n input pixels of every tile: n = m + r − 1.</summary>
    public static Patches InputTiles(Patches patches)
    {
        var (p, q) = TileGrid(patches);
        return new(patches.Pixels, patches.ZeroBuffer, patches.Geometry with
        {
            P = p, Q = q, R = TWinograd.InputTileSize, S = TWinograd.InputTileSize,
            Stride = (TWinograd.OutputTileSize, TWinograd.OutputTileSize),
        });
    }

    /// <summary>The m×m outputs of every tile, or their gradients.</summary>
    /// <param name="patches">The convolution's.</param>
    /// <param name="pixels">[N, P, Q, channels]</param>
    /// <param name="channels">Of the output.</param>
    /// <remarks>Pixels beyond the image's edge still point at the convolution's zero buffer.</remarks>
    public static Patches OutputTiles(Patches patches, float* pixels, int channels)
    {
        var (g, (p, q), m) = (patches.Geometry, TileGrid(patches), TWinograd.OutputTileSize);
        return new(pixels, patches.ZeroBuffer, new(g.N, g.P, g.Q, channels, p, q, m, m, (m, m), (0, 0)));
    }

    /// <summary>Tiles of a block: whole groups of mr, and all blocks about equal.</summary>
    /// <param name="tiles">All tiles.</param>
    /// <param name="most">Tiles of a block, at most.</param>
    public static int TilesPerBlock(int tiles, int most)
    {
        var blocks = CeilDiv(tiles, Math.Max(most, V.Mr));
        return CeilDiv(CeilDiv(tiles, blocks), V.Mr) * V.Mr;
    }

    /// <summary>
    /// Floats from one point to the next: an odd number of cache lines, so that a tile's points fall into different
    /// sets.
    /// </summary>
    public static nint PointStride(long floats) => (nint)((floats + 15) / 16 | 1) * 16;

    /// <summary>
    /// A tile's pixels as vectors: read from the image, or gathered if the tile crosses the image's edge.
    /// </summary>
    /// <param name="table">Pointers to size×size pixels.</param>
    /// <param name="size">Pixels per side.</param>
    /// <param name="outside">What pixels beyond the image's edge point at.</param>
    /// <param name="channel">The first channel of the vectors.</param>
    /// <param name="gathered">Working memory for size×size vectors.</param>
    public static StridedTile GatherTile(float** table, int size, float* outside, nint channel, float* gathered)
    {
        if (table[0] != outside && table[size * size - 1] != outside)
            return new(table[0] + channel, (nint)(table[size] - table[0]), (nint)(table[1] - table[0]));

        for (var i = 0; i < size * size; i++) V.Load(table[i] + channel).Store(gathered + i * V.Width);
        return new(gathered, size * V.Width, V.Width);
    }

    private static (int P, int Q) TileGrid(Patches patches) =>
        (CeilDiv(patches.OutputSize.H, TWinograd.OutputTileSize),
         CeilDiv(patches.OutputSize.W, TWinograd.OutputTileSize));

    public static int CeilDiv(int count, int size) => (count + size - 1) / size;
}
