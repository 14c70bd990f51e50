using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <inheritdoc/>
internal sealed unsafe partial class ConvolutionKernels<V> : ConvolutionKernels where V : struct, ILanes<V>
{
    private const int TilesPerPiece = 16;       // with their windows they stay in the L2 cache, beside one panel of weights
    private const int FloatsToStream = 1 << 22; // 16 MB

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

    public override void PackFlipped(
        CpuDevice cpu, float* weight, int outputs, int inputs, (int H, int W) kernel, Phase rows, Phase columns,
        float* packed) =>
        cpu.For(Panels(inputs), i =>
        {
            var to = packed + (nint)i * rows.Taps * columns.Taps * outputs * PanelWidth;
            for (var r = rows.Taps - 1; r >= 0; r--)
                for (var c = columns.Taps - 1; c >= 0; c--, to += outputs * PanelWidth)
                {
                    var tap = (rows.First + r * rows.Step) * kernel.W + columns.First + c * columns.Step;
                    PyNetSharp.Panels.FromColumns(
                        weight + tap * inputs + i * PanelWidth, kernel.H * kernel.W * inputs, outputs, Columns(i, inputs),
                        to, PanelWidth);
                }
        });

    public override void Slide(CpuDevice cpu, Windows windows, float* packed, float* start, bool relu, Target target)
    {
        var (panels, pixels) = (Panels(target.Channels), TilesPerPiece * V.TileRows);
        var pieces = Ceiling(windows.Positions, pixels);

        // Few pixels (one image, late layers) are shared out by panel as well, so that every core has work.
        var groups = Math.Clamp(64 / Math.Max(pieces, 1), 1, panels);
        var ends = new Tile.Ends((nint)start, relu, Streams(windows.Images, target));
        cpu.For(pieces * groups, i =>
        {
            var (piece, group) = Math.DivRem(i, groups);
            var first = piece * pixels;
            SlidePiece(
                windows, first, Math.Min(pixels, windows.Positions - first), packed, ends, target,
                panels * group / groups, panels * (group + 1) / groups);
        });
    }

    /// <summary>Whether results are so many that they leave the caches before anybody reads them, and are aligned.</summary>
    private static bool Streams(int images, Target target) =>
        (long)images * target.Height * target.Width * target.Channels >= FloatsToStream
        && target.Channels % PanelWidth == 0 && target.Pixels % (V.Width * sizeof(float)) == 0;

    private static void SlidePiece(
        Windows windows, int first, int count, float* packed, Tile.Ends ends, Target target, int panelBegin, int panelEnd)
    {
        var (tiles, segments, length) = (TilesOf(count), windows.Segments, windows.Length);
        var edgeColumn = target.Channels % PanelWidth == 0 ? int.MaxValue : target.Channels / PanelWidth;
        var scratch = Scratch.Begin(
            Scratch.Bytes(tiles * V.TileRows * (long)segments, sizeof(float*)) + Scratch.Bytes(tiles * V.TileRows, sizeof(float*)) +
            2 * Scratch.Bytes(V.TileRows, sizeof(float*)) + Scratch.Bytes(V.TileRows * PanelWidth, sizeof(float)) +
            Scratch.Bytes(target.Channels + PanelWidth, sizeof(float)) + Scratch.Bytes(windows.EdgeFloats(count), sizeof(float)));
        var rows = scratch.Pointers(tiles * V.TileRows * (long)segments);
        var outputs = scratch.Pointers(tiles * V.TileRows);
        var edgeOutputs = scratch.Pointers(V.TileRows);
        var blockRows = scratch.Pointers(V.TileRows);
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
        var ahead = Next(windows, first + count, count, (panelEnd - panelBegin) * tiles, length);
        for (var panel = panelBegin; panel < panelEnd; panel++)
        {
            var weights = packed + (nint)panel * windows.Depth * PanelWidth;
            var panelEnds = ends with { Bias = (nint)((float*)ends.Bias + panel * PanelWidth) };
            for (var tile = 0; tile < tiles; tile++)
            {
                var table = rows + (nint)tile * V.TileRows * segments;
                var to = outputs + tile * V.TileRows;
                if (panel != edgeColumn)
                {
                    Sum(table, segments, length, weights, to, panel * PanelWidth, panelEnds, blockRows, ahead.Take());
                    continue;
                }

                Sum(table, segments, length, weights, edgeOutputs, 0, panelEnds, blockRows, default);
                for (var r = 0; r < V.TileRows; r++)
                    new ReadOnlySpan<float>(edgeOutputs[r], Columns(panel, target.Channels)).CopyTo(
                        new(to[r] + panel * PanelWidth, PanelWidth));
            }
        }
    }

    /// <summary>As <see cref="Tile.Rows"/>; long sums in blocks, of some segments each or of a part of one.</summary>
    /// <param name="blockRows">Room for a tile's pointers.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum(
        float** table, int segments, int length, float* weights, float** outputs, nint column, Tile.Ends ends,
        float** blockRows, Ahead.Part ahead)
    {
        if (segments * length <= Tile.MostDepth) Tile.Rows<V>(table, segments, length, weights, outputs, column, ends, ahead);
        else SumInBlocks(table, segments, length, weights, outputs, column, ends, blockRows, ahead);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SumInBlocks(
        float** table, int segments, int length, float* weights, float** outputs, nint column, Tile.Ends ends,
        float** blockRows, Ahead.Part ahead)
    {
        var together = Math.Max(1, Tile.MostDepth / length);
        for (var s = 0; s < segments; s += together)
            for (var k = 0; k < length; k += Tile.MostDepth)        // once, unless a single segment is too long
            {
                var (count, depth) = (Math.Min(together, segments - s), Math.Min(Tile.MostDepth, length - k));
                var (isFirst, isLast) = (s == 0 && k == 0, s + count == segments && k + depth == length);
                var rows = table + (nint)s * V.TileRows;
                for (var r = 0; r < V.TileRows && k > 0; r++) blockRows[r] = rows[r] + k;
                Tile.Rows<V>(
                    k > 0 ? blockRows : rows, count, Math.Min(length, depth), weights, outputs, column,
                    new(isFirst ? ends.Bias : 0, ends.Relu && isLast, ends.Streaming && isLast),
                    isFirst ? ahead : default);
                weights += (nint)count * depth * PanelWidth;
            }
    }

    /// <summary>The pixels that the next piece will read; of 1×1 kernels alone, since others read most of them already.</summary>
    private static Ahead Next(Windows windows, int first, int count, int calls, int depth) =>
        windows.Kernel == (1, 1) && windows.Step == (1, 1)
            ? new(
                windows.Source + (nint)first * windows.Channels,
                (long)Math.Min(count, windows.Positions - first) * windows.Channels, calls, depth)
            : default;

    private static int Ceiling(int count, int size) => (count + size - 1) / size;

    private static int Panels(int columns) => Ceiling(columns, PanelWidth);

    private static int TilesOf(int rows) => Ceiling(rows, V.TileRows);

    private static int Columns(int panel, int columns) => Math.Min(PanelWidth, columns - panel * PanelWidth);
}
