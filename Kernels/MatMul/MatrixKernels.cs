using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PyNetSharp;

/// <summary>The loops around the micro-kernels of a matrix product, for one width of vectors.</summary>
internal abstract unsafe class MatrixKernels
{
    /// <summary>For the widest vectors that this processor has.</summary>
    public static MatrixKernels Best { get; } =
        Vector512.IsHardwareAccelerated ? new MatrixKernels<Lanes16>()
        : Vector256.IsHardwareAccelerated ? new MatrixKernels<Lanes8>()
        : Vector128.IsHardwareAccelerated ? new MatrixKernels<Lanes4>()
        : new MatrixKernels<Lanes1>();

    /// <summary>c = a·b + bias, then max(·, 0) if asked for. c is [a.Rows, b.Columns], row-major.</summary>
    /// <param name="bias">[b.Columns], or null for none.</param>
    public abstract void Multiply(CpuDevice cpu, Matrix a, Matrix b, float* c, float* bias, bool relu);
}

/// <inheritdoc/>
/// <remarks>
/// The right operand is packed block by block into a thread's L2 cache; the left one is read where it lies, whichever way
/// it is stored. Few rows times a transposed matrix (a small batch through a linear layer) is computed as the transpose of
/// the exchanged product, so that the large matrix is the one that is not packed. The gradient by that layer's weights is
/// a sum of as few outer products, which is written once.
/// </remarks>
internal sealed unsafe class MatrixKernels<V> : MatrixKernels where V : struct, ILanes<V>
{
    private const int BlockDepth = 256;         // with BlockPanels: 128 KB of packed panels in AVX2
    private const int BlockPanels = 8;
    private const int FewRows = 64;
    private const int ShallowDepth = 64;
    private const int ShallowPanels = 128;      // a packed block of depth 16 is 128 KB in AVX2
    private const int Ahead = 8;                // rows that packing asks for before it comes to them
    private const int TilesPerPiece = 16;

    private static int PanelWidth => 2 * V.Width;

    public override void Multiply(CpuDevice cpu, Matrix a, Matrix b, float* c, float* bias, bool relu)
    {
        if (a.Rows == 0 || b.Columns == 0) return;
        if (a.Columns == 0) Fill(c, a.Rows, b.Columns, bias, relu);
        else if (!a.Transposed && b.Transposed && a.Rows <= DotProducts.MostRows) DotProducts.Multiply(cpu, a, b, c, bias, relu);
        else if (a.Columns > DeepProducts.MostDepth) DeepProducts.Multiply(this, cpu, a, b, c, bias, relu);
        else if (!a.Transposed && b.Transposed && a.Rows <= FewRows && a.Rows < b.Columns) MultiplyFewRows(cpu, a, b, c, bias, relu);
        else if (a.Transposed && !b.Transposed && a.Columns <= ShallowDepth && bias == null && !relu) MultiplyShallow(cpu, a, b, c);
        else MultiplyBlocks(cpu, a, b, c, bias, relu);
    }

    /// <summary>A sum of few outer products (a gradient by weights): each number is written once, nothing is added to it.</summary>
    private static void MultiplyShallow(CpuDevice cpu, Matrix a, Matrix b, float* c)
    {
        var (depth, panels) = (a.Columns, Panels(b.Columns));
        using var packed = new Temporary(cpu, panels * depth * PanelWidth);
        var x = packed.Pointer;
        cpu.ForPieces(panels, BlockPanels, (first, count) =>
            Pack(b, 0, depth, first * PanelWidth, x + (nint)first * depth * PanelWidth, count));

        var (blocks, bands) = (Ceiling(panels, ShallowPanels), Ceiling(a.Rows, TilesPerPiece * V.TileRows));
        cpu.For(blocks * bands, i =>
        {
            var (band, block) = Math.DivRem(i, blocks);
            var (first, row) = (block * ShallowPanels, band * TilesPerPiece * V.TileRows);
            MultiplyShallowPiece(
                a, b.Columns, c, x + (nint)first * depth * PanelWidth, first, Math.Min(ShallowPanels, panels - first),
                row, Math.Min(a.Rows, row + TilesPerPiece * V.TileRows));
        });
    }

