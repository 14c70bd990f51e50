using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;
using static PyNetSharp.Kernels.DirectConvolution;

namespace PyNetSharp.Kernels;

/// <summary>
/// The loops around <see cref="MicroKernels.TransposedGemm{V}"/> for dwᵀ = im2col(x)ᵀ · dy: the rows of a tile are
/// floats of the patch, its columns output channels. The end transposes.
/// </summary>
internal static unsafe class DirectWeightGradient<V> where V : struct, IVector<V>
{
    private const int MaxBlockFloats = 1 << 16;         // of dy and of one tap of x: they stay in the L2 cache
    private const int MinBlock = 64;                    // positions; fewer would be packed for too little arithmetic
    private const int PanelsPerGroup = 16;
    private const int MinPositionsPerSlice = 512;
    private const int MaxSplitKSlices = 16;
    private const int MaxSplitKFloats = 1 << 22;        // of all slices' sums: 16 MB, more only for large weights

    private static int Nr => Panels<V>.Nr;

    private static int StripStride => MicroKernels.StripStride<V>();

    /// <summary>The slices into which the positions are cut: a function of the problem, never of the threads.</summary>
    public static int SplitKSlices(Patches patches, int outputs)
    {
        var floats = Panels<V>.Count(outputs) * (patches.PatchLength + 1) * Nr;
        var most = Math.Clamp(MaxSplitKFloats / floats, 4, MaxSplitKSlices);
        return Math.Max(1, Math.Min(CeilDiv(patches.Positions, MinPositionsPerSlice), most));
    }

    /// <inheritdoc cref="DirectConvolution.WeightGradient"/>
    public static void Run(
        CpuDevice cpu, Patches patches, float* dy, int dyStride, int outputs, float* sums, float* dw, float* db)
    {
        // Split-K: slices of the positions are summed separately and then added in order, so x and dy pass through
        // memory once, and the result does not depend on the threads. Nor does it on the groups of panels:
        // they are independent outputs.
        var (panels, depth, slices) = (Panels<V>.Count(outputs), patches.PatchLength, SplitKSlices(patches, outputs));
        var groups = Math.Min(panels, Math.Max(CeilDiv(panels, PanelsPerGroup), CeilDiv(cpu.Threads, slices)));
        nint stride = panels * (depth + 1) * Nr;
        long positions = patches.Positions;
        cpu.For(slices * groups, i =>
        {
            var (slice, group) = Math.DivRem(i, groups);
            AccumulateSlice(
                patches, (int)(positions * slice / slices), (int)(positions * (slice + 1) / slices), dy, dyStride,
                outputs, sums + slice * stride, panels * group / groups, panels * (group + 1) / groups);
        });

        cpu.For(panels, i =>
        {
            var size = (depth + 1) * Nr;
            var panel = sums + (nint)i * size;
            for (var slice = 1; slice < slices; slice++) Add(panel + slice * stride, panel, size);
            var count = Panels<V>.Columns(i, outputs);
            PanelPacking.UnpackTransposed(panel, Nr, depth, count, dw + (nint)i * Nr * depth, depth);
            new ReadOnlySpan<float>(panel + depth * Nr, count).CopyTo(new(db + i * Nr, Nr));
        });
    }

    /// <summary>
    /// The sums of some panels of dwᵀ (each nr output channels) over the positions from <paramref name="begin"/> to
    /// <paramref name="end"/>.
    /// </summary>
    /// <remarks>
    /// For each block of positions, four tiles' columns of x at a time are packed into a strip, which stays in the L1
    /// cache for all panels of dy: unpacked, they are hundreds of bytes apart and would fall into the same few sets of
    /// it. The last row of a panel's sums is db.
    /// </remarks>
    private static void AccumulateSlice(
        Patches patches, int begin, int end, float* dy, int dyStride, int outputs, float* sums, int panelBegin,
        int panelEnd)
    {
        var (segments, length, count) = (patches.Segments, patches.SegmentLength, panelEnd - panelBegin);
        var (strips, block) = (CeilDiv(length, StripStride), BlockSize(length, end - begin, outputs));
        var size = (patches.PatchLength + 1) * Nr;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes((long)block * segments, sizeof(float*)) +
            Scratch.AlignedBytes((long)count * block * Nr, sizeof(float)) +
            Scratch.AlignedBytes((long)block * StripStride, sizeof(float)) +
            Scratch.AlignedBytes(patches.BorderCopyFloats(block), sizeof(float)));
        var table = scratch.Pointers((long)block * segments);
        var panelsOfDy = scratch.Floats((long)count * block * Nr);
        var packedStrip = scratch.Floats((long)block * StripStride);
        var borderSegments = scratch.Floats(patches.BorderCopyFloats(block));
        sums += (nint)panelBegin * size;
        new Span<float>(sums, count * size).Clear();

