using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>
/// Convolutions of stride 1 to few channels, which would leave most of a vector of channels empty: here a vector holds
/// neighbouring pixels of one channel.
/// </summary>
/// <remarks>
/// They take and give what <see cref="DirectConvolution"/> does, and must equal it but for rounding. Each image's
/// channels are first laid apart in the L2 cache, see <see cref="PaddedChwImage"/>.
/// </remarks>
internal abstract unsafe class FewChannelsConvolution
{
    private const int MinTaps = 9;               // fewer do not pay for laying the channels apart
    private const int MaxImageFloats = 1 << 16;         // of an image's planes: they stay in the L2 cache
    private const double MinGain = 1.25;

    private static FewChannelsConvolution? Widest { get; } =
        VectorDispatch.Create<Factory, FewChannelsConvolution?>();

    /// <summary>The kernels for these windows, or null where vectors of channels are as good.</summary>
    /// <param name="windows">The convolution's, over its input or over the gradient by its output.</param>
    /// <param name="outputs">Channels of the result.</param>
    public static FewChannelsConvolution? For(PatchGrid windows, int outputs) =>
        Widest is { } kernels && kernels.Supports(windows, outputs) && kernels.IsProfitable(windows) ? kernels : null;

    /// <summary>Whether these kernels can do it at all.</summary>
    public bool Supports(PatchGrid windows, int outputs) => windows.Stride == (1, 1) && outputs <= Mr;

    /// <inheritdoc cref="DirectConvolution.Convolve"/>
    /// <param name="packed">As the other kernels take them: one panel, since the outputs are few.</param>
    /// <param name="y">[images, grid, <paramref name="outputs"/>]</param>
    public abstract void Convolve(
        CpuDevice cpu, PatchGrid windows, float* packed, float* start, bool relu, float* y, int outputs);

    /// <inheritdoc cref="DirectConvolution.WeightGradientWorkspaceSize"/>
    public abstract int WeightGradientWorkspaceSize(PatchGrid windows, int outputs);

    /// <inheritdoc cref="DirectConvolution.WeightGradient"/>
    public abstract void WeightGradient(
        CpuDevice cpu, PatchGrid windows, float* dy, int outputs, float* sums, float* dw, float* db);

    protected abstract int VectorWidth { get; }

    protected abstract int Mr { get; }

    /// <summary>The pairs of vectors that a row of pixels takes.</summary>
    protected abstract int BlocksPerRow(int pixels);

    /// <summary>Compares an image's tiles: two vectors of a row's pixels each here, one pixel per row of the tile there.</summary>
    private bool IsProfitable(PatchGrid windows)
    {
        var (height, width) = windows.OutputSize;
        var here = height * BlocksPerRow(width);
        return windows.KernelSize.H * windows.KernelSize.W >= MinTaps && windows.Depth <= MicroKernels.MaxKc
            && PaddedChwImage.For(windows, VectorWidth).Size <= MaxImageFloats
            && height * width >= MinGain * Mr * here;
    }

    private readonly struct Factory : IVectorFactory<FewChannelsConvolution?>
    {
        public static FewChannelsConvolution? Create<V>() where V : struct, IVector<V> =>
            V.Width == 1 ? null : new FewChannelsConvolution<V>();
    }
}

/// <inheritdoc/>
internal sealed unsafe class FewChannelsConvolution<V> : FewChannelsConvolution where V : struct, IVector<V>
{
    private const int MaxSplitKSlices = 16;

    protected override int VectorWidth => V.Width;

    protected override int Mr => V.Mr;

    protected override int BlocksPerRow(int pixels) => (pixels + 2 * V.Width - 1) / (2 * V.Width);

    public override void Convolve(
        CpuDevice cpu, PatchGrid windows, float* packed, float* start, bool relu, float* y, int outputs) =>
        cpu.For(windows.Images, i => ConvolveImage(
            windows, i, packed, start, relu, y + (nint)i * windows.OutputSize.H * windows.OutputSize.W * outputs, outputs));

    public override int WeightGradientWorkspaceSize(PatchGrid windows, int outputs) => SplitKSlices(windows) * (windows.Depth + 1) * outputs;

