using System.Runtime.Intrinsics;

namespace PyNetSharp;

/// <summary>
/// Convolutions of stride 1 to few channels, which would leave most of a vector of channels empty: here a vector holds
/// neighbouring pixels of one channel.
/// </summary>
/// <remarks>
/// They take and give what <see cref="ConvolutionKernels"/> does, and must equal it but for rounding. Each image's
/// channels are first laid apart in the L2 cache, see <see cref="Planes"/>.
/// </remarks>
internal abstract unsafe class PlanarKernels
{
    private const int FewestTaps = 9;               // fewer do not pay for laying the channels apart
    private const int MostFloats = 1 << 16;         // of an image's planes: they stay in the L2 cache
    private const double LeastGain = 1.25;

    private static PlanarKernels? Best { get; } =
        Vector512.IsHardwareAccelerated ? new PlanarKernels<Lanes16>()
        : Vector256.IsHardwareAccelerated ? new PlanarKernels<Lanes8>()
        : Vector128.IsHardwareAccelerated ? new PlanarKernels<Lanes4>()
        : null;

    /// <summary>The kernels for these windows, or null where vectors of channels are as good.</summary>
    /// <param name="windows">The convolution's, over its input or over the gradient by its output.</param>
    /// <param name="outputs">Channels of the result.</param>
    public static PlanarKernels? For(Windows windows, int outputs) =>
        Best is { } kernels && kernels.Takes(windows, outputs) && kernels.Pays(windows) ? kernels : null;

    /// <summary>Whether these kernels can do it at all.</summary>
    public bool Takes(Windows windows, int outputs) => windows.Step == (1, 1) && outputs <= Rows;

    /// <inheritdoc cref="ConvolutionKernels.Slide"/>
    /// <param name="packed">As the other kernels take them: one panel, since the outputs are few.</param>
    /// <param name="y">[images, grid, <paramref name="outputs"/>]</param>
    public abstract void Slide(
        CpuDevice cpu, Windows windows, float* packed, float* start, bool relu, float* y, int outputs);

    /// <inheritdoc cref="ConvolutionKernels.GradientSize"/>
    public abstract int GradientSize(Windows windows, int outputs);

    /// <inheritdoc cref="ConvolutionKernels.GradientByWeight"/>
    public abstract void GradientByWeight(
        CpuDevice cpu, Windows windows, float* dy, int outputs, float* sums, float* dw, float* db);

    protected abstract int Width { get; }

    protected abstract int Rows { get; }

    /// <summary>The pairs of vectors that a row of pixels takes.</summary>
    protected abstract int Blocks(int pixels);

    /// <summary>Compares an image's tiles: two vectors of a row's pixels each here, one pixel per row of the tile there.</summary>
    private bool Pays(Windows windows)
    {
        var (height, width) = windows.Grid;
        var here = height * Blocks(width);
        return windows.Kernel.H * windows.Kernel.W >= FewestTaps && windows.Depth <= Tile.MostDepth
            && Planes.Under(windows, Width).Size <= MostFloats
            && height * width >= LeastGain * Rows * here;
    }
}

/// <inheritdoc/>
internal sealed unsafe class PlanarKernels<V> : PlanarKernels where V : struct, ILanes<V>
{
    private const int MostPieces = 16;

    protected override int Width => V.Width;

    protected override int Rows => V.TileRows;

    protected override int Blocks(int pixels) => (pixels + 2 * V.Width - 1) / (2 * V.Width);

    public override void Slide(
        CpuDevice cpu, Windows windows, float* packed, float* start, bool relu, float* y, int outputs) =>
        cpu.For(windows.Images, i => SlideImage(
            windows, i, packed, start, relu, y + (nint)i * windows.Grid.H * windows.Grid.W * outputs, outputs));

    public override int GradientSize(Windows windows, int outputs) => Pieces(windows) * (windows.Depth + 1) * outputs;

    public override void GradientByWeight(
        CpuDevice cpu, Windows windows, float* dy, int outputs, float* sums, float* dw, float* db)
    {
        // As many pieces of the batch for any number of threads, and their sums added in order.
        var (depth, pieces) = (windows.Depth, Pieces(windows));
        var size = (depth + 1) * outputs;
        cpu.For(pieces, i => Accumulate(
            windows, windows.Images * i / pieces, windows.Images * (i + 1) / pieces, dy, outputs, sums + i * size));

        for (var o = 0; o < outputs; o++)
            for (var tap = 0; tap <= depth; tap++)
            {
                var total = 0f;
                for (var i = 0; i < pieces; i++) total += sums[i * size + o * (depth + 1) + tap];
                if (tap < depth) dw[o * depth + tap] = total;
                else db[o] = total;
            }
    }