        for (var first = begin; first < end; first += block)
        {
            var pixels = Math.Min(block, end - first);
            var next = Math.Min(block, end - first - pixels);
            // Even tiles of a strip prefetch x, odd ones dy.
            var calls = segments * count * CeilDiv(length, V.Mr) / 2;
            var prefetchX = Panels<V>.PrefetchNext(patches, first + pixels, next, calls, pixels);
            var prefetchDy = new Prefetcher(
                dy + (nint)(first + pixels) * dyStride, (long)next * outputs, calls, pixels);
            patches.FillIndirectionBuffer(first, pixels, table, 1, block, borderSegments);
            PackOutputGradientPanels(
                dy + (nint)first * dyStride, dyStride, outputs, pixels, panelBegin, panelEnd, panelsOfDy, block);
            for (var panel = 0; panel < count; panel++)
                AddRows(panelsOfDy + panel * block * Nr, pixels, sums + (nint)panel * size + patches.PatchLength * Nr);

            for (var segment = 0; segment < segments; segment++)
                for (var strip = 0; strip < strips; strip++)
                {
                    var (firstRow, rows) = (strip * StripStride, Math.Min(StripStride, length - strip * StripStride));
                    PackStrip(table + segment * block, pixels, firstRow, rows, packedStrip);
                    for (var panel = 0; panel < count; panel++)
                    {
                        var to = sums + (nint)panel * size + (segment * length + firstRow) * Nr;
                        for (var row = 0; row < rows; row += V.Mr)
                            MicroKernels.TransposedGemm<V>(
                                packedStrip + row, StripStride, pixels, panelsOfDy + panel * block * Nr,
                                Math.Min(V.Mr, rows - row), to + row * Nr, Nr, accumulate: true,
                                row / V.Mr % 2 == 0 ? prefetchX.NextShare() : prefetchDy.NextShare());
                    }
                }
        }
    }

    /// <summary>
    /// Positions that are summed at a time: equal parts of a slice, since a small remainder costs nearly as much as a
    /// whole block.
    /// </summary>
    /// <remarks>The size changes the rounding, so it may not depend on how the threads divide the panels.</remarks>
    private static int BlockSize(int length, int positions, int outputs)
    {
        var panels = Math.Min(Panels<V>.Count(outputs), PanelsPerGroup);
        var most = Math.Clamp(MaxBlockFloats / (panels * Nr + length), MinBlock, MicroKernels.MaxKc);
        return CeilDiv(positions, Math.Max(CeilDiv(positions, most), 1));
    }

    /// <summary>Packs panels of dy, whose rows are read in the order of memory.</summary>
    /// <param name="stride">Floats from one position of dy to the next.</param>
    /// <param name="block">Positions from one packed panel to the next.</param>
    private static void PackOutputGradientPanels(
        float* dy, int stride, int outputs, int positions, int panelBegin, int panelEnd, float* packed, int block)
    {
        var whole = Math.Min(panelEnd, outputs / Nr) - panelBegin;
        for (var p = 0; p < positions; p++)
        {
            float* from = dy + (nint)p * stride + panelBegin * Nr, to = packed + (nint)p * Nr;
            for (var panel = 0; panel < whole; panel++, from += Nr, to += (nint)block * Nr)
            {
                V.Load(from).Store(to);
                V.Load(from + V.Width).Store(to + V.Width);
            }
        }

        if (panelBegin + whole < panelEnd)
            PanelPacking.Pack(
                dy + (panelBegin + whole) * Nr, stride, positions, Panels<V>.Columns(panelBegin + whole, outputs),
                packed + (nint)whole * block * Nr, Nr);
    }

    /// <summary>strip[p][r] = pixels[p][firstRow + r].</summary>
    private static void PackStrip(float** pixels, int count, int firstRow, int rows, float* strip)
    {
        for (var p = 0; p < count; p++, strip += StripStride)
        {
            var from = pixels[p] + firstRow;
            if (rows == StripStride)
                for (nint r = 0; r < StripStride; r += V.Width) V.Load(from + r).Store(strip + r);
            else
                CopySegment(from, rows, strip);
        }
    }

    private static void CopySegment(float* from, int floats, float* to)
    {
        nint r = 0;
        for (; r <= floats - V.Width; r += V.Width) V.Load(from + r).Store(to + r);
        if (r == floats) return;
        // The last vector overlaps the one before.
        if (floats > V.Width) V.Load(from + floats - V.Width).Store(to + floats - V.Width);
        else for (; r < floats; r++) to[r] = from[r];
    }

    /// <summary>sums += the panel's rows, two vectors.</summary>
    private static void AddRows(float* panel, int count, float* sums)
    {
        V left = default, right = default;
        for (nint p = 0; p < count; p++, panel += Nr)
            (left, right) = (left + V.Load(panel), right + V.Load(panel + V.Width));
        (left + V.Load(sums)).Store(sums);
        (right + V.Load(sums + V.Width)).Store(sums + V.Width);
    }

    private static void Add(float* from, float* to, int count)
    {
        for (nint i = 0; i < count; i += V.Width) (V.Load(from + i) + V.Load(to + i)).Store(to + i);
    }
}
