using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>Launches products: chooses their tiles, and sums up what was computed in pieces.</summary>
internal static class GemmGpu
{
    /// <summary>y = left·right + bias, then perhaps max(·, 0).</summary>
    /// <param name="y">[rows, columns] in storage, whatever its shape.</param>
    /// <param name="bias">[columns], or null for none.</param>
    public static void Run<TWidth, TLeft, TLeftPlace, TRight, TRightPlace>(
        TLeft left, TRight right, (int Rows, int Columns, int Depth) size, Tensor y, Tensor? bias = null, bool relu = false)
        where TWidth : struct, IAccessWidth
        where TLeft : struct, IGemmOperand<TLeftPlace>
        where TLeftPlace : struct
        where TRight : struct, IGemmOperand<TRightPlace>
        where TRightPlace : struct
    {
        var tiling = GemmTiling.Choose(size.Rows, size.Columns, size.Depth, y.Gpu.MultiprocessorCount);
        var (none, floor) = (y.View.SubView(0, 0), relu ? 0 : float.NegativeInfinity);
        if (tiling.Slices == 1)
        {
            Launch<TLeft, TLeftPlace, TRight, TRightPlace, BiasReluEpilogue<TWidth>>(
                y.Gpu, tiling, left, right, new(y.View, size.Rows, size.Columns, bias?.View ?? none, floor), size);
            return;
        }

        using var sums = new TemporaryTensor([tiling.Slices, size.Rows * size.Columns], y.Device);
        Launch<TLeft, TLeftPlace, TRight, TRightPlace, BiasReluEpilogue<TWidth>>(
            y.Gpu, tiling, left, right, new(sums.Tensor.View, size.Rows, size.Columns, none, float.NegativeInfinity), size);
        y.Gpu.LaunchItems(
            size.Rows * size.Columns,
            new SplitKReduceKernel(sums.Tensor.View, tiling.Slices, size.Rows * size.Columns, size.Columns, bias?.View ?? none, floor, y.View));
    }

    /// <summary>dw = left·right and db = the sums of left's rows.</summary>
    /// <param name="dw">[rows, columns] in storage, whatever its shape.</param>
    /// <param name="db">[rows]</param>
    /// <param name="maxTile">How many sums a tile may have.</param>
    public static void WeightGradient<TWidth, TLeft, TLeftPlace, TRight, TRightPlace>(
        TLeft left, TRight right, (int Rows, int Columns, int Depth) size, Tensor dw, Tensor db,
        int maxTile = int.MaxValue)
        where TWidth : struct, IAccessWidth
        where TLeft : struct, IGemmOperand<TLeftPlace>
        where TLeftPlace : struct
        where TRight : struct, IGemmOperand<TRightPlace>
        where TRightPlace : struct
    {
        var extended = new OperandWithOnes<TRight, TRightPlace>(right, size.Columns);
        var all = size with { Columns = OnesColumn.IndexFor(size.Columns) + 4 };
        var tiling = GemmTiling.Choose(all.Rows, all.Columns, all.Depth, dw.Gpu.MultiprocessorCount, maxTile: maxTile);
        if (tiling.Slices == 1)
        {
            Launch<TLeft, TLeftPlace, OperandWithOnes<TRight, TRightPlace>, OnesPosition<TRightPlace>, WeightGradientEpilogue<TWidth>>(
                dw.Gpu, tiling, left, extended, new(dw.View, db.View, size.Rows, size.Columns), all);
            return;
        }

        using var sums = new TemporaryTensor([tiling.Slices, all.Rows * all.Columns], dw.Device);
        Launch<TLeft, TLeftPlace, OperandWithOnes<TRight, TRightPlace>, OnesPosition<TRightPlace>, BiasReluEpilogue<TWidth>>(
            dw.Gpu, tiling, left, extended, new(sums.Tensor.View, all.Rows, all.Columns, dw.View.SubView(0, 0), float.NegativeInfinity), all);
        dw.Gpu.LaunchItems(
            size.Rows * (size.Columns + 1),
            new SplitKWeightGradientKernel(sums.Tensor.View, tiling.Slices, size.Rows, size.Columns, dw.View, db.View));
    }

    /// <summary>The kernel itself, for a target of any kind.</summary>
    public static void Launch<TLeft, TLeftPlace, TRight, TRightPlace, TTarget>(
        GpuDevice gpu, GemmTiling tiling, TLeft left, TRight right, TTarget target, (int Rows, int Columns, int Depth) size)
        where TLeft : struct, IGemmOperand<TLeftPlace>
        where TLeftPlace : struct
        where TRight : struct, IGemmOperand<TRightPlace>
        where TRightPlace : struct
        where TTarget : struct, IEpilogue
    {
        var across = tiling.ColumnTiles(size.Columns);
        var grid = new Index3D(tiling.RowTiles(size.Rows) * across, tiling.Slices, 1);
        switch (tiling.TileM, tiling.TileN)
        {
            case (128, 128): Shaped<Tile128x128>(); break;
            case (128, 64): Shaped<Tile128x64>(); break;
            case (64, 128): Shaped<Tile64x128>(); break;
            default: Shaped<Tile64x64>(); break;
        }

        void Shaped<TShape>() where TShape : struct, ITileShape
        {
            if (gpu.Precision == Precision.Tf32)
                gpu.LaunchGroups(grid, new TensorCoreGemmKernel<TShape, TLeft, TLeftPlace, TRight, TRightPlace, TTarget>(
                    left, left.Address, right, right.Address, target, across, size.Depth, tiling.SliceK));
            else
                gpu.LaunchGroups(grid, new GemmKernel<TShape, TLeft, TLeftPlace, TRight, TRightPlace, TTarget>(
                    left, right, target, across, size.Depth, tiling.SliceK));
        }
    }
}

/// <summary>y = the sum over pieces, in their order, + bias, then perhaps max(·, 0).</summary>
/// <param name="sums">[pieces, size]</param>
internal readonly struct SplitKReduceKernel(
    ArrayView<float> sums, int slices, int size, int columns, ArrayView<float> bias, float min, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var sum = SplitKReduction.Sum(sums, i, size, slices, bias.Length > 0 ? bias[i % columns] : 0);
        y[i] = sum <= min ? min : sum;
    }
}

/// <summary>The sums over pieces, in their order, parted into the gradients of a weight and of its bias.</summary>
/// <param name="sums">[pieces, rows, columns and the line of ones]</param>
internal readonly struct SplitKWeightGradientKernel(
    ArrayView<float> sums, int slices, int rows, int columns, ArrayView<float> dw, ArrayView<float> db) : IItemKernel
{
    public void Run(int i)
    {
        int row = i / (columns + 1), column = i % (columns + 1), ones = OnesColumn.IndexFor(columns);
        var at = row * (ones + 4) + (column == columns ? ones : column);
        var sum = SplitKReduction.Sum(sums, at, rows * (ones + 4), slices, 0);
        if (column == columns) db[row] = sum;
        else dw[row * columns + column] = sum;
    }
}

internal static class SplitKReduction
{
    /// <summary>
    /// The sum of so many numbers from a place on, <paramref name="stride"/> floats apart, and of one to begin with.
    /// </summary>
    public static float Sum(ArrayView<float> sums, int at, int stride, int pieces, float start)
    {
        var total = new CompensatedSum();
        var piece = 0;
        while (piece < pieces)
        {
            for (var stop = CompensatedSum.BlockEnd(piece, 1, pieces); piece < stop; piece++)
                start += sums[piece * stride + at];
            total.Add(start);
            start = 0;
        }

        return total.Total;
    }
}
