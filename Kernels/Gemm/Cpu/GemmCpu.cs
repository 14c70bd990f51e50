using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>The loops around the micro-kernels of a matrix product C = A·B, for one vector width.</summary>
/// <remarks>
/// A is [M, K], B is [K, N], C is [M, N]; each of A and B may be stored transposed. A micro-kernel computes a tile of
/// mr rows (<see cref="IVector{T}.Mr"/>) by nr columns (two vectors) over a block of at most kc products per sum. As in
/// BLIS, B is packed into panels of nr columns; unlike there, A is read where it is, whichever way it is stored.
/// <see cref="GemmCpu{V}.Multiply"/> takes the first of these paths that fits:
/// <list type="bullet">
/// <item>K = 0: C is the bias.</item>
/// <item><see cref="Gemv"/>: M ≤ 3 and B stored transposed (inference of single items). A tile would be mostly
/// padding.</item>
/// <item><see cref="SplitKGemm"/>: K &gt; 2¹⁴. Sums of one part of K are added in double precision.</item>
/// <item>Small M: M ≤ 64, M &lt; N and B stored transposed (a small batch through a linear layer). Computed as
/// Cᵀ = Bᵀ·Aᵀ, so that the large matrix is the one that is not packed.</item>
/// <item>Small K: K ≤ 64, A stored transposed, no bias or ReLU (the weight gradient of that layer). One block over all
/// of K, so each element of C is written once.</item>
/// <item>Blocked: all others.</item>
/// </list>
/// </remarks>
internal abstract unsafe class GemmCpu
{
    /// <summary>For the widest vectors of this CPU.</summary>
    public static GemmCpu Widest { get; } = VectorDispatch.Create<Factory, GemmCpu>();

    /// <summary>c = a·b + bias, then max(·, 0) with <paramref name="relu"/>.</summary>
    /// <param name="a">[M, K]</param>
    /// <param name="b">[K, N]</param>
    /// <param name="c">[M, N], row-major.</param>
    /// <param name="bias">[N], or null for none.</param>
    public abstract void Multiply(CpuDevice cpu, Matrix a, Matrix b, float* c, float* bias, bool relu);

    private readonly struct Factory : IVectorFactory<GemmCpu>
    {
        public GemmCpu Create<V>() where V : struct, IVector<V> => new GemmCpu<V>();
    }
}

/// <inheritdoc/>
internal sealed unsafe partial class GemmCpu<V> : GemmCpu where V : struct, IVector<V>
{
    private const int Kc = 256;             // with PanelsPerBlock: 128 KB of packed panels in AVX2
    private const int PanelsPerBlock = 8;
    private const int PrefetchDistance = 8;     // rows
    private const int TilesPerTask = 16;
    private const int MaxRowBlocks = 64;

    private static int Nr => 2 * V.Width;

    public override void Multiply(CpuDevice cpu, Matrix a, Matrix b, float* c, float* bias, bool relu)
    {
        if (a.Rows == 0 || b.Columns == 0) return;
        if (a.Columns == 0) FillWithBias(c, a.Rows, b.Columns, bias, relu);
        else if (!a.Transposed && b.Transposed && a.Rows <= Gemv.MaxRows) Gemv.Multiply(cpu, a, b, c, bias, relu);
        else if (a.Columns > SplitKGemm.MaxFloat32K) SplitKGemm.Multiply(this, cpu, a, b, c, bias, relu);
        else if (IsSmallM(a, b)) MultiplySmallM(cpu, a, b, c, bias, relu);
        else if (IsSmallK(a, b) && bias == null && !relu) MultiplySmallK(cpu, a, b, c);
        else MultiplyBlocked(cpu, a, b, c, bias, relu);
    }

    private static void MultiplyBlocked(CpuDevice cpu, Matrix a, Matrix b, float* c, float* bias, bool relu)
    {
        var panels = PanelCount(b.Columns);
        var columnBlocks = CeilDiv(panels, PanelsPerBlock);
        var tiles = CeilDiv(a.Rows, V.Mr);
        var rowBlocks = Math.Clamp(CeilDiv(tiles, TilesPerTask), 1, Math.Max(1, MaxRowBlocks / columnBlocks));
        cpu.For(columnBlocks * rowBlocks, new Blocks(a, b, c, bias, relu, rowBlocks));
    }

