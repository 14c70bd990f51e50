using System.Runtime.Intrinsics;

namespace PyNetSharp;

/// <summary>The loops around the micro-kernels of a convolution, for one width of vectors.</summary>
internal abstract unsafe class ConvolutionKernels
{
    /// <summary>For the widest vectors that this processor has.</summary>
    public static ConvolutionKernels Best { get; } =
        Vector512.IsHardwareAccelerated ? new ConvolutionKernels<Lanes16>()
        : Vector256.IsHardwareAccelerated ? new ConvolutionKernels<Lanes8>()
        : Vector128.IsHardwareAccelerated ? new ConvolutionKernels<Lanes4>()
        : new ConvolutionKernels<Lanes1>();

    /// <summary>Floats that a packed matrix of [depth, columns] takes.</summary>
    public abstract int PackedSize(int depth, int columns);

    /// <summary>Packs [columns, depth], as weights are stored: [outputs, kh·kw·inputs].</summary>
    public abstract void PackRows(CpuDevice cpu, float* rows, int depth, int columns, float* packed);

    /// <summary>Packs [depth, columns].</summary>
    public abstract void PackColumns(float* matrix, int depth, int columns, float* packed);

    /// <summary>Packs the taps of one <see cref="Phase"/> per axis, last tap first, as [taps · outputs, inputs].</summary>
    public abstract void PackFlipped(CpuDevice cpu, Tensor weight, Phase rows, Phase columns, float* packed);

    /// <summary>target[position] = window[position] · packed + start, for every position.</summary>
    public abstract void Slide(
        CpuDevice cpu, Windows windows, float* packed, float* start, bool relu, Target target);

    /// <summary>dw[o, k] = Σ over positions of dy[position, o] · window[position, k], and db[o] = Σ dy[position, o].</summary>
    /// <param name="sums">Working memory for the packed dw.</param>
    public abstract void GradientByWeight(
        CpuDevice cpu, Windows windows, float* dy, int outputs, float* sums, float* dw, float* db);
}

/// <inheritdoc/>
internal sealed unsafe class ConvolutionKernels<V> : ConvolutionKernels where V : struct, ILanes<V>
{
    private const int TilesPerPiece = 16;       // with their windows they stay in the L2 cache, beside one panel of weights
    private const int PixelsPerBlock = 192;     // a panel of dy and the pieces of x beside it stay in the L1 cache

    private static int PanelWidth => 2 * V.Width;

    public override int PackedSize(int depth, int columns) => Panels(columns) * depth * PanelWidth;

    public override void PackRows(CpuDevice cpu, float* rows, int depth, int columns, float* packed) =>
        cpu.For(Panels(columns), i => PyNetSharp.Panels.FromRows(
            rows + (nint)i * PanelWidth * depth, depth, depth, Columns(i, columns), packed + (nint)i * PanelWidth * depth, PanelWidth));

    public override void PackColumns(float* matrix, int depth, int columns, float* packed)
    {
        for (var i = 0; i < Panels(columns); i++)
            PyNetSharp.Panels.FromColumns(
                matrix + i * PanelWidth, columns, depth, Columns(i, columns), packed + (nint)i * PanelWidth * depth, PanelWidth);
    }

    public override void PackFlipped(CpuDevice cpu, Tensor weight, Phase rows, Phase columns, float* packed)
    {
        var (outputs, inputs, kh, kw) = weight.Shape;
        var from = weight.Pointer;
        cpu.For(Panels(inputs), i =>
        {
            var to = packed + (nint)i * rows.Taps * columns.Taps * outputs * PanelWidth;
            for (var r = rows.Taps - 1; r >= 0; r--)
                for (var c = columns.Taps - 1; c >= 0; c--, to += outputs * PanelWidth)
                {
                    var tap = (rows.First + r * rows.Step) * kw + columns.First + c * columns.Step;
                    PyNetSharp.Panels.FromColumns(
                        from + tap * inputs + i * PanelWidth, kh * kw * inputs, outputs, Columns(i, inputs), to, PanelWidth);
                }
        });
    }