    public override void WeightGradient(
        CpuDevice cpu, PatchGrid windows, float* dy, int outputs, float* sums, float* dw, float* db)
    {
        // As many pieces of the batch for any number of threads, and their sums added in order.
        var (depth, pieces) = (windows.Depth, SplitKSlices(windows));
        var size = (depth + 1) * outputs;
        cpu.For(pieces, i => AccumulateSlice(
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

    private void ConvolveImage(
        PatchGrid windows, int image, float* packed, float* start, bool relu, float* y, int outputs)
    {
        var planes = PaddedChwImage.For(windows, V.Width);
        var (blocks, perRow) = (BlocksPerRow(windows.OutputSize.W), windows.KernelSize.W * windows.Channels);
        nint stride = blocks * 2 * V.Width;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes(planes.Size + 2 * V.Width, sizeof(float)) + Scratch.AlignedBytes(windows.Depth, sizeof(nint)) +
            Scratch.AlignedBytes(V.Mr * stride, sizeof(float)));
        var x = scratch.Floats(planes.Size + 2 * V.Width);          // the last vectors of the last row end behind it
        var offsets = (nint*)scratch.Pointers(windows.Depth);
        var sums = scratch.Floats(V.Mr * stride);

        new Span<float>(x, (int)planes.Size + 2 * V.Width).Clear();
        planes.CopyFrom(ImageStart(windows, image), windows.Height, windows.Width, windows.Origin, x);
        planes.FillTapOffsets(windows.KernelSize, offsets);
        for (var row = 0; row < windows.OutputSize.H; row++)
        {
            var top = row + windows.Origin.H;                       // kernel rows that see padding alone are left out
            var begin = Math.Clamp(-top, 0, windows.KernelSize.H) * perRow;
            var end = Math.Clamp(windows.Height - top, 0, windows.KernelSize.H) * perRow;
            for (var block = 0; block < blocks; block++)
                FewChannelsMicroKernel.Convolve<V>(
                    x + (nint)row * planes.Width + block * 2 * V.Width, offsets + begin, end - begin,
                    packed + begin * 2 * V.Width, start, relu, sums + block * 2 * V.Width, stride);

            Transposition.Copy(sums, stride, outputs, windows.OutputSize.W, y, outputs);
            y += (nint)windows.OutputSize.W * outputs;
        }
    }

    /// <summary>sums[o] = each tap's sum over some images, and then that of dy itself.</summary>
    /// <remarks>
    /// The planes of dy have the rows of those of x, filled up with zeros: so each sum is that of the products of two long
    /// lines. For db, one of them is all ones.
    /// </remarks>
    private static void AccumulateSlice(PatchGrid windows, int begin, int end, float* dy, int outputs, float* sums)
    {
        var (height, width) = windows.OutputSize;
        var (planes, taps) = (PaddedChwImage.For(windows, V.Width), windows.Depth + 1);
        var planesOfDy = planes with { Channels = outputs };
        var (count, pairs) = ((height * planes.Width + V.Width - 1) / V.Width * V.Width, (taps + 1) / 2);
        var (sizeOfX, sizeOfDy) = (planes.Size + planes.Width + V.Width, (V.Mr + 1) * planes.ChannelStride);
        var tile = V.Mr * 2 * V.Width;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes(sizeOfX, sizeof(float)) + Scratch.AlignedBytes(sizeOfDy, sizeof(float)) +
            Scratch.AlignedBytes(pairs * tile, sizeof(float)) + Scratch.AlignedBytes(2 * pairs, sizeof(nint)));
        var x = scratch.Floats(sizeOfX);
        var dyPlanes = scratch.Floats(sizeOfDy);
        var lanes = scratch.Floats(pairs * tile);
        var offsets = (nint*)scratch.Pointers(2 * pairs);
        var ones = dyPlanes + V.Mr * (nint)planes.ChannelStride;

        new Span<float>(x, (int)sizeOfX).Clear();
        new Span<float>(dyPlanes, sizeOfDy).Clear();
        new Span<float>(lanes, pairs * tile).Clear();
        new Span<float>(ones, planes.ChannelStride).Fill(1);
        planes.FillTapOffsets(windows.KernelSize, offsets);
        for (var t = windows.Depth; t < 2 * pairs; t++) offsets[t] = (nint)(ones - x);
        for (var image = begin; image < end; image++)
        {
            planes.CopyFrom(ImageStart(windows, image), windows.Height, windows.Width, windows.Origin, x);
            planesOfDy.CopyFrom(dy + (nint)image * height * width * outputs, height, width, (0, 0), dyPlanes);
            for (var pair = 0; pair < pairs; pair++)
                FewChannelsMicroKernel.Correlate<V>(
                    dyPlanes, planes.ChannelStride, x + offsets[2 * pair], x + offsets[2 * pair + 1], count,
                    lanes + pair * tile);
        }

        for (var o = 0; o < outputs; o++)
            for (var t = 0; t < taps; t++)
                *sums++ = HorizontalSum(lanes + (t / 2 * V.Mr + o) * 2 * V.Width + t % 2 * V.Width);
    }

    private static float* ImageStart(PatchGrid windows, int image) =>
        windows.Pixels + (nint)image * windows.Height * windows.Width * windows.Channels;

    private static float HorizontalSum(float* lanes)
    {
        var total = 0f;
        for (var i = 0; i < V.Width; i++) total += lanes[i];
        return total;
    }

    private static int SplitKSlices(PatchGrid windows) => Math.Clamp(windows.Images, 1, MaxSplitKSlices);
}
