using ILGPU;

namespace PyNetSharp;

/// <summary>Launches products: chooses their tiles, and sums up what was computed in pieces.</summary>
internal static class Products
{
    /// <summary>y = left·right + bias, then perhaps max(·, 0).</summary>
    /// <param name="y">[rows, columns] in storage, whatever its shape.</param>
    /// <param name="bias">[columns], or null for none.</param>
    public static void Run<TWidth, TLeft, TLeftPlace, TRight, TRightPlace>(
        TLeft left, TRight right, (int Rows, int Columns, int Depth) size, Tensor y, Tensor? bias = null, bool relu = false)
        where TWidth : struct, IWidth
        where TLeft : struct, IOperand<TLeftPlace>
        where TLeftPlace : struct
        where TRight : struct, IOperand<TRightPlace>
        where TRightPlace : struct
    {
        var tiling = Tiling.For(size.Rows, size.Columns, size.Depth, y.Gpu.Processors);
        var (none, floor) = (y.View.SubView(0, 0), relu ? 0 : float.NegativeInfinity);
        if (tiling.Pieces == 1)
        {
            Launch<TLeft, TLeftPlace, TRight, TRightPlace, RowTarget<TWidth>>(
                y.Gpu, tiling, left, right, new(y.View, size.Rows, size.Columns, bias?.View ?? none, floor), size);
            return;
        }

        using var sums = new TemporaryTensor([tiling.Pieces, size.Rows * size.Columns], y.Device);
        Launch<TLeft, TLeftPlace, TRight, TRightPlace, RowTarget<TWidth>>(
            y.Gpu, tiling, left, right, new(sums.Tensor.View, size.Rows, size.Columns, none, float.NegativeInfinity), size);
        y.Gpu.Each(
            size.Rows * size.Columns,
            new PiecesKernel(sums.Tensor.View, tiling.Pieces, size.Rows * size.Columns, size.Columns, bias?.View ?? none, floor, y.View));
    }

    /// <summary>dw = left·right and db = the sums of left's rows.</summary>
    /// <param name="dw">[rows, columns] in storage, whatever its shape.</param>
    /// <param name="db">[rows]</param>
    /// <param name="maxTile">How many sums a tile may have.</param>
    public static void Gradient<TWidth, TLeft, TLeftPlace, TRight, TRightPlace>(
        TLeft left, TRight right, (int Rows, int Columns, int Depth) size, Tensor dw, Tensor db,
        int maxTile = int.MaxValue)
        where TWidth : struct, IWidth
        where TLeft : struct, IOperand<TLeftPlace>
        where TLeftPlace : struct
        where TRight : struct, IOperand<TRightPlace>
        where TRightPlace : struct
    {
        var extended = new WithOnes<TRight, TRightPlace>(right, size.Columns);
        var all = size with { Columns = OnesLine.Of(size.Columns) + 4 };
        var tiling = Tiling.For(all.Rows, all.Columns, all.Depth, dw.Gpu.Processors, maxTile: maxTile);
        if (tiling.Pieces == 1)
        {
            Launch<TLeft, TLeftPlace, WithOnes<TRight, TRightPlace>, OnesPlace<TRightPlace>, GradientTarget<TWidth>>(
                dw.Gpu, tiling, left, extended, new(dw.View, db.View, size.Rows, size.Columns), all);
            return;
        }

        using var sums = new TemporaryTensor([tiling.Pieces, all.Rows * all.Columns], dw.Device);
        Launch<TLeft, TLeftPlace, WithOnes<TRight, TRightPlace>, OnesPlace<TRightPlace>, RowTarget<TWidth>>(
            dw.Gpu, tiling, left, extended, new(sums.Tensor.View, all.Rows, all.Columns, dw.View.SubView(0, 0), float.NegativeInfinity), all);
        dw.Gpu.Each(
            size.Rows * (size.Columns + 1),
            new GradientPiecesKernel(sums.Tensor.View, tiling.Pieces, size.Rows, size.Columns, dw.View, db.View));
    }

    /// <summary>The kernel itself, for a target of any kind.</summary>
    public static void Launch<TLeft, TLeftPlace, TRight, TRightPlace, TTarget>(
        GpuDevice gpu, Tiling tiling, TLeft left, TRight right, TTarget target, (int Rows, int Columns, int Depth) size)
        where TLeft : struct, IOperand<TLeftPlace>
        where TLeftPlace : struct
        where TRight : struct, IOperand<TRightPlace>
        where TRightPlace : struct
        where TTarget : struct, IProductTarget
    {
        var across = tiling.Across(size.Columns);
        var grid = new Index3D(tiling.Down(size.Rows) * across, tiling.Pieces, 1);
        switch (tiling.Rows, tiling.Columns)
        {
            case (128, 128): Shaped<Tile128x128>(); break;
            case (128, 64): Shaped<Tile128x64>(); break;
            case (64, 128): Shaped<Tile64x128>(); break;
            default: Shaped<Tile64x64>(); break;
        }

        void Shaped<TShape>() where TShape : struct, ITileShape
        {
            if (gpu.Precision == Precision.Tf32)
                gpu.Groups(grid, new TensorProductKernel<TShape, TLeft, TLeftPlace, TRight, TRightPlace, TTarget>(
                    left, left.Address, right, right.Address, target, across, size.Depth, tiling.PieceDepth));
            else
                gpu.Groups(grid, new ProductKernel<TShape, TLeft, TLeftPlace, TRight, TRightPlace, TTarget>(
                    left, right, target, across, size.Depth, tiling.PieceDepth));
        }
    }
}

/// <summary>y = the sum over pieces, in their order, + bias, then perhaps max(·, 0).</summary>
/// <param name="sums">[pieces, size]</param>
internal readonly struct PiecesKernel(
    ArrayView<float> sums, int pieces, int size, int columns, ArrayView<float> bias, float floor, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var sum = Pieces.Sum(sums, i, size, pieces, bias.Length > 0 ? bias[i % columns] : 0);
        y[i] = sum <= floor ? floor : sum;
    }
}

/// <summary>The sums over pieces, in their order, parted into the gradients of a weight and of its bias.</summary>
/// <param name="sums">[pieces, rows, columns and the line of ones]</param>
internal readonly struct GradientPiecesKernel(
    ArrayView<float> sums, int pieces, int rows, int columns, ArrayView<float> dw, ArrayView<float> db) : IItemKernel
{
    public void Run(int i)
    {
        int row = i / (columns + 1), column = i % (columns + 1), ones = OnesLine.Of(columns);
        var at = row * (ones + 4) + (column == columns ? ones : column);
        var sum = Pieces.Sum(sums, at, rows * (ones + 4), pieces, 0);
        if (column == columns) db[row] = sum;
        else dw[row * columns + column] = sum;
    }
}

internal static class Pieces
{
    /// <summary>
    /// The sum of so many numbers from a place on, <paramref name="stride"/> floats apart, and of one to begin with.
    /// </summary>
    public static float Sum(ArrayView<float> sums, int at, int stride, int pieces, float start)
    {
        var total = new LongSum();
        var piece = 0;
        while (piece < pieces)
        {
            for (var stop = LongSum.EndOfStretch(piece, 1, pieces); piece < stop; piece++)
                start += sums[piece * stride + at];
            total.Add(start);
            start = 0;
        }

        return total.Total;
    }
}
