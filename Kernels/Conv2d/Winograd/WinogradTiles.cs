using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>How images are cut into tiles of m×m outputs, and how the tiles' transforms lie in memory.</summary>
/// <remarks>
/// The transform of a tile is one number per point and channel. All tiles' numbers of one point lie together, so that the
/// products of a point are one matrix product: [tiles, channels]·[channels, outputs].
/// </remarks>
internal static unsafe class WinogradTiles<V, W>
    where V : struct, IVector<V>
    where W : struct, IWinograd
{
    /// <summary>The patches under all tiles, each a window of n×n pixels.</summary>
    public static PatchGrid InputTiles(PatchGrid windows) => windows with
    {
        OutputSize = (CeilDiv(windows.OutputSize.H, W.OutputTileSize), CeilDiv(windows.OutputSize.W, W.OutputTileSize)),
        KernelSize = (W.Points, W.Points),
        Stride = (W.OutputTileSize, W.OutputTileSize),
    };

    /// <summary>The m×m results of all tiles, as windows over the pixels of <paramref name="pixels"/>.</summary>
    /// <param name="windows">The convolution's.</param>
    /// <param name="pixels">[images, windows.Grid, channels]</param>
    /// <param name="channels">Of the results.</param>
    /// <remarks>Pixels beyond the image's edge still point at the convolution's zeros.</remarks>
    public static PatchGrid OutputTiles(PatchGrid windows, float* pixels, int channels) => windows with
    {
        Pixels = pixels, Height = windows.OutputSize.H, Width = windows.OutputSize.W, Channels = channels,
        OutputSize = (CeilDiv(windows.OutputSize.H, W.OutputTileSize), CeilDiv(windows.OutputSize.W, W.OutputTileSize)),
        KernelSize = (W.OutputTileSize, W.OutputTileSize), Stride = (W.OutputTileSize, W.OutputTileSize), Origin = (0, 0),
    };

    /// <summary>How many tiles a block takes: at most so many, whole groups of a micro-kernel's rows, and all blocks about equal.</summary>
    public static int TilesPerBlock(int tiles, int most)
    {
        var blocks = CeilDiv(tiles, Math.Max(most, V.Mr));
        return CeilDiv(CeilDiv(tiles, blocks), V.Mr) * V.Mr;
    }

    /// <summary>Floats from one point to the next: an odd number of cache lines, so that a tile's points fall into all sets.</summary>
    public static nint PointStride(long floats) => (nint)((floats + 15) / 16 | 1) * 16;

    /// <summary>A tile's pixels as a plane of vectors: where they are, or gathered if the image's edge cuts the tile.</summary>
    /// <param name="table">Pointers to size×size pixels.</param>
    /// <param name="size">Pixels per side.</param>
    /// <param name="outside">What pixels beyond the image's edge point at.</param>
    /// <param name="channel">The first channel of the vectors.</param>
    /// <param name="gathered">Room for size×size vectors.</param>
    public static StridedTile GatherTile(float** table, int size, float* outside, nint channel, float* gathered)
    {
        if (table[0] != outside && table[size * size - 1] != outside)
            return new(table[0] + channel, (nint)(table[size] - table[0]), (nint)(table[1] - table[0]));

        for (var i = 0; i < size * size; i++) V.Load(table[i] + channel).Store(gathered + i * V.Width);
        return new(gathered, size * V.Width, V.Width);
    }

    public static int CeilDiv(int count, int size) => (count + size - 1) / size;
}
