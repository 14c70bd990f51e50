using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>Launches products: chooses the tiling, and adds the sums of the slices of K.</summary>
internal static class GemmGpu
{
    /// <summary>y = A·B + bias, then max(·, 0) if <paramref name="relu"/>.</summary>
    /// <param name="problem">The extents of the product.</param>
    /// <param name="y">[M, N] in storage, whatever its shape.</param>
    /// <param name="bias">[N], or null for none.</param>
    /// <param name="maxTile">The largest M·N of a tile.</param>
    public static void Run<TAccess, TA, TACursor, TB, TBCursor>(
        TA a, TB b, (int M, int N, int K) problem, Tensor y, Tensor? bias = null, bool relu = false,
        int maxTile = int.MaxValue)
        where TAccess : struct, IGlobalAccess
        where TA : struct, IGemmOperand<TACursor>
        where TACursor : struct
        where TB : struct, IGemmOperand<TBCursor>
        where TBCursor : struct =>
        Run<TAccess, TA, TACursor, TB, TBCursor>(a, b, problem, y.Gpu, y.View, bias, relu, maxTile);

    /// <summary>As the other, to a part of a tensor.</summary>
    public static void Run<TAccess, TA, TACursor, TB, TBCursor>(
        TA a, TB b, (int M, int N, int K) problem, GpuDevice gpu, ArrayView<float> y, Tensor? bias = null,
        bool relu = false, int maxTile = int.MaxValue)
        where TAccess : struct, IGlobalAccess
        where TA : struct, IGemmOperand<TACursor>
        where TACursor : struct
        where TB : struct, IGemmOperand<TBCursor>
        where TBCursor : struct
    {
        var (m, n, k) = problem;
        var isHalfStep = gpu.Precision == Precision.Tf32 && TB.IsKMajor;
        var tiling = GemmTiling.Choose(
            m, n, k, gpu.MultiprocessorCount, maxTile: maxTile,
            smallTileCost: isHalfStep ? GemmTiling.SmallTileCostOnTensorCores : GemmTiling.SmallTileCost);
        // −∞ without a ReLU
        var (noBias, lowerBound) = (y.SubView(0, 0), relu ? 0 : float.NegativeInfinity);
        if (tiling.Slices == 1)
        {
            Launch<TA, TACursor, TB, TBCursor, BiasReluEpilogue<TAccess>>(
                gpu, tiling, a, b, new(y, m, n, bias?.View ?? noBias, lowerBound), problem);
            return;
        }

        using var sums = new TemporaryTensor([tiling.Slices, m * n], gpu);
        Launch<TA, TACursor, TB, TBCursor, BiasReluEpilogue<TAccess>>(
            gpu, tiling, a, b, new(sums.Tensor.View, m, n, noBias, float.NegativeInfinity), problem);
        gpu.LaunchItems(m * n, new SplitKReduceKernel(
            sums.Tensor.View, tiling.Slices, m * n, n, bias?.View ?? noBias, lowerBound, y));
    }

    /// <summary>
    /// dw = A·B and db = the sums of A's rows: in one product with a column of ones, if that takes no more tiles.
    /// </summary>
    /// <param name="problem">The extents of A·B.</param>
    /// <param name="dy">Aᵀ, [K, M] in storage.</param>
    /// <param name="dw">[M, N] in storage, whatever its shape.</param>
    /// <param name="db">[M]</param>
    /// <param name="maxTile">The largest M·N of a tile.</param>
    public static void WeightGradient<TAccess, TA, TACursor, TB, TBCursor>(
        TA a, TB b, (int M, int N, int K) problem, Tensor dy, Tensor dw, Tensor db, int maxTile = int.MaxValue)
        where TAccess : struct, IGlobalAccess
        where TA : struct, IGemmOperand<TACursor>
        where TACursor : struct
        where TB : struct, IGemmOperand<TBCursor>
        where TBCursor : struct
    {
        var (m, n, k) = problem;
        var multiprocessors = dw.Gpu.MultiprocessorCount;
        var extendedB = new OperandWithOnes<TB, TBCursor>(b, n);
        var extended = problem with { N = OnesColumn.ExtendedColumns(n) };
        var tiling = GemmTiling.Choose(m, extended.N, k, multiprocessors, maxTile: maxTile);
        var alone = GemmTiling.Choose(m, n, k, multiprocessors, maxTile: maxTile);
        if (alone.EstimateTime(m, n, multiprocessors) + GemmTiling.EstimateSum((long)m * k, multiprocessors)
            < tiling.EstimateTime(m, extended.N, multiprocessors))
        {
            Run<TAccess, TA, TACursor, TB, TBCursor>(a, b, problem, dw, maxTile: maxTile);
            Reduction.SumMatrixRows(dy, k, m, db);
            return;
        }

        if (tiling.Slices == 1)
        {
            Launch<
                TA, TACursor, OperandWithOnes<TB, TBCursor>, OnesCursor<TBCursor>,
                WeightGradientEpilogue<TAccess>>(
                dw.Gpu, tiling, a, extendedB, new(dw.View, db.View, m, n), extended);
            return;
        }

        using var sums = new TemporaryTensor([tiling.Slices, m * extended.N], dw.Device);
        Launch<TA, TACursor, OperandWithOnes<TB, TBCursor>, OnesCursor<TBCursor>, BiasReluEpilogue<TAccess>>(
            dw.Gpu, tiling, a, extendedB,
            new(sums.Tensor.View, m, extended.N, dw.View.SubView(0, 0), float.NegativeInfinity), extended);
        dw.Gpu.LaunchItems(
            m * (n + 1), new SplitKWeightGradientKernel(sums.Tensor.View, tiling.Slices, m, n, dw.View, db.View));
    }

