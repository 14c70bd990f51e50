using System.Runtime.Intrinsics.X86;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>The loops around the micro-kernels of a matrix product, for one width of vectors.</summary>
internal abstract unsafe class GemmCpu
{
    /// <summary>For the widest vectors that this processor has.</summary>
    public static GemmCpu Widest { get; } =
        VectorDispatch.Create<Factory, GemmCpu>();

    /// <summary>c = a·b + bias, then max(·, 0) if asked for. c is [a.Rows, b.Columns], row-major.</summary>
    /// <param name="bias">[b.Columns], or null for none.</param>
    public abstract void Multiply(CpuDevice cpu, Matrix a, Matrix b, float* c, float* bias, bool relu);

    private readonly struct Factory : IVectorFactory<GemmCpu>
    {
        public static GemmCpu Create<V>() where V : struct, IVector<V> => new GemmCpu<V>();
    }
}

/// <inheritdoc/>
/// <remarks>
/// The right operand is packed block by block into a thread's L2 cache; the left one is read where it lies, whichever way
/// it is stored. Few rows times a transposed matrix (a small batch through a linear layer) is computed as the transpose of
/// the exchanged product, so that the large matrix is the one that is not packed. The gradient by that layer's weights is
/// a sum of as few outer products, which is written once.
/// </remarks>
internal sealed unsafe class GemmCpu<V> : GemmCpu where V : struct, IVector<V>
{
    private const int Kc = 256;         // with BlockPanels: 128 KB of packed panels in AVX2
    private const int PanelsPerBlock = 8;
    private const int MaxSmallM = 64;
    private const int MaxSmallK = 64;
    private const int SmallKPanels = 128;      // a packed block of depth 16 is 128 KB in AVX2
    private const int PrefetchDistance = 8;                // rows that packing asks for before it comes to them
    private const int TilesPerTask = 16;

    private static int Nr => 2 * V.Width;

    public override void Multiply(CpuDevice cpu, Matrix a, Matrix b, float* c, float* bias, bool relu)
    {
        if (a.Rows == 0 || b.Columns == 0) return;
        if (a.Columns == 0) FillWithBias(c, a.Rows, b.Columns, bias, relu);
        else if (!a.Transposed && b.Transposed && a.Rows <= Gemv.MaxRows) Gemv.Multiply(cpu, a, b, c, bias, relu);
        else if (a.Columns > SplitKGemm.MaxFloat32K) SplitKGemm.Multiply(this, cpu, a, b, c, bias, relu);
        else if (!a.Transposed && b.Transposed && a.Rows <= MaxSmallM && a.Rows < b.Columns) MultiplySmallM(cpu, a, b, c, bias, relu);
        else if (a.Transposed && !b.Transposed && a.Columns <= MaxSmallK && bias == null && !relu) MultiplySmallK(cpu, a, b, c);
        else MultiplyBlocked(cpu, a, b, c, bias, relu);
    }

    /// <summary>A sum of few outer products (a gradient by weights): each number is written once, nothing is added to it.</summary>
    private static void MultiplySmallK(CpuDevice cpu, Matrix a, Matrix b, float* c)
    {
        var (depth, panels) = (a.Columns, PanelCount(b.Columns));
        using var packed = new Workspace(cpu, panels * depth * Nr);
        var x = packed.Pointer;
        cpu.ForRanges(panels, PanelsPerBlock, (first, count) =>
            PackB(b, 0, depth, first * Nr, x + (nint)first * depth * Nr, count));

        var (blocks, bands) = (CeilDiv(panels, SmallKPanels), CeilDiv(a.Rows, TilesPerTask * V.Mr));
        cpu.For(blocks * bands, i =>
        {
            var (band, block) = Math.DivRem(i, blocks);
            var (first, row) = (block * SmallKPanels, band * TilesPerTask * V.Mr);
            MultiplySmallKTask(
                a, b.Columns, c, x + (nint)first * depth * Nr, first, Math.Min(SmallKPanels, panels - first),
                row, Math.Min(a.Rows, row + TilesPerTask * V.Mr));
        });
    }

