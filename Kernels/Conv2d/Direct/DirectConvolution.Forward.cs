using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <inheritdoc/>
internal sealed unsafe partial class DirectConvolution<V> : DirectConvolution where V : struct, IVector<V>
{
    private const int TilesPerTask = 16;       // with their windows they stay in the L2 cache, beside one panel of weights
    private const int MinNonTemporalFloats = 1 << 22; // 16 MB

    private static int Nr => 2 * V.Width;

    public override int PackedSize(int depth, int columns) => PanelCount(columns) * depth * Nr;

    public override void PackRows(CpuDevice cpu, float* rows, int depth, int columns, float* packed) =>
        cpu.For(PanelCount(columns), i => PanelPacking.PackTransposed(
            rows + (nint)i * Nr * depth, depth, depth, PanelColumns(i, columns), packed + (nint)i * Nr * depth, Nr));

    public override void PackColumns(float* matrix, int depth, int columns, float* packed)
    {
        for (var i = 0; i < PanelCount(columns); i++)
            PanelPacking.Pack(
                matrix + i * Nr, columns, depth, PanelColumns(i, columns), packed + (nint)i * Nr * depth, Nr);
    }

    public override void PackSubconvolution(
        CpuDevice cpu, float* weight, int outputs, int inputs, (int H, int W) kernel, SubconvolutionAxis rows, SubconvolutionAxis columns,
        float* packed) =>
        cpu.For(PanelCount(inputs), i =>
        {
            var to = packed + (nint)i * rows.Taps * columns.Taps * outputs * Nr;
            for (var r = rows.Taps - 1; r >= 0; r--)
                for (var c = columns.Taps - 1; c >= 0; c--, to += outputs * Nr)
                {
                    var tap = (rows.FirstTap + r * rows.TapStride) * kernel.W + columns.FirstTap + c * columns.TapStride;
                    PanelPacking.Pack(
                        weight + tap * inputs + i * Nr, kernel.H * kernel.W * inputs, outputs, PanelColumns(i, inputs),
                        to, Nr);
                }
        });

    public override void Convolve(CpuDevice cpu, PatchGrid windows, float* packed, float* start, bool relu, StridedOutput target)
    {
        var (panels, pixels) = (PanelCount(target.Channels), TilesPerTask * V.Mr);
        var pieces = CeilDiv(windows.Positions, pixels);

        // Few pixels (one image, late layers) are shared out by panel as well, so that every core has work.
        var groups = Math.Clamp(64 / Math.Max(pieces, 1), 1, panels);
        var ends = new MicroKernels.Epilogue((nint)start, relu, UsesNonTemporalStores(windows.Images, target));
        cpu.For(pieces * groups, i =>
        {
            var (piece, group) = Math.DivRem(i, groups);
            var first = piece * pixels;
            ConvolveBlock(
                windows, first, Math.Min(pixels, windows.Positions - first), packed, ends, target,
                panels * group / groups, panels * (group + 1) / groups);
        });
    }

    /// <summary>Whether results are so many that they leave the caches before anybody reads them, and are aligned.</summary>
    private static bool UsesNonTemporalStores(int images, StridedOutput target) =>
        (long)images * target.Height * target.Width * target.Channels >= MinNonTemporalFloats
        && target.Channels % Nr == 0 && target.Pixels % (V.Width * sizeof(float)) == 0;

    private static void ConvolveBlock(
        PatchGrid windows, int first, int count, float* packed, MicroKernels.Epilogue ends, StridedOutput target, int panelBegin, int panelEnd)
    {
        var (tiles, segments, length) = (TileCount(count), windows.Segments, windows.SegmentLength);
        var edgeColumn = target.Channels % Nr == 0 ? int.MaxValue : target.Channels / Nr;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes(tiles * V.Mr * (long)segments, sizeof(float*)) + Scratch.AlignedBytes(tiles * V.Mr, sizeof(float*)) +
            2 * Scratch.AlignedBytes(V.Mr, sizeof(float*)) + Scratch.AlignedBytes(V.Mr * Nr, sizeof(float)) +
            Scratch.AlignedBytes(target.Channels + Nr, sizeof(float)) + Scratch.AlignedBytes(windows.EdgeCopySize(count), sizeof(float)));
        var rows = scratch.Pointers(tiles * V.Mr * (long)segments);
        var outputs = scratch.Pointers(tiles * V.Mr);
        var edgeOutputs = scratch.Pointers(V.Mr);
        var blockRows = scratch.Pointers(V.Mr);
        var edge = scratch.Floats(V.Mr * Nr);
        var spare = scratch.Floats(target.Channels + Nr);
        var copies = scratch.Floats(windows.EdgeCopySize(count));