    /// <summary>Launches the product's kernel alone, with any epilogue.</summary>
    /// <param name="batch">The extent of the grid's third axis.</param>
    /// <param name="precision">The device's if left out.</param>
    public static void Launch<TA, TACursor, TB, TBCursor, TEpilogue>(
        GpuDevice gpu, GemmTiling tiling, TA a, TB b, TEpilogue epilogue, (int M, int N, int K) problem,
        int batch = 1, Precision? precision = null)
        where TA : struct, IGemmOperand<TACursor>
        where TACursor : struct
        where TB : struct, IGemmOperand<TBCursor>
        where TBCursor : struct
        where TEpilogue : struct, IEpilogue
    {
        var columnTiles = tiling.ColumnTiles(problem.N);
        var grid = new Index3D(tiling.RowTiles(problem.M) * columnTiles, tiling.Slices, batch);
        switch (tiling.TileM, tiling.TileN)
        {
            case (128, 128): LaunchTiles<Tile128x128>(); break;
            case (128, 64): LaunchTiles<Tile128x64>(); break;
            case (64, 128): LaunchTiles<Tile64x128>(); break;
            default: LaunchTiles<Tile64x64>(); break;
        }

        void LaunchTiles<TTile>() where TTile : struct, ITileShape
        {
            if ((precision ?? gpu.Precision) == Precision.Tf32)
                gpu.LaunchGroups(grid, new TensorCoreGemmKernel<TTile, TA, TACursor, TB, TBCursor, TEpilogue>(
                    a, a.Address, b, b.Address, epilogue, columnTiles, problem.K, tiling.SliceK));
            else
                gpu.LaunchGroups(grid, new GemmKernel<TTile, TA, TACursor, TB, TBCursor, TEpilogue>(
                    a, b, epilogue, columnTiles, problem.K, tiling.SliceK));
        }
    }
}

/// <summary>y = the sum over the slices, in their order, + bias, then max(·, <paramref name="min"/>).</summary>
/// <param name="sums">[slices, size]</param>
internal readonly struct SplitKReduceKernel(
    ArrayView<float> sums, int slices, int size, int columns, ArrayView<float> bias, float min,
    ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var sum = SplitKReduction.Sum(sums, i, size, slices, bias.Length > 0 ? bias[i % columns] : 0);
        y[i] = sum <= min ? min : sum;
    }
}

/// <summary>
/// The sums over the slices, in their order, separated into the gradients of a weight and of its bias.
/// </summary>
/// <param name="sums">[slices, M, N extended by the column of ones]</param>
internal readonly struct SplitKWeightGradientKernel(
    ArrayView<float> sums, int slices, int rows, int columns, ArrayView<float> dw, ArrayView<float> db) : IItemKernel
{
    public void Run(int i)
    {
        int row = i / (columns + 1), column = i % (columns + 1), ones = OnesColumn.IndexFor(columns);
        var extended = OnesColumn.ExtendedColumns(columns);
        var index = row * extended + (column == columns ? ones : column);
        var sum = SplitKReduction.Sum(sums, index, rows * extended, slices, 0);
        if (column == columns) db[row] = sum;
        else dw[row * columns + column] = sum;
    }
}

internal static class SplitKReduction
{
    /// <summary>
    /// <paramref name="start"/> plus the sum of one element of each slice, <paramref name="stride"/> floats apart.
    /// </summary>
    public static float Sum(ArrayView<float> sums, int index, int stride, int slices, float start)
    {
        var total = new CompensatedSum();
        var slice = 0;
        while (slice < slices)
        {
            for (var stop = CompensatedSum.BlockEnd(slice, 1, slices); slice < stop; slice++)
                start += sums[slice * stride + index];
            total.Add(start);
            start = 0;
        }

        return total.Total;
    }
}
