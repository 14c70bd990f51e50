using ILGPU;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>
/// How images are cut into overlapping tiles, <paramref name="step"/> pixels apart on both axes.
/// </summary>
/// <param name="height">Rows of an image.</param>
/// <param name="width">Columns of an image.</param>
/// <param name="channels">Of an image.</param>
/// <param name="origin">The first pixel of an image's first tile; negative for padding.</param>
/// <param name="tilesDown">Tiles down an image.</param>
/// <param name="tilesAcross">Tiles across an image.</param>
internal readonly struct ImageTiling(
    int height, int width, int channels, (int H, int W) origin, int step, int tilesDown, int tilesAcross)
{
    private readonly FastDivisor down = new(tilesDown), across = new(tilesAcross);
    private readonly int height = height, width = width, channels = channels, step = step;
    private readonly int originH = origin.H, originW = origin.W;

    /// <summary>The offset of a tile's element in the images; −1 if it is outside of its image.</summary>
    public int OffsetOf(int tile, int row, int column, int channel)
    {
        int line = across.Quotient(tile), image = down.Quotient(line);
        int h = (line - image * down.Divisor) * step + originH + row;
        int w = (tile - line * across.Divisor) * step + originW + column;
        var isInside = (uint)h < (uint)height && (uint)w < (uint)width;
        return isInside ? ((image * height + h) * width + w) * channels + channel : -1;
    }
}

/// <summary>The tiles of images from <paramref name="first"/> on; zeros outside of the images.</summary>
/// <param name="pixels">[N, H, W, C]</param>
internal readonly struct TiledImages(ArrayView<float> pixels, ImageTiling tiling, int first) : ITileSource
{
    public float Load(int matrix, int row, int column, int channel)
    {
        var offset = tiling.OffsetOf(first + matrix, row, column, channel);
        return offset >= 0 ? pixels[offset] : 0;
    }
}

/// <summary>The tiles of images as results: a bias and a lower bound are applied; what is outside is dropped.</summary>
/// <param name="pixels">[N, H, W, C]</param>
/// <param name="bias">[C], or empty for none.</param>
/// <param name="min">0 for a ReLU, −∞ for none.</param>
internal readonly struct TiledResults(
    ArrayView<float> pixels, ImageTiling tiling, int first, ArrayView<float> bias, float min) : ITileTarget
{
    public void Store(int matrix, int row, int column, int channel, float value)
    {
        var offset = tiling.OffsetOf(first + matrix, row, column, channel);
        if (offset < 0) return;
        if (bias.Length > 0) value += bias[channel];
        pixels[offset] = value <= min ? min : value;        // a NaN stays one
    }
}

/// <summary>Transformed tiles or filters: a matrix of them for each of n×n points.</summary>
/// <param name="data">[n·n, rows, columns]</param>
/// <param name="size">n</param>
/// <param name="rows">Tiles, or output channels.</param>
/// <param name="columns">Channels.</param>
internal readonly struct PointMatrices(ArrayView<float> data, int size, int rows, int columns)
    : ITileSource, ITileTarget
{
    public float Load(int matrix, int row, int column, int channel) => data[OffsetOf(matrix, row, column, channel)];

    public void Store(int matrix, int row, int column, int channel, float value) =>
        data[OffsetOf(matrix, row, column, channel)] = value;

    private int OffsetOf(int matrix, int row, int column, int channel) =>
        ((row * size + column) * rows + matrix) * columns + channel;
}

/// <summary>The sums over parts of <see cref="PointMatrices"/>.</summary>
/// <param name="data">[parts, n·n, rows, columns]</param>
internal readonly struct PointMatrixSums(ArrayView<float> data, int parts, int size, int rows, int columns)
    : ITileSource
{
    public float Load(int matrix, int row, int column, int channel) => SplitKReduction.Sum(
        data, ((row * size + column) * rows + matrix) * columns + channel, size * size * rows * columns, parts, 0);
}

/// <summary>Filters, or their gradients.</summary>
/// <param name="weight">[K, R, S, C], R = S</param>
/// <param name="taps">R</param>
/// <param name="channels">C</param>
/// <param name="isFlipped">Not 0 to read the last tap first.</param>
internal readonly struct Filters(ArrayView<float> weight, int taps, int channels, int isFlipped = 0)
    : ITileSource, ITileTarget
{
    public float Load(int matrix, int row, int column, int channel) => isFlipped == 0
        ? weight[OffsetOf(matrix, row, column, channel)]
        : weight[OffsetOf(matrix, taps - 1 - row, taps - 1 - column, channel)];

    public void Store(int matrix, int row, int column, int channel, float value) =>
        weight[OffsetOf(matrix, row, column, channel)] = value;

    private int OffsetOf(int matrix, int row, int column, int channel) =>
        ((matrix * taps + row) * taps + column) * channels + channel;
}
