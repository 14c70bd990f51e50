using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <content>The gradient by weights.</content>
internal sealed unsafe partial class DirectConvolution<V>
{
    private const int MaxBlockFloats = 1 << 16; // of dy and of one tap of x, for the gradient by weights: they stay in the L2 cache
    private const int PanelsPerGroup = 16;
    private const int MaxSplitKSlices = 16, MaxSplitKFloats = 1 << 22;       // sums of a batch's pieces: 16 MB at most, but for large weights

    private static int StripStride => MicroKernels.StripStride<V>();

    public override int WeightGradientWorkspaceSize(PatchGrid windows, int outputs) =>
        PackedSize(windows.Depth + 1, outputs) * SplitKSlices(windows, outputs);

    public override void WeightGradient(
        CpuDevice cpu, PatchGrid windows, float* dy, int outputs, float* sums, float* dw, float* db)
    {
        // Pieces of the batch are summed apart and then added in order: x and dy pass through memory once, and the result
        // does not depend on the threads. The cut into groups of panels does not show in the sums.
        var (panels, depth, pieces) = (PanelCount(outputs), windows.Depth, SplitKSlices(windows, outputs));
        var groups = Math.Min(panels, Math.Max(CeilDiv(panels, PanelsPerGroup), CeilDiv(cpu.Threads, pieces)));
        nint stride = PackedSize(depth + 1, outputs);
        cpu.For(pieces * groups, i =>
        {
            var (piece, group) = Math.DivRem(i, groups);
            AccumulateSlice(
                windows, (int)((long)windows.Positions * piece / pieces), (int)((long)windows.Positions * (piece + 1) / pieces),
                dy, outputs, sums + piece * stride, panels * group / groups, panels * (group + 1) / groups);
        });

        cpu.For(panels, i =>
        {
            var size = (depth + 1) * Nr;
            var panel = sums + (nint)i * size;
            for (var piece = 1; piece < pieces; piece++) Add(panel + piece * stride, panel, size);
            PanelPacking.UnpackTransposed(panel, Nr, depth, PanelColumns(i, outputs), dw + (nint)i * Nr * depth, depth);
            new ReadOnlySpan<float>(panel + depth * Nr, PanelColumns(i, outputs)).CopyTo(new(db + i * Nr, Nr));
        });
    }

    /// <summary>The sums of some panels (columns) of dw over the positions from <paramref name="begin"/> to <paramref name="end"/>.</summary>
    /// <remarks>
    /// Block of pixels by block, tap by tap, the tap's columns of x are gathered into strips of four tiles and used for all panels
    /// of dy: read where they lie, hundreds of bytes apart, they would fall into the same few sets of the L1 cache. A panel of
    /// dy then stays in the L1 cache while the strips pass by. The last row of a panel's sums is db.
    /// </remarks>
    private static void AccumulateSlice(
        PatchGrid windows, int begin, int end, float* dy, int outputs, float* sums, int panelBegin, int panelEnd)
    {
        var (segments, length, count) = (windows.Segments, windows.SegmentLength, panelEnd - panelBegin);
        var (strips, block) = (CeilDiv(length, StripStride), BlockSize(length, end - begin, outputs));
        var size = (windows.Depth + 1) * Nr;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes((long)block * segments, sizeof(float*)) + Scratch.AlignedBytes((long)count * block * Nr, sizeof(float)) +
            Scratch.AlignedBytes((long)block * strips * StripStride, sizeof(float)) + Scratch.AlignedBytes(windows.EdgeCopySize(block), sizeof(float)));
        var table = scratch.Pointers((long)block * segments);
        var panelsOfDy = scratch.Floats((long)count * block * Nr);
        var columns = scratch.Floats((long)block * strips * StripStride);
        var copies = scratch.Floats(windows.EdgeCopySize(block));
        sums += (nint)panelBegin * size;
        new Span<float>(sums, count * size).Clear();