    public override void Slide(CpuDevice cpu, Windows windows, float* packed, float* start, bool relu, Target target)
    {
        var (panels, pixels) = (Panels(target.Channels), TilesPerPiece * V.TileRows);
        var pieces = (windows.Positions + pixels - 1) / pixels;

        // Few pixels (one image, late layers) are shared out by panel as well, so that every core has work.
        var groups = Math.Clamp(64 / Math.Max(pieces, 1), 1, panels);
        cpu.For(pieces * groups, i =>
        {
            var (piece, group) = Math.DivRem(i, groups);
            var first = piece * pixels;
            SlidePiece(
                windows, first, Math.Min(pixels, windows.Positions - first), packed, start, relu, target,
                panels * group / groups, panels * (group + 1) / groups);
        });
    }

    public override void GradientByWeight(
        CpuDevice cpu, Windows windows, float* dy, int outputs, float* sums, float* dw, float* db)
    {
        // Each sum is made by one thread from first pixel to last, so the cut into groups does not show in the result.
        var (panels, tiles) = (Panels(outputs), windows.Segments * TilesOf(windows.Length));
        var columnGroups = Math.Min(panels, cpu.Threads);
        var rowGroups = Math.Clamp(cpu.Threads / columnGroups, 1, tiles);
        cpu.For(columnGroups * rowGroups, i =>
        {
            var (column, row) = Math.DivRem(i, rowGroups);
            Accumulate(
                windows, dy, outputs, sums, row == 0 ? db : null,
                (panels * column / columnGroups, panels * (column + 1) / columnGroups),
                (tiles * row / rowGroups, tiles * (row + 1) / rowGroups));
        });

        var depth = windows.Depth;
        if (windows.Positions == 0) new Span<float>(sums, PackedSize(depth, outputs)).Clear();
        cpu.For(panels, i => PyNetSharp.Panels.ToRows(
            sums + (nint)i * depth * PanelWidth, PanelWidth, depth, Columns(i, outputs), dw + (nint)i * PanelWidth * depth, depth));
    }

    private static void SlidePiece(
        Windows windows, int first, int count, float* packed, float* start, bool relu, Target target, int panelBegin, int panelEnd)
    {
        var (tiles, segments, length) = (TilesOf(count), windows.Segments, windows.Length);
        var edgeColumn = target.Channels % PanelWidth == 0 ? int.MaxValue : target.Channels / PanelWidth;
        var scratch = Scratch.Begin(
            Scratch.Bytes(tiles * V.TileRows * (long)segments, sizeof(float*)) + Scratch.Bytes(tiles * V.TileRows, sizeof(float*)) +
            Scratch.Bytes(V.TileRows, sizeof(float*)) + Scratch.Bytes(V.TileRows * PanelWidth, sizeof(float)) +
            Scratch.Bytes(target.Channels + PanelWidth, sizeof(float)) + Scratch.Bytes(windows.EdgeFloats(count), sizeof(float)));
        var rows = scratch.Pointers(tiles * V.TileRows * (long)segments);
        var outputs = scratch.Pointers(tiles * V.TileRows);
        var edgeOutputs = scratch.Pointers(V.TileRows);
        var edge = scratch.Floats(V.TileRows * PanelWidth);
        var spare = scratch.Floats(target.Channels + PanelWidth);
        var copies = scratch.Floats(windows.EdgeFloats(count));

        for (var tile = 0; tile < tiles; tile++)
        {
            var taken = tile * V.TileRows;
            var valid = Math.Min(V.TileRows, count - taken);
            var table = rows + (nint)taken * segments;
            windows.Point(first + taken, valid, table, 1, V.TileRows, copies + taken * windows.EdgeFloats(1));
            target.Point(first + taken, valid, windows.Grid, outputs + taken);
            for (var r = valid; r < V.TileRows; r++)        // the last tile's missing rows repeat the first, into the spare
            {
                for (var s = 0; s < segments; s++) table[s * V.TileRows + r] = table[s * V.TileRows];
                outputs[taken + r] = spare;
            }
        }

        for (var r = 0; r < V.TileRows; r++) edgeOutputs[r] = edge + r * PanelWidth;
        for (var panel = panelBegin; panel < panelEnd; panel++)
        {
            var weights = packed + (nint)panel * windows.Depth * PanelWidth;
            var ends = new Tile.Ends((nint)(start + panel * PanelWidth), relu);
            for (var tile = 0; tile < tiles; tile++)
            {
                var table = rows + (nint)tile * V.TileRows * segments;
                var to = outputs + tile * V.TileRows;
                if (panel != edgeColumn)
                {
                    Tile.Rows<V>(table, segments, length, weights, to, panel * PanelWidth, ends);
                    continue;
                }

                Tile.Rows<V>(table, segments, length, weights, edgeOutputs, 0, ends);
                for (var r = 0; r < V.TileRows; r++)
                    new ReadOnlySpan<float>(edgeOutputs[r], Columns(panel, target.Channels)).CopyTo(
                        new(to[r] + panel * PanelWidth, PanelWidth));
            }
        }
    }

