using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>
/// Convolutions of stride 1 to few output channels, which would leave most of a vector of channels empty: here a vector
/// holds neighboring pixels of one channel.
/// </summary>
/// <remarks>
/// They compute what <see cref="DirectConvolution"/> does, up to rounding. Each image is first copied into the L2 cache
/// channel by channel (<see cref="PaddedChwImage"/>).
/// </remarks>
internal abstract unsafe class FewChannelsConvolution
{
    /// <summary>For the widest vectors of this CPU; null without vectors.</summary>
    public static FewChannelsConvolution? Widest { get; } =
        VectorDispatch.Create<Factory, FewChannelsConvolution?>();

    /// <summary>Pixels of a vector; a tile has two.</summary>
    public abstract int VectorWidth { get; }

    /// <summary>mr: output channels of a tile, at most.</summary>
    public abstract int Mr { get; }

    /// <summary>
    /// Whether these kernels are correct for a convolution; whether they are faster is <see cref="Conv2dPlan"/>'s
    /// choice.
    /// </summary>
    /// <param name="patches">Of its input, or of dy.</param>
    /// <param name="outputs">Channels of the result.</param>
    public bool Supports(in PatchGeometry patches, int outputs) =>
        patches is { Stride: (1, 1), Dilation: (1, 1), IsOfGroup: false } && outputs <= Mr;

    /// <inheritdoc cref="DirectConvolution.Convolve"/>
    /// <param name="packed">As the direct kernels take it: one panel, since the outputs are few.</param>
    /// <param name="y">[N, P, Q, <paramref name="outputs"/>]</param>
    public abstract void Convolve(
        CpuDevice cpu, Patches patches, float* packed, float* packedBias, bool relu, float* y, int outputs);

    /// <inheritdoc cref="DirectConvolution.WeightGradientWorkspaceSize"/>
    public abstract int WeightGradientWorkspaceSize(Patches patches, int outputs);

    /// <inheritdoc cref="DirectConvolution.WeightGradient"/>
    public abstract void WeightGradient(
        CpuDevice cpu, Patches patches, float* dy, int outputs, float* sums, float* dw, float* db);

    private readonly struct Factory : IVectorFactory<FewChannelsConvolution?>
    {
        public FewChannelsConvolution? Create<V>() where V : struct, IVector<V> =>
            V.Width == 1 ? null : new FewChannelsConvolution<V>();
    }
}

/// <inheritdoc/>
internal sealed unsafe class FewChannelsConvolution<V> : FewChannelsConvolution where V : struct, IVector<V>
{
    private const int MaxSplitKSlices = 16;

    public override int VectorWidth => V.Width;

    public override int Mr => V.Mr;

    public override void Convolve(
        CpuDevice cpu, Patches patches, float* packed, float* packedBias, bool relu, float* y, int outputs) =>
        cpu.For(patches.Images, new Images(patches, packed, packedBias, relu, y, outputs));

    private readonly struct Images(
        Patches patches, float* packed, float* packedBias, bool relu, float* y, int outputs) : ILoopBody
    {
        public void Run(int i)
        {
            var size = (nint)patches.OutputSize.H * patches.OutputSize.W * outputs;
            ConvolveImage(patches, i, packed, packedBias, relu, y + i * size, outputs);
        }
    }

    public override int WeightGradientWorkspaceSize(Patches patches, int outputs) =>
        SplitKSlices(patches) * (patches.PatchLength + 1) * outputs;

    public override void WeightGradient(
        CpuDevice cpu, Patches patches, float* dy, int outputs, float* sums, float* dw, float* db)
    {
        // As many slices of the batch for any number of threads, and their sums added in order.
        var (depth, slices) = (patches.PatchLength, SplitKSlices(patches));
        var size = (depth + 1) * outputs;
        cpu.For(slices, i => AccumulateSlice(
            patches, patches.Images * i / slices, patches.Images * (i + 1) / slices, dy, outputs, sums + i * size));

        for (var o = 0; o < outputs; o++)
            for (var tap = 0; tap <= depth; tap++)
            {
                var total = 0f;
                for (var i = 0; i < slices; i++) total += sums[i * size + o * (depth + 1) + tap];
                if (tap < depth) dw[o * depth + tap] = total;
                else db[o] = total;
            }
    }