        for (var first = begin; first < end; first += block)
        {
            var pixels = Math.Min(block, end - first);
            var next = Math.Min(block, end - first - pixels);
            var calls = segments * count * TileCount(length) / 2;     // that bring x, and as many that bring dy
            var aheadOfX = PrefetchNext(windows, first + pixels, next, calls, pixels);
            var aheadOfDy = new Prefetcher(dy + (nint)(first + pixels) * outputs, (long)next * outputs, calls, pixels);
            windows.FillIndirectionBuffer(first, pixels, table, 1, block, copies);
            PackOutputGradientPanels(dy + (nint)first * outputs, outputs, pixels, panelBegin, panelEnd, panelsOfDy, block);
            for (var panel = 0; panel < count; panel++)
                AddRows(panelsOfDy + panel * block * Nr, pixels, sums + (nint)panel * size + windows.Depth * Nr);

            for (var segment = 0; segment < segments; segment++)
            {
                PackStrips(table + segment * block, pixels, length, columns, block);
                for (var panel = 0; panel < count; panel++)
                    for (var strip = 0; strip < strips; strip++)
                    {
                        var to = sums + (nint)panel * size + (segment * length + strip * StripStride) * Nr;
                        for (var row = 0; row < Floats(strip); row += V.Mr)
                            MicroKernels.TransposedGemm<V>(
                                columns + strip * block * StripStride + row, StripStride, pixels,
                                panelsOfDy + panel * block * Nr,
                                Math.Min(V.Mr, Floats(strip) - row), to + row * Nr, Nr, accumulate: true,
                                row / V.Mr % 2 == 0 ? aheadOfX.NextSlice() : aheadOfDy.NextSlice());
                    }
            }
        }

        int Floats(int strip) => Math.Min(StripStride, length - strip * StripStride);
    }

    /// <summary>How many of a piece's positions are summed at a time: equal parts, since a small rest costs nearly as much as a whole.</summary>
    /// <remarks>The cut shows in the rounding, so it may not depend on how the threads share the panels.</remarks>
    private static int BlockSize(int length, int positions, int outputs)
    {
        var panels = Math.Min(PanelCount(outputs), PanelsPerGroup);
        var most = Math.Clamp(MaxBlockFloats / (panels * Nr + length), 64, 512);
        return CeilDiv(positions, Math.Max(CeilDiv(positions, most), 1));
    }

    /// <summary>The panels of dy: its rows are read one after the other, as they lie in memory.</summary>
    /// <param name="block">Positions from one packed panel to the next.</param>
    private static void PackOutputGradientPanels(float* dy, int outputs, int positions, int panelBegin, int panelEnd, float* packed, int block)
    {
        var whole = Math.Min(panelEnd, outputs / Nr) - panelBegin;
        for (var p = 0; p < positions; p++)
        {
            float* from = dy + (nint)p * outputs + panelBegin * Nr, to = packed + (nint)p * Nr;
            for (var panel = 0; panel < whole; panel++, from += Nr, to += (nint)block * Nr)
            {
                V.Load(from).Store(to);
                V.Load(from + V.Width).Store(to + V.Width);
            }
        }

        if (panelBegin + whole < panelEnd)
            PanelPacking.Pack(
                dy + (panelBegin + whole) * Nr, outputs, positions, PanelColumns(panelBegin + whole, outputs),
                packed + (nint)whole * block * Nr, Nr);
    }

    /// <summary>strips[r / StripWidth][p][r mod StripWidth] = pixels[p][r], read in the order in which they lie in memory.</summary>
    /// <param name="block">Positions from one strip to the next.</param>
    private static void PackStrips(float** pixels, int count, int length, float* strips, int block)
    {
        var stride = (nint)block * StripStride;
        for (var p = 0; p < count; p++)
        {
            var (from, to, rest) = ((nint)pixels[p], (nint)(strips + p * StripStride), length);
            for (; rest >= StripStride; rest -= StripStride, from += StripStride * sizeof(float), to += stride * sizeof(float))
                CopySegment((float*)from, StripStride, (float*)to);
            if (rest > 0) CopySegment((float*)from, rest, (float*)to);
        }
    }

    private static void CopySegment(float* from, int floats, float* to)
    {
        nint r = 0;
        for (; r <= floats - V.Width; r += V.Width) V.Load(from + r).Store(to + r);
        if (r == floats) return;
        if (floats > V.Width) V.Load(from + floats - V.Width).Store(to + floats - V.Width);     // overlaps what was copied
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

    /// <summary>Into how many pieces the positions of a gradient by weights are cut: by the problem, never by the threads.</summary>
    private int SplitKSlices(PatchGrid windows, int outputs) => Math.Max(1, Math.Min(
        CeilDiv(windows.Positions, 512), Math.Clamp(MaxSplitKFloats / PackedSize(windows.Depth + 1, outputs), 4, MaxSplitKSlices)));
}