    private readonly struct Blocks(Matrix a, Matrix b, float* c, float* bias, bool relu, int rowBlocks) : ILoopBody
    {
        public void Run(int i)
        {
            var (panels, tiles, (column, row)) =
                (PanelCount(b.Columns), CeilDiv(a.Rows, V.Mr), Math.DivRem(i, rowBlocks));
            var firstPanel = column * PanelsPerBlock;
            MultiplyBlock(
                a, b, c, bias, relu, firstPanel, Math.Min(PanelsPerBlock, panels - firstPanel),
                (int)((long)tiles * row / rowBlocks), (int)((long)tiles * (row + 1) / rowBlocks));
        }
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
        var packedBias = scratch.Floats(width);
        var partialTile = scratch.Floats(V.Mr * Nr);
        var unused = scratch.Floats(b.Columns + Nr);        // the output of rows beyond M
        var operands = scratch.Pointers(V.Mr);
        var outputs = scratch.Pointers(V.Mr);
        var partialTileRows = scratch.Pointers(V.Mr);
        for (var r = 0; r < V.Mr; r++) partialTileRows[r] = partialTile + r * Nr;
        PackBias(bias, firstPanel * Nr, b.Columns, packedBias, width);

        for (var k = 0; k < a.Columns; k += Kc)
        {
            var depth = Math.Min(Kc, a.Columns - k);
            PackB(b, k, depth, firstPanel * Nr, packed, panels);

            for (var tile = firstTile; tile < endTile; tile++)
            {
                var (row, valid) = (tile * V.Mr, Math.Min(V.Mr, a.Rows - tile * V.Mr));
                var columnsOfA = a.Pointer + k * a.Stride + row;        // where A is stored transposed
                for (var r = 0; r < V.Mr; r++)
                {
                    outputs[r] = r < valid ? c + (nint)(row + r) * b.Columns : unused;
                    if (!a.Transposed) operands[r] = a.Pointer + (row + (r < valid ? r : 0)) * a.Stride + k;
                }

                for (var panel = 0; panel < panels; panel++)
                {
                    var column = (firstPanel + panel) * Nr;
                    var columns = Math.Min(Nr, b.Columns - column);
                    var epilogue = new MicroKernels.Epilogue(
                        k == 0 ? (nint)(packedBias + panel * Nr) : 0, relu && k + depth == a.Columns);
                    var bPanel = packed + panel * depth * Nr;
                    if (columns == Nr && !a.Transposed)
                    {
                        MicroKernels.IndirectGemm<V>(operands, 1, depth, bPanel, outputs, column, epilogue);
                        continue;
                    }

                    if (columns == Nr && bias == null && !relu)
                    {
                        MicroKernels.TransposedGemm<V>(
                            columnsOfA, a.Stride, depth, bPanel, valid, outputs[0] + column, b.Columns, k > 0);
                        continue;
                    }

                    // An incomplete panel, or a transposed A with an epilogue: through a tile in scratch memory.
                    for (var r = 0; r < valid && k > 0; r++) Copy(outputs[r] + column, partialTileRows[r], columns);
                    if (a.Transposed)
                    {
                        MicroKernels.TransposedGemm<V>(
                            columnsOfA, a.Stride, depth, bPanel, valid, partialTile, Nr, k > 0);
                        ApplyEpilogue(partialTile, valid, epilogue);
                    }
                    else
                    {
                        MicroKernels.IndirectGemm<V>(operands, 1, depth, bPanel, partialTileRows, 0, epilogue);
                    }

                    for (var r = 0; r < valid; r++) Copy(partialTileRows[r], outputs[r] + column, columns);
                }
            }
        }
    }

    /// <summary>Packs rows k to k + depth − 1 of B into panels, of nr columns each, from a column on.</summary>
    private static void PackB(Matrix b, int k, int depth, int column, float* packed, int panels)
    {
        var (panelSize, whole) = (depth * Nr, Math.Min(panels, (b.Columns - column) / Nr));
        if (b.Transposed) whole = 0;
        var from = b.Pointer + k * b.Stride + column;
        for (var row = 0; row < depth && whole > 0; row++, from += b.Stride)
        {
            // Rows are further apart than the hardware prefetcher follows.
            if (row + PrefetchDistance < depth)
                for (var i = 0; i < whole * Nr; i += 16) Prefetcher.PrefetchL1(from + PrefetchDistance * b.Stride + i);
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
            if (b.Transposed)
                PanelPacking.PackTransposed(b.Pointer + first * b.Stride + k, b.Stride, depth, columns, to, Nr);
            else PanelPacking.Pack(b.Pointer + k * b.Stride + first, b.Stride, depth, columns, to, Nr);
        }
    }

    private static void PackBias(float* bias, int column, int columns, float* packed, int width)
    {
        var all = new Span<float>(packed, width);
        all.Clear();
        if (bias != null) new ReadOnlySpan<float>(bias + column, Math.Min(width, columns - column)).CopyTo(all);
    }

    /// <summary>
    /// What <see cref="MicroKernels.TransposedGemm{V}"/> leaves out: the bias at the first block of K, the ReLU at the
    /// last.
    /// </summary>
    private static void ApplyEpilogue(float* tile, int rows, MicroKernels.Epilogue epilogue)
    {
        for (var i = 0; i < rows * Nr; i++)
        {
            if (!epilogue.AddsToOutput) tile[i] += ((float*)epilogue.InitialSums)[i % Nr];
            if (epilogue.Relu && tile[i] < 0) tile[i] = 0;
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

    private static void Copy(float* from, float* to, int count) =>
        new ReadOnlySpan<float>(from, count).CopyTo(new(to, count));

    private static int PanelCount(int columns) => CeilDiv(columns, Nr);

    private static int CeilDiv(int count, int size) => (count + size - 1) / size;
}