    /// <remarks>
    /// Row after row of c over thousands of columns, so that few pages are written at a time. The columns of a tile are
    /// copied together first: in place they may lie a power of two apart, where they push each other out of the L1 cache.
    /// </remarks>
    private static void MultiplyShallowPiece(
        Matrix a, int columns, float* c, float* packed, int firstPanel, int panels, int row, int endRow)
    {
        var depth = a.Columns;
        var scratch = Scratch.Begin(
            Scratch.Bytes(V.TileRows * depth, sizeof(float)) + Scratch.Bytes(V.TileRows * PanelWidth, sizeof(float)));
        var side = scratch.Floats(V.TileRows * depth);
        var edge = scratch.Floats(V.TileRows * PanelWidth);
        for (; row < endRow; row += V.TileRows)
        {
            var rows = Math.Min(V.TileRows, endRow - row);
            PyNetSharp.Panels.FromColumns(a.Data + row, a.Stride, depth, rows, side, V.TileRows);
            for (var panel = 0; panel < panels; panel++)
            {
                var column = (firstPanel + panel) * PanelWidth;
                var weights = packed + panel * depth * PanelWidth;
                var output = c + (nint)row * columns + column;
                if (column + PanelWidth <= columns)
                {
                    Tile.Outer<V>(side, V.TileRows, depth, weights, rows, output, columns, accumulate: false);
                    continue;
                }

                Tile.Outer<V>(side, V.TileRows, depth, weights, rows, edge, PanelWidth, accumulate: false);
                for (var r = 0; r < rows; r++) Copy(edge + r * PanelWidth, output + (nint)r * columns, columns - column);
            }
        }
    }

    private static void MultiplyBlocks(CpuDevice cpu, Matrix a, Matrix b, float* c, float* bias, bool relu)
    {
        var columnBlocks = Ceiling(Panels(b.Columns), BlockPanels);
        var tiles = Ceiling(a.Rows, V.TileRows);
        var rowBlocks = Math.Clamp(Ceiling(tiles, TilesPerPiece), 1, Math.Max(1, 64 / columnBlocks));
        cpu.For(columnBlocks * rowBlocks, i =>
        {
            var (column, row) = Math.DivRem(i, rowBlocks);
            MultiplyBlock(
                a, b, c, bias, relu, column * BlockPanels, Math.Min(BlockPanels, Panels(b.Columns) - column * BlockPanels),
                (int)((long)tiles * row / rowBlocks), (int)((long)tiles * (row + 1) / rowBlocks));
        });
    }