    private static void ConvolveImage(
        Patches patches, int image, float* packed, float* packedBias, bool relu, float* y, int outputs)
    {
        var planes = PaddedChwImage.For(patches.Geometry, V.Width);
        var blocks = (patches.OutputSize.W + 2 * V.Width - 1) / (2 * V.Width);      // tiles of a row
        var perRow = patches.KernelSize.W * patches.Channels;
        nint stride = blocks * 2 * V.Width;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes(planes.Size + 2 * V.Width, sizeof(float)) +
            Scratch.AlignedBytes(patches.PatchLength, sizeof(nint)) +
            Scratch.AlignedBytes(V.Mr * stride, sizeof(float)));
        var x = scratch.Floats(planes.Size + 2 * V.Width);          // the last row's last vectors reach beyond it
        var offsets = (nint*)scratch.Pointers(patches.PatchLength);
        var sums = scratch.Floats(V.Mr * stride);

        new Span<float>(x, (int)planes.Size + 2 * V.Width).Clear();
        planes.CopyFrom(ImageStart(patches, image), patches.Height, patches.Width, patches.Origin, x);
        planes.FillTapOffsets(patches.KernelSize, offsets);
        for (var row = 0; row < patches.OutputSize.H; row++)
        {
            var top = row + patches.Origin.H;                       // kernel rows over padding alone are omitted
            var begin = Math.Clamp(-top, 0, patches.KernelSize.H) * perRow;
            var end = Math.Clamp(patches.Height - top, 0, patches.KernelSize.H) * perRow;
            for (var block = 0; block < blocks; block++)
                FewChannelsMicroKernel.Convolve<V>(
                    x + (nint)row * planes.Width + block * 2 * V.Width, offsets + begin, end - begin,
                    packed + begin * 2 * V.Width, packedBias, relu, outputs,
                    sums + block * 2 * V.Width, stride);

            Transposition.Copy(sums, stride, outputs, patches.OutputSize.W, y, outputs);
            y += (nint)patches.OutputSize.W * outputs;
        }
    }

    /// <summary>sums[o] = the sum of each tap's products over some images, and last the sum of dy.</summary>
    /// <remarks>
    /// The channels of dy are padded with zeros to the row length of those of x, so that each sum is one dot product of
    /// two long vectors. For db, one of them is all ones.
    /// </remarks>
    private static void AccumulateSlice(Patches patches, int begin, int end, float* dy, int outputs, float* sums)
    {
        var (height, width) = patches.OutputSize;
        var (planes, taps) = (PaddedChwImage.For(patches.Geometry, V.Width), patches.PatchLength + 1);
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
        planes.FillTapOffsets(patches.KernelSize, offsets);
        for (var t = patches.PatchLength; t < 2 * pairs; t++) offsets[t] = (nint)(ones - x);
        for (var image = begin; image < end; image++)
        {
            planes.CopyFrom(ImageStart(patches, image), patches.Height, patches.Width, patches.Origin, x);
            planesOfDy.CopyFrom(dy + (nint)image * height * width * outputs, height, width, (0, 0), dyPlanes);
            for (var pair = 0; pair < pairs; pair++)
                FewChannelsMicroKernel.Correlate<V>(
                    dyPlanes, planes.ChannelStride, outputs, x + offsets[2 * pair], x + offsets[2 * pair + 1], count,
                    lanes + pair * tile);
        }

        for (var o = 0; o < outputs; o++)
            for (var t = 0; t < taps; t++)
                *sums++ = HorizontalSum(lanes + (t / 2 * V.Mr + o) * 2 * V.Width + t % 2 * V.Width);
    }

    private static float* ImageStart(Patches patches, int image) =>
        patches.Pixels + (nint)image * patches.Height * patches.Width * patches.Channels;

    private static float HorizontalSum(float* lanes)
    {
        var total = 0f;
        for (var i = 0; i < V.Width; i++) total += lanes[i];
        return total;
    }

    private static int SplitKSlices(Patches patches) => Math.Clamp(patches.Images, 1, MaxSplitKSlices);
}