        for (var tile = 0; tile < tiles; tile++)
        {
            var taken = tile * V.Mr;
            var valid = Math.Min(V.Mr, count - taken);
            var table = rows + (nint)taken * segments;
            windows.FillIndirectionBuffer(first + taken, valid, table, 1, V.Mr, copies + taken * windows.EdgeCopySize(1));
            target.FillOutputPointers(first + taken, valid, windows.OutputSize, outputs + taken);
            for (var r = valid; r < V.Mr; r++)        // the last tile's missing rows repeat the first, into the spare
            {
                for (var s = 0; s < segments; s++) table[s * V.Mr + r] = table[s * V.Mr];
                outputs[taken + r] = spare;
            }
        }

        for (var r = 0; r < V.Mr; r++) edgeOutputs[r] = edge + r * Nr;
        var ahead = PrefetchNext(windows, first + count, count, (panelEnd - panelBegin) * tiles, length);
        for (var panel = panelBegin; panel < panelEnd; panel++)
        {
            var weights = packed + (nint)panel * windows.Depth * Nr;
            var panelEnds = ends with { Bias = (nint)((float*)ends.Bias + panel * Nr) };
            for (var tile = 0; tile < tiles; tile++)
            {
                var table = rows + (nint)tile * V.Mr * segments;
                var to = outputs + tile * V.Mr;
                if (panel != edgeColumn)
                {
                    RunMicroKernel(table, segments, length, weights, to, panel * Nr, panelEnds, blockRows, ahead.NextSlice());
                    continue;
                }

                RunMicroKernel(table, segments, length, weights, edgeOutputs, 0, panelEnds, blockRows, default);
                for (var r = 0; r < V.Mr; r++)
                    new ReadOnlySpan<float>(edgeOutputs[r], PanelColumns(panel, target.Channels)).CopyTo(
                        new(to[r] + panel * Nr, Nr));
            }
        }
    }

    /// <summary>As <see cref="MicroKernels.IndirectGemm{V}(float**, int, nint, float*, float**, nint, MicroKernels.Epilogue, Prefetcher.Slice)"/>; long sums in blocks, of some segments each or of a part of one.</summary>
    /// <param name="blockRows">Room for a tile's pointers.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RunMicroKernel(
        float** table, int segments, int length, float* weights, float** outputs, nint column, MicroKernels.Epilogue ends,
        float** blockRows, Prefetcher.Slice ahead)
    {
        if (segments * length <= MicroKernels.MaxKc) MicroKernels.IndirectGemm<V>(table, segments, length, weights, outputs, column, ends, ahead);
        else RunInDepthBlocks(table, segments, length, weights, outputs, column, ends, blockRows, ahead);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunInDepthBlocks(
        float** table, int segments, int length, float* weights, float** outputs, nint column, MicroKernels.Epilogue ends,
        float** blockRows, Prefetcher.Slice ahead)
    {
        var together = Math.Max(1, MicroKernels.MaxKc / length);
        for (var s = 0; s < segments; s += together)
            for (var k = 0; k < length; k += MicroKernels.MaxKc)        // once, unless a single segment is too long
            {
                var (count, depth) = (Math.Min(together, segments - s), Math.Min(MicroKernels.MaxKc, length - k));
                var (isFirst, isLast) = (s == 0 && k == 0, s + count == segments && k + depth == length);
                var rows = table + (nint)s * V.Mr;
                for (var r = 0; r < V.Mr && k > 0; r++) blockRows[r] = rows[r] + k;
                MicroKernels.IndirectGemm<V>(
                    k > 0 ? blockRows : rows, count, Math.Min(length, depth), weights, outputs, column,
                    new(isFirst ? ends.Bias : 0, ends.Relu && isLast, ends.NonTemporal && isLast),
                    isFirst ? ahead : default);
                weights += (nint)count * depth * Nr;
            }
    }

    /// <summary>The pixels that the next piece will read; of 1×1 kernels alone, since others read most of them already.</summary>
    private static Prefetcher PrefetchNext(PatchGrid windows, int first, int count, int calls, int depth) =>
        windows.KernelSize == (1, 1) && windows.Stride == (1, 1)
            ? new(
                windows.Pixels + (nint)first * windows.Channels,
                (long)Math.Min(count, windows.Positions - first) * windows.Channels, calls, depth)
            : default;

    private static int CeilDiv(int count, int size) => (count + size - 1) / size;

    private static int PanelCount(int columns) => CeilDiv(columns, Nr);

    private static int TileCount(int rows) => CeilDiv(rows, V.Mr);

    private static int PanelColumns(int panel, int columns) => Math.Min(Nr, columns - panel * Nr);
}