    private static void MultiplyBlock(
        Matrix a, Matrix b, float* c, float* bias, bool relu, int firstPanel, int panels, int firstTile, int endTile)
    {
        var width = panels * PanelWidth;
        var scratch = Scratch.Begin(
            Scratch.Bytes(BlockDepth * width, sizeof(float)) + Scratch.Bytes(width, sizeof(float)) +
            Scratch.Bytes(V.TileRows * PanelWidth, sizeof(float)) + Scratch.Bytes(b.Columns + PanelWidth, sizeof(float)) +
            3 * Scratch.Bytes(V.TileRows, sizeof(float*)));
        var packed = scratch.Floats(BlockDepth * width);
        var start = scratch.Floats(width);
        var edge = scratch.Floats(V.TileRows * PanelWidth);
        var spare = scratch.Floats(b.Columns + PanelWidth);
        var operands = scratch.Pointers(V.TileRows);
        var outputs = scratch.Pointers(V.TileRows);
        var edgeOutputs = scratch.Pointers(V.TileRows);
        for (var r = 0; r < V.TileRows; r++) edgeOutputs[r] = edge + r * PanelWidth;
        PackStart(bias, firstPanel * PanelWidth, b.Columns, start, width);

        for (var k = 0; k < a.Columns; k += BlockDepth)
        {
            var depth = Math.Min(BlockDepth, a.Columns - k);
            Pack(b, k, depth, firstPanel * PanelWidth, packed, panels);

            for (var tile = firstTile; tile < endTile; tile++)
            {
                var (row, valid) = (tile * V.TileRows, Math.Min(V.TileRows, a.Rows - tile * V.TileRows));
                var side = a.Data + k * a.Stride + row;         // of a transposed operand: its columns lie side by side
                for (var r = 0; r < V.TileRows; r++)
                {
                    outputs[r] = r < valid ? c + (nint)(row + r) * b.Columns : spare;
                    if (!a.Transposed) operands[r] = a.Data + (row + (r < valid ? r : 0)) * a.Stride + k;
                }

                for (var panel = 0; panel < panels; panel++)
                {
                    var column = (firstPanel + panel) * PanelWidth;
                    var columns = Math.Min(PanelWidth, b.Columns - column);
                    var ends = new Tile.Ends(k == 0 ? (nint)(start + panel * PanelWidth) : 0, relu && k + depth == a.Columns);
                    var weights = packed + panel * depth * PanelWidth;
                    if (columns == PanelWidth && !a.Transposed)
                    {
                        Tile.Rows<V>(operands, 1, depth, weights, outputs, column, ends);
                        continue;
                    }

                    if (columns == PanelWidth && bias == null && !relu)
                    {
                        Tile.Outer<V>(side, a.Stride, depth, weights, valid, outputs[0] + column, b.Columns, k > 0);
                        continue;
                    }

                    // An incomplete panel goes through a tile of its own.
                    for (var r = 0; r < valid && k > 0; r++) Copy(outputs[r] + column, edgeOutputs[r], columns);
                    if (a.Transposed) Tile.Outer<V>(side, a.Stride, depth, weights, valid, edge, PanelWidth, k > 0);
                    else Tile.Rows<V>(operands, 1, depth, weights, edgeOutputs, 0, ends);
                    if (a.Transposed) Finish(edge, valid, ends);
                    for (var r = 0; r < valid; r++) Copy(edgeOutputs[r], outputs[r] + column, columns);
                }
            }
        }
    }

    /// <summary>cᵀ = bᵀ·aᵀ, with aᵀ packed whole and bᵀ, whose rows are contiguous, read once where it lies.</summary>
    private static void MultiplyFewRows(CpuDevice cpu, Matrix a, Matrix b, float* c, float* bias, bool relu)
    {
        var (panels, depth, piece) = (Panels(a.Rows), a.Columns, TilesPerPiece * V.TileRows);
        using var packed = new Temporary(cpu, panels * depth * PanelWidth);
        var x = packed.Pointer;
        cpu.For(panels, i => PyNetSharp.Panels.FromRows(
            a.Data + i * PanelWidth * a.Stride, a.Stride, depth, Math.Min(PanelWidth, a.Rows - i * PanelWidth),
            x + (nint)i * depth * PanelWidth, PanelWidth));
        cpu.ForPieces(b.Columns, piece, (first, count) => MultiplyFewRowsPiece(a, b, c, bias, relu, x, panels, first, count));
    }