    /// <remarks>
    /// Row after row of c over thousands of columns, so that few pages are written at a time. The columns of a tile are
    /// copied together first: in place they may lie a power of two apart, where they push each other out of the L1 cache.
    /// </remarks>
    private static void MultiplySmallKTask(
        Matrix a, int columns, float* c, float* packed, int firstPanel, int panels, int row, int endRow)
    {
        var depth = a.Columns;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes(V.Mr * depth, sizeof(float)) + Scratch.AlignedBytes(V.Mr * Nr, sizeof(float)));
        var side = scratch.Floats(V.Mr * depth);
        var edge = scratch.Floats(V.Mr * Nr);
        for (; row < endRow; row += V.Mr)
        {
            var rows = Math.Min(V.Mr, endRow - row);
            PanelPacking.Pack(a.Pointer + row, a.Stride, depth, rows, side, V.Mr);
            for (var panel = 0; panel < panels; panel++)
            {
                var column = (firstPanel + panel) * Nr;
                var weights = packed + panel * depth * Nr;
                var output = c + (nint)row * columns + column;
                if (column + Nr <= columns)
                {
                    MicroKernels.TransposedGemm<V>(side, V.Mr, depth, weights, rows, output, columns, accumulate: false);
                    continue;
                }

                MicroKernels.TransposedGemm<V>(side, V.Mr, depth, weights, rows, edge, Nr, accumulate: false);
                for (var r = 0; r < rows; r++) Copy(edge + r * Nr, output + (nint)r * columns, columns - column);
            }
        }
    }

    private static void MultiplyBlocked(CpuDevice cpu, Matrix a, Matrix b, float* c, float* bias, bool relu)
    {
        var columnBlocks = CeilDiv(PanelCount(b.Columns), PanelsPerBlock);
        var tiles = CeilDiv(a.Rows, V.Mr);
        var rowBlocks = Math.Clamp(CeilDiv(tiles, TilesPerTask), 1, Math.Max(1, 64 / columnBlocks));
        cpu.For(columnBlocks * rowBlocks, i =>
        {
            var (column, row) = Math.DivRem(i, rowBlocks);
            MultiplyBlock(
                a, b, c, bias, relu, column * PanelsPerBlock, Math.Min(PanelsPerBlock, PanelCount(b.Columns) - column * PanelsPerBlock),
                (int)((long)tiles * row / rowBlocks), (int)((long)tiles * (row + 1) / rowBlocks));
        });
    }

    private static void MultiplyBlock(
        Matrix a, Matrix b, float* c, float* bias, bool relu, int firstPanel, int panels, int firstTile, int endTile)
    {
        var width = panels * Nr;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes(Kc * width, sizeof(float)) + Scratch.AlignedBytes(width, sizeof(float)) +
            Scratch.AlignedBytes(V.Mr * Nr, sizeof(float)) + Scratch.AlignedBytes(b.Columns + Nr, sizeof(float)) +
            3 * Scratch.AlignedBytes(V.Mr, sizeof(float*)));
        var packed = scratch.Floats(Kc * width);
        var start = scratch.Floats(width);
        var edge = scratch.Floats(V.Mr * Nr);
        var spare = scratch.Floats(b.Columns + Nr);
        var operands = scratch.Pointers(V.Mr);
        var outputs = scratch.Pointers(V.Mr);
        var edgeOutputs = scratch.Pointers(V.Mr);
        for (var r = 0; r < V.Mr; r++) edgeOutputs[r] = edge + r * Nr;
        PackBias(bias, firstPanel * Nr, b.Columns, start, width);

        for (var k = 0; k < a.Columns; k += Kc)
        {
            var depth = Math.Min(Kc, a.Columns - k);
            PackB(b, k, depth, firstPanel * Nr, packed, panels);

            for (var tile = firstTile; tile < endTile; tile++)
            {
                var (row, valid) = (tile * V.Mr, Math.Min(V.Mr, a.Rows - tile * V.Mr));
                var side = a.Pointer + k * a.Stride + row;         // of a transposed operand: its columns lie side by side
                for (var r = 0; r < V.Mr; r++)
                {
                    outputs[r] = r < valid ? c + (nint)(row + r) * b.Columns : spare;
                    if (!a.Transposed) operands[r] = a.Pointer + (row + (r < valid ? r : 0)) * a.Stride + k;
                }

                for (var panel = 0; panel < panels; panel++)
                {
                    var column = (firstPanel + panel) * Nr;
                    var columns = Math.Min(Nr, b.Columns - column);
                    var ends = new MicroKernels.Epilogue(k == 0 ? (nint)(start + panel * Nr) : 0, relu && k + depth == a.Columns);
                    var weights = packed + panel * depth * Nr;
                    if (columns == Nr && !a.Transposed)
                    {
                        MicroKernels.IndirectGemm<V>(operands, 1, depth, weights, outputs, column, ends);
                        continue;
                    }

                    if (columns == Nr && bias == null && !relu)
                    {
                        MicroKernels.TransposedGemm<V>(side, a.Stride, depth, weights, valid, outputs[0] + column, b.Columns, k > 0);
                        continue;
                    }

                    // An incomplete panel goes through a tile of its own.
                    for (var r = 0; r < valid && k > 0; r++) Copy(outputs[r] + column, edgeOutputs[r], columns);
                    if (a.Transposed) MicroKernels.TransposedGemm<V>(side, a.Stride, depth, weights, valid, edge, Nr, k > 0);
                    else MicroKernels.IndirectGemm<V>(operands, 1, depth, weights, edgeOutputs, 0, ends);
                    if (a.Transposed) ApplyEpilogue(edge, valid, ends);
                    for (var r = 0; r < valid; r++) Copy(edgeOutputs[r], outputs[r] + column, columns);
                }
            }
        }
    }

    /// <summary>cᵀ = bᵀ·aᵀ, with aᵀ packed whole and bᵀ, whose rows are contiguous, read once where it lies.</summary>
    private static void MultiplySmallM(CpuDevice cpu, Matrix a, Matrix b, float* c, float* bias, bool relu)
    {
        var (panels, depth, piece) = (PanelCount(a.Rows), a.Columns, TilesPerTask * V.Mr);
        using var packed = new Workspace(cpu, panels * depth * Nr);
        var x = packed.Pointer;
        cpu.For(panels, i => PanelPacking.PackTransposed(
            a.Pointer + i * Nr * a.Stride, a.Stride, depth, Math.Min(Nr, a.Rows - i * Nr),
            x + (nint)i * depth * Nr, Nr));
        cpu.ForRanges(b.Columns, piece, (first, count) => MultiplySmallMTask(a, b, c, bias, relu, x, panels, first, count));
    }

    private static void MultiplySmallMTask(
        Matrix a, Matrix b, float* c, float* bias, bool relu, float* x, int panels, int first, int count)
    {
        var tiles = CeilDiv(count, V.Mr);
        var rowsHere = tiles * V.Mr;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes((long)panels * rowsHere * Nr, sizeof(float)) + 2 * Scratch.AlignedBytes(V.Mr, sizeof(float*)));
        var sums = scratch.Floats((long)panels * rowsHere * Nr);
        var rows = scratch.Pointers(V.Mr);
        var outputs = scratch.Pointers(V.Mr);
        new Span<float>(sums, panels * rowsHere * Nr).Clear();

        for (var k = 0; k < a.Columns; k += Kc)
            for (var tile = 0; tile < tiles; tile++)
            {
                for (var r = 0; r < V.Mr; r++)
                    rows[r] = b.Pointer + (first + Math.Min(tile * V.Mr + r, count - 1)) * b.Stride + k;
                for (var panel = 0; panel < panels; panel++)
                {
                    for (var r = 0; r < V.Mr; r++)
                        outputs[r] = sums + ((nint)panel * rowsHere + tile * V.Mr + r) * Nr;
                    MicroKernels.IndirectGemm<V>(
                        rows, 1, Math.Min(Kc, a.Columns - k), x + ((nint)panel * a.Columns + k) * Nr, outputs, 0, default);
                }
            }

        for (var m = 0; m < a.Rows; m++)
        {
            var (panel, lane) = Math.DivRem(m, Nr);
            var from = sums + (nint)panel * rowsHere * Nr + lane;
            var to = c + (nint)m * b.Columns + first;
            for (nint i = 0; i < count; i++)
            {
                var value = from[i * Nr] + (bias == null ? 0 : bias[first + i]);
                to[i] = relu && value < 0 ? 0 : value;
            }
        }
    }

    /// <summary>Packs <paramref name="depth"/> rows of b from row k on, so many panels side by side from a column on.</summary>
    private static void PackB(Matrix b, int k, int depth, int column, float* packed, int panels)
    {
        var (panelSize, whole) = (depth * Nr, Math.Min(panels, (b.Columns - column) / Nr));
        if (b.Transposed) whole = 0;
        var from = b.Pointer + k * b.Stride + column;
        for (var row = 0; row < depth && whole > 0; row++, from += b.Stride)
        {
            // Rows lie further apart than the processor foresees.
            if (Sse.IsSupported && row + PrefetchDistance < depth)
                for (var i = 0; i < whole * Nr; i += 16) Sse.Prefetch0(from + PrefetchDistance * b.Stride + i);
            var to = packed + row * Nr;
            for (var panel = 0; panel < whole; panel++, to += panelSize)
            {
                V.Load(from + panel * Nr).Store(to);
                V.Load(from + panel * Nr + V.Width).Store(to + V.Width);
            }
        }

        for (var panel = whole; panel < panels; panel++)
        {
            var first = column + panel * Nr;
            var to = packed + panel * panelSize;
            var columns = Math.Min(Nr, b.Columns - first);
            if (b.Transposed) PanelPacking.PackTransposed(b.Pointer + first * b.Stride + k, b.Stride, depth, columns, to, Nr);
            else PanelPacking.Pack(b.Pointer + k * b.Stride + first, b.Stride, depth, columns, to, Nr);
        }
    }

    private static void PackBias(float* bias, int column, int columns, float* start, int width)
    {
        var all = new Span<float>(start, width);
        all.Clear();
        if (bias != null) new ReadOnlySpan<float>(bias + column, Math.Min(width, columns - column)).CopyTo(all);
    }

    /// <summary>What <see cref="MicroKernels.TransposedGemm{V}"/> leaves out: the bias before the first block, the ReLU after the last.</summary>
    private static void ApplyEpilogue(float* tile, int rows, MicroKernels.Epilogue ends)
    {
        for (var i = 0; i < rows * Nr; i++)
        {
            if (ends.Bias != 0) tile[i] += ((float*)ends.Bias)[i % Nr];
            if (ends.Relu && tile[i] < 0) tile[i] = 0;
        }
    }

    private static void FillWithBias(float* c, int rows, int columns, float* bias, bool relu)
    {
        for (nint i = 0; i < (nint)rows * columns; i++)
        {
            var value = bias == null ? 0 : bias[i % columns];
            c[i] = relu && value < 0 ? 0 : value;
        }
    }

    private static void Copy(float* from, float* to, int count) => new ReadOnlySpan<float>(from, count).CopyTo(new(to, count));

    private static int PanelCount(int columns) => CeilDiv(columns, Nr);

    private static int CeilDiv(int count, int size) => (count + size - 1) / size;
}