    private void SlideImage(
        Windows windows, int image, float* packed, float* start, bool relu, float* y, int outputs)
    {
        var planes = Planes.Under(windows, V.Width);
        var (blocks, perRow) = (Blocks(windows.Grid.W), windows.Kernel.W * windows.Channels);
        nint stride = blocks * 2 * V.Width;
        var scratch = Scratch.Begin(
            Scratch.Bytes(planes.Size + 2 * V.Width, sizeof(float)) + Scratch.Bytes(windows.Depth, sizeof(nint)) +
            Scratch.Bytes(V.TileRows * stride, sizeof(float)));
        var x = scratch.Floats(planes.Size + 2 * V.Width);          // the last vectors of the last row end behind it
        var offsets = (nint*)scratch.Pointers(windows.Depth);
        var sums = scratch.Floats(V.TileRows * stride);

        new Span<float>(x, (int)planes.Size + 2 * V.Width).Clear();
        planes.Fill(PixelsOf(windows, image), windows.Height, windows.Width, windows.Origin, x);
        planes.Offsets(windows.Kernel, offsets);
        for (var row = 0; row < windows.Grid.H; row++)
        {
            var top = row + windows.Origin.H;                       // kernel rows that see padding alone are left out
            var begin = Math.Clamp(-top, 0, windows.Kernel.H) * perRow;
            var end = Math.Clamp(windows.Height - top, 0, windows.Kernel.H) * perRow;
            for (var block = 0; block < blocks; block++)
                PlanarTile.Slide<V>(
                    x + (nint)row * planes.Width + block * 2 * V.Width, offsets + begin, end - begin,
                    packed + begin * 2 * V.Width, start, relu, sums + block * 2 * V.Width, stride);

            Transposition.Copy(sums, stride, outputs, windows.Grid.W, y, outputs);
            y += (nint)windows.Grid.W * outputs;
        }
    }

    /// <summary>sums[o] = each tap's sum over some images, and then that of dy itself.</summary>
    /// <remarks>
    /// The planes of dy have the rows of those of x, filled up with zeros: so each sum is that of the products of two long
    /// lines. For db, one of them is all ones.
    /// </remarks>
    private static void Accumulate(Windows windows, int begin, int end, float* dy, int outputs, float* sums)
    {
        var (height, width) = windows.Grid;
        var (planes, taps) = (Planes.Under(windows, V.Width), windows.Depth + 1);
        var planesOfDy = planes with { Channels = outputs };
        var (count, pairs) = ((height * planes.Width + V.Width - 1) / V.Width * V.Width, (taps + 1) / 2);
        var (sizeOfX, sizeOfDy) = (planes.Size + planes.Width + V.Width, (V.TileRows + 1) * planes.Stride);
        var tile = V.TileRows * 2 * V.Width;
        var scratch = Scratch.Begin(
            Scratch.Bytes(sizeOfX, sizeof(float)) + Scratch.Bytes(sizeOfDy, sizeof(float)) +
            Scratch.Bytes(pairs * tile, sizeof(float)) + Scratch.Bytes(2 * pairs, sizeof(nint)));
        var x = scratch.Floats(sizeOfX);
        var dyPlanes = scratch.Floats(sizeOfDy);
        var lanes = scratch.Floats(pairs * tile);
        var offsets = (nint*)scratch.Pointers(2 * pairs);
        var ones = dyPlanes + V.TileRows * (nint)planes.Stride;

        new Span<float>(x, (int)sizeOfX).Clear();
        new Span<float>(dyPlanes, sizeOfDy).Clear();
        new Span<float>(lanes, pairs * tile).Clear();
        new Span<float>(ones, planes.Stride).Fill(1);
        planes.Offsets(windows.Kernel, offsets);
        for (var t = windows.Depth; t < 2 * pairs; t++) offsets[t] = (nint)(ones - x);
        for (var image = begin; image < end; image++)
        {
            planes.Fill(PixelsOf(windows, image), windows.Height, windows.Width, windows.Origin, x);
            planesOfDy.Fill(dy + (nint)image * height * width * outputs, height, width, (0, 0), dyPlanes);
            for (var pair = 0; pair < pairs; pair++)
                PlanarTile.Correlate<V>(
                    dyPlanes, planes.Stride, x + offsets[2 * pair], x + offsets[2 * pair + 1], count,
                    lanes + pair * tile);
        }

        for (var o = 0; o < outputs; o++)
            for (var t = 0; t < taps; t++)
                *sums++ = Total(lanes + (t / 2 * V.TileRows + o) * 2 * V.Width + t % 2 * V.Width);
    }

    private static float* PixelsOf(Windows windows, int image) =>
        windows.Source + (nint)image * windows.Height * windows.Width * windows.Channels;

    private static float Total(float* lanes)
    {
        var total = 0f;
        for (var i = 0; i < V.Width; i++) total += lanes[i];
        return total;
    }

    private static int Pieces(Windows windows) => Math.Clamp(windows.Images, 1, MostPieces);
}