    private static void MultiplyFewRowsPiece(
        Matrix a, Matrix b, float* c, float* bias, bool relu, float* x, int panels, int first, int count)
    {
        var tiles = Ceiling(count, V.TileRows);
        var rowsHere = tiles * V.TileRows;
        var scratch = Scratch.Begin(
            Scratch.Bytes((long)panels * rowsHere * PanelWidth, sizeof(float)) + 2 * Scratch.Bytes(V.TileRows, sizeof(float*)));
        var sums = scratch.Floats((long)panels * rowsHere * PanelWidth);
        var rows = scratch.Pointers(V.TileRows);
        var outputs = scratch.Pointers(V.TileRows);
        new Span<float>(sums, panels * rowsHere * PanelWidth).Clear();

        for (var k = 0; k < a.Columns; k += BlockDepth)
            for (var tile = 0; tile < tiles; tile++)
            {
                for (var r = 0; r < V.TileRows; r++)
                    rows[r] = b.Data + (first + Math.Min(tile * V.TileRows + r, count - 1)) * b.Stride + k;
                for (var panel = 0; panel < panels; panel++)
                {
                    for (var r = 0; r < V.TileRows; r++)
                        outputs[r] = sums + ((nint)panel * rowsHere + tile * V.TileRows + r) * PanelWidth;
                    Tile.Rows<V>(
                        rows, 1, Math.Min(BlockDepth, a.Columns - k), x + ((nint)panel * a.Columns + k) * PanelWidth, outputs, 0, default);
                }
            }

        for (var m = 0; m < a.Rows; m++)
        {
            var (panel, lane) = Math.DivRem(m, PanelWidth);
            var from = sums + (nint)panel * rowsHere * PanelWidth + lane;
            var to = c + (nint)m * b.Columns + first;
            for (nint i = 0; i < count; i++)
            {
                var value = from[i * PanelWidth] + (bias == null ? 0 : bias[first + i]);
                to[i] = relu && value < 0 ? 0 : value;
            }
        }
    }

    /// <summary>Packs <paramref name="depth"/> rows of b from row k on, so many panels side by side from a column on.</summary>
    private static void Pack(Matrix b, int k, int depth, int column, float* packed, int panels)
    {
        var (panelSize, whole) = (depth * PanelWidth, Math.Min(panels, (b.Columns - column) / PanelWidth));
        if (b.Transposed) whole = 0;
        var from = b.Data + k * b.Stride + column;
        for (var row = 0; row < depth && whole > 0; row++, from += b.Stride)
        {
            // Rows lie further apart than the processor foresees.
            if (Sse.IsSupported && row + Ahead < depth)
                for (var i = 0; i < whole * PanelWidth; i += 16) Sse.Prefetch0(from + Ahead * b.Stride + i);
            var to = packed + row * PanelWidth;
            for (var panel = 0; panel < whole; panel++, to += panelSize)
            {
                V.Load(from + panel * PanelWidth).Store(to);
                V.Load(from + panel * PanelWidth + V.Width).Store(to + V.Width);
            }
        }

        for (var panel = whole; panel < panels; panel++)
        {
            var first = column + panel * PanelWidth;
            var to = packed + panel * panelSize;
            var columns = Math.Min(PanelWidth, b.Columns - first);
            if (b.Transposed) PyNetSharp.Panels.FromRows(b.Data + first * b.Stride + k, b.Stride, depth, columns, to, PanelWidth);
            else PyNetSharp.Panels.FromColumns(b.Data + k * b.Stride + first, b.Stride, depth, columns, to, PanelWidth);
        }
    }

    private static void PackStart(float* bias, int column, int columns, float* start, int width)
    {
        var all = new Span<float>(start, width);
        all.Clear();
        if (bias != null) new ReadOnlySpan<float>(bias + column, Math.Min(width, columns - column)).CopyTo(all);
    }

    /// <summary>What <see cref="Tile.Outer{V}"/> leaves out: the bias before the first block, the ReLU after the last.</summary>
    private static void Finish(float* tile, int rows, Tile.Ends ends)
    {
        for (var i = 0; i < rows * PanelWidth; i++)
        {
            if (ends.Bias != 0) tile[i] += ((float*)ends.Bias)[i % PanelWidth];
            if (ends.Relu && tile[i] < 0) tile[i] = 0;
        }
    }

    private static void Fill(float* c, int rows, int columns, float* bias, bool relu)
    {
        for (nint i = 0; i < (nint)rows * columns; i++)
        {
            var value = bias == null ? 0 : bias[i % columns];
            c[i] = relu && value < 0 ? 0 : value;
        }
    }

    private static void Copy(float* from, float* to, int count) => new ReadOnlySpan<float>(from, count).CopyTo(new(to, count));

    private static int Panels(int columns) => Ceiling(columns, PanelWidth);

    private static int Ceiling(int count, int size) => (count + size - 1) / size;
}
