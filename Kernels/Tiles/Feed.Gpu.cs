using ILGPU;

namespace PyNetSharp;

/// <summary>What one thread brings of an operand into shared memory: four floats at each step, or twice four.</summary>
/// <remarks>Its <c>lines</c>, <c>depth</c> and <c>threads</c> are the tile's and the group's: constants, once compiled.</remarks>
internal struct Feed<TArithmetic, TOperand, TPlace>
    where TArithmetic : struct, IArithmetic
    where TOperand : struct, IOperand<TPlace>
    where TPlace : struct
{
    private TPlace place, place2;
    private Float4 floats, floats2;

    /// <param name="line">The tile's first line.</param>
    /// <param name="first">Where the tile begins in depth.</param>
    public Feed(TOperand operand, int line, int first, int lines, int depth, int threads)
    {
        (floats, floats2, place2) = (default, default, default);
        line += Line(Group.IdxX, lines, depth);
        first += Depth(Group.IdxX, lines, depth);
        place = operand.At(line, first);
        if (Twice(lines, depth, threads)) place2 = operand.At(line + LinesOn(depth, threads), first + DepthOn(lines, threads));
    }

    public void Read(TOperand operand, int lines, int depth, int threads)
    {
        floats = operand.Read(place);
        if (Twice(lines, depth, threads)) floats2 = operand.Read(place2);
    }

    public void Next(TOperand operand, int lines, int depth, int threads)
    {
        place = operand.Next(place, depth);
        if (Twice(lines, depth, threads)) place2 = operand.Next(place2, depth);
    }

    /// <summary>Writes what was read, transposed where it lies along a line: shared memory has all lines of one depth together.</summary>
    public readonly void Store(ArrayView<Float4> tile, int lines, int depth, int threads)
    {
        int line = Line(Group.IdxX, lines, depth), k = Depth(Group.IdxX, lines, depth);
        Store(tile, lines, line, k, TArithmetic.Round(floats));
        if (Twice(lines, depth, threads))
            Store(tile, lines, line + LinesOn(depth, threads), k + DepthOn(lines, threads), TArithmetic.Round(floats2));
    }

    private static void Store(ArrayView<Float4> tile, int lines, int line, int k, Float4 floats)
    {
        var stride = ProductTile.Stride(lines);
        if (TOperand.AlongLine)
        {
            var column = tile.Cast<float>().SubView(k * stride + line);
            column[0] = floats.X;
            column[stride] = floats.Y;
            column[2 * stride] = floats.Z;
            column[3 * stride] = floats.W;
        }
        else tile[k * (stride / 4) + line / 4] = floats;
    }

    private static bool Twice(int lines, int depth, int threads) => lines * depth / 4 > threads;

    /// <summary>The line of a tile's four floats number <paramref name="four"/>: neighbours in memory are neighbours in number.</summary>
    private static int Line(int four, int lines, int depth) => TOperand.AlongLine ? four / (depth / 4) : four % (lines / 4) * 4;

    private static int Depth(int four, int lines, int depth) => TOperand.AlongLine ? four % (depth / 4) * 4 : four / (lines / 4);

    /// <summary>How far the second four is from the first: in lines, or in depth.</summary>
    private static int LinesOn(int depth, int threads) => TOperand.AlongLine ? threads / (depth / 4) : 0;

    private static int DepthOn(int lines, int threads) => TOperand.AlongLine ? 0 : threads / (lines / 4);
}
