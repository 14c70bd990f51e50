namespace PyNetSharp.Kernels.Gemm;

/// <summary>The paths for small M and small K.</summary>
internal sealed unsafe partial class GemmCpu<V>
{
    private const int MaxSmallM = 64;
    private const int MaxSmallK = 64;
    private const int SmallKPanels = 128;       // a packed block with K = 16 is 128 KB in AVX2

    private static bool IsSmallM(Matrix a, Matrix b) =>
        !a.Transposed && b.Transposed && a.Rows <= MaxSmallM && a.Rows < b.Columns;

    private static bool IsSmallK(Matrix a, Matrix b) => a.Transposed && !b.Transposed && a.Columns <= MaxSmallK;

    /// <summary>cᵀ = bᵀ·aᵀ, with aᵀ packed whole and bᵀ, whose rows are contiguous, read once where it is.</summary>
    private static void MultiplySmallM(CpuDevice cpu, Matrix a, Matrix b, float* c, float* bias, bool relu)
    {
        var (panels, depth) = (PanelCount(a.Rows), a.Columns);
        using var packed = new Workspace(cpu, panels * depth * Nr);
        var packedA = packed.Pointer;
        cpu.For(panels, new RowPacking(a, packedA));
        cpu.ForRanges(b.Columns, TilesPerTask * V.Mr, new SmallMTasks(a, b, c, bias, relu, packedA));
    }

    private readonly struct RowPacking(Matrix a, float* packedA) : ILoopBody
    {
        public void Run(int i) => PanelPacking.PackTransposed(
            a.Pointer + i * Nr * a.Stride, a.Stride, a.Columns, Math.Min(Nr, a.Rows - i * Nr),
            packedA + (nint)i * a.Columns * Nr, Nr);
    }

    private readonly struct SmallMTasks(Matrix a, Matrix b, float* c, float* bias, bool relu, float* packedA)
        : IRangeBody
    {
        public void Run(int first, int count) =>
            MultiplySmallMTask(a, b, c, bias, relu, packedA, PanelCount(a.Rows), first, count);
    }

    private static void MultiplySmallMTask(
        Matrix a, Matrix b, float* c, float* bias, bool relu, float* packedA, int panels, int first, int count)
    {
        var tiles = CeilDiv(count, V.Mr);
        var paddedCount = tiles * V.Mr;
        var sumCount = (long)panels * paddedCount * Nr;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes(sumCount, sizeof(float)) + 2 * Scratch.AlignedBytes(V.Mr, sizeof(float*)));
        var sums = scratch.Floats(sumCount);
        var rows = scratch.Pointers(V.Mr);
        var outputs = scratch.Pointers(V.Mr);
        new Span<float>(sums, panels * paddedCount * Nr).Clear();

        for (var k = 0; k < a.Columns; k += Kc)
            for (var tile = 0; tile < tiles; tile++)
            {
                for (var r = 0; r < V.Mr; r++)
                    rows[r] = b.Pointer + (first + Math.Min(tile * V.Mr + r, count - 1)) * b.Stride + k;
                for (var panel = 0; panel < panels; panel++)
                {
                    for (var r = 0; r < V.Mr; r++)
                        outputs[r] = sums + ((nint)panel * paddedCount + tile * V.Mr + r) * Nr;
                    MicroKernels.IndirectGemm<V>(
                        rows, 1, Math.Min(Kc, a.Columns - k), packedA + ((nint)panel * a.Columns + k) * Nr,
                        outputs, 0, default);
                }
            }

        for (var m = 0; m < a.Rows; m++)
        {
            var (panel, lane) = Math.DivRem(m, Nr);
            var from = sums + (nint)panel * paddedCount * Nr + lane;
            var to = c + (nint)m * b.Columns + first;
            for (nint i = 0; i < count; i++)
            {
                var value = from[i * Nr] + (bias == null ? 0 : bias[first + i]);
                to[i] = relu && value < 0 ? 0 : value;
            }
        }
    }

    /// <summary>One block over all of K: each element of c is written once, and none is added to.</summary>
    private static void MultiplySmallK(CpuDevice cpu, Matrix a, Matrix b, float* c)
    {
        var (depth, panels) = (a.Columns, PanelCount(b.Columns));
        using var packed = new Workspace(cpu, panels * depth * Nr);
        var packedB = packed.Pointer;
        cpu.ForRanges(panels, PanelsPerBlock, (first, count) =>
            PackB(b, 0, depth, first * Nr, packedB + (nint)first * depth * Nr, count));

        var (columnBlocks, rowBlocks) = (CeilDiv(panels, SmallKPanels), CeilDiv(a.Rows, TilesPerTask * V.Mr));
        cpu.For(columnBlocks * rowBlocks, i =>
        {
            var (rowBlock, columnBlock) = Math.DivRem(i, columnBlocks);
            var (first, row) = (columnBlock * SmallKPanels, rowBlock * TilesPerTask * V.Mr);
            MultiplySmallKTask(
                a, b.Columns, c, packedB + (nint)first * depth * Nr, first, Math.Min(SmallKPanels, panels - first),
                row, Math.Min(a.Rows, row + TilesPerTask * V.Mr));
        });
    }

    /// <remarks>
    /// Row after row of c over thousands of columns, so that few pages are written at a time. A tile's columns of A are
    /// packed first: where they are they may be a power of two apart, and evict each other from the L1 cache.
    /// </remarks>
    private static void MultiplySmallKTask(
        Matrix a, int columns, float* c, float* packedB, int firstPanel, int panels, int row, int endRow)
    {
        var depth = a.Columns;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes(V.Mr * depth, sizeof(float)) + Scratch.AlignedBytes(V.Mr * Nr, sizeof(float)));
        var packedA = scratch.Floats(V.Mr * depth);
        var edge = scratch.Floats(V.Mr * Nr);
        for (; row < endRow; row += V.Mr)
        {
            var rows = Math.Min(V.Mr, endRow - row);
            PanelPacking.Pack(a.Pointer + row, a.Stride, depth, rows, packedA, V.Mr);
            for (var panel = 0; panel < panels; panel++)
            {
                var column = (firstPanel + panel) * Nr;
                var bPanel = packedB + panel * depth * Nr;
                var output = c + (nint)row * columns + column;
                if (column + Nr <= columns)
                {
                    MicroKernels.TransposedGemm<V>(
                        packedA, V.Mr, depth, bPanel, rows, output, columns, accumulate: false);
                    continue;
                }

                MicroKernels.TransposedGemm<V>(packedA, V.Mr, depth, bPanel, rows, edge, Nr, accumulate: false);
                for (var r = 0; r < rows; r++) Copy(edge + r * Nr, output + (nint)r * columns, columns - column);
            }
        }
    }
}