    /// <summary>The sums of some panels (columns) and some tiles (rows) of dw, over all pixels.</summary>
    private static void Accumulate(
        Windows windows, float* dy, int outputs, float* sums, float* db, (int Begin, int End) panels, (int Begin, int End) tiles)
    {
        var (segments, length) = (windows.Segments, windows.Length);
        var perSegment = TilesOf(length);
        var scratch = Scratch.Begin(
            Scratch.Bytes((long)PixelsPerBlock * segments, sizeof(float*)) + Scratch.Bytes(PixelsPerBlock * PanelWidth, sizeof(float)) +
            Scratch.Bytes(windows.EdgeFloats(PixelsPerBlock), sizeof(float)));
        var table = scratch.Pointers((long)PixelsPerBlock * segments);
        var panelOfDy = scratch.Floats(PixelsPerBlock * PanelWidth);
        var copies = scratch.Floats(windows.EdgeFloats(PixelsPerBlock));
        if (db != null) new Span<float>(db, outputs)[(panels.Begin * PanelWidth)..Math.Min(outputs, panels.End * PanelWidth)].Clear();

        for (var first = 0; first < windows.Positions; first += PixelsPerBlock)
        {
            var count = Math.Min(PixelsPerBlock, windows.Positions - first);
            windows.Point(first, count, table, 1, PixelsPerBlock, copies);
            for (var panel = panels.Begin; panel < panels.End; panel++)
            {
                var columns = Columns(panel, outputs);
                PyNetSharp.Panels.FromColumns(
                    dy + (nint)first * outputs + panel * PanelWidth, outputs, count, columns, panelOfDy, PanelWidth);
                if (db != null) AddColumns(panelOfDy, count, columns, db + panel * PanelWidth);

                var sum = sums + (nint)panel * windows.Depth * PanelWidth;
                for (var tile = tiles.Begin; tile < tiles.End; tile++)
                {
                    var (segment, part) = Math.DivRem(tile, perSegment);
                    var offset = part * V.TileRows;
                    Tile.Outer<V>(
                        table + segment * PixelsPerBlock, count, offset, panelOfDy, Math.Min(V.TileRows, length - offset),
                        sum + (nint)(segment * length + offset) * PanelWidth, PanelWidth, accumulate: first > 0);
                }
            }
        }
    }

    private static void AddColumns(float* panel, int count, int columns, float* sums)
    {
        V left = default, right = default;
        for (nint p = 0; p < count; p++, panel += PanelWidth)
            (left, right) = (V.Add(left, V.Load(panel)), V.Add(right, V.Load(panel + V.Width)));

        var total = stackalloc float[PanelWidth];
        left.Store(total);
        right.Store(total + V.Width);
        for (var j = 0; j < columns; j++) sums[j] += total[j];
    }

    private static int Panels(int columns) => (columns + PanelWidth - 1) / PanelWidth;

    private static int TilesOf(int rows) => (rows + V.TileRows - 1) / V.TileRows;

    private static int Columns(int panel, int columns) => Math.Min(PanelWidth, columns - panel * PanelWidth);
}
