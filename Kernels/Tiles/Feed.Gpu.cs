using ILGPU;

namespace PyNetSharp;

/// <summary>What one thread brings of an operand into shared memory: four floats at each step, or twice four.</summary>
internal struct Feed<TOperand, TPlace>
    where TOperand : struct, IOperand<TPlace>
    where TPlace : struct
{
    private TPlace place, place2;
    private Float4 floats, floats2;

    /// <param name="line">The tile's first line.</param>
    /// <param name="depth">Where the tile begins in depth.</param>
    /// <param name="lines">Of the tile.</param>
    /// <param name="threads">Of the group.</param>
    public Feed(TOperand operand, int line, int depth, int lines, int threads)
    {
        (floats, floats2, place2) = (default, default, default);
        place = operand.At(line + Line(Group.IdxX, lines), depth + Depth(Group.IdxX, lines));
        if (Twice(lines, threads))
            place2 = operand.At(line + Line(Group.IdxX + threads, lines), depth + Depth(Group.IdxX + threads, lines));
    }

    public void Read(TOperand operand, int lines, int threads)
    {
        floats = operand.Read(place);
        if (Twice(lines, threads)) floats2 = operand.Read(place2);
    }

    public void Next(TOperand operand, int lines, int threads)
    {
        place = operand.Next(place);
        if (Twice(lines, threads)) place2 = operand.Next(place2);
    }

    /// <summary>Writes what was read, transposed where it lies along a line: shared memory has all lines of one depth together.</summary>
    public readonly void Store(ArrayView<Float4> tile, int buffer, int lines, int threads)
    {
        Store(tile, buffer, lines, Group.IdxX, floats);
        if (Twice(lines, threads)) Store(tile, buffer, lines, Group.IdxX + threads, floats2);
    }

    private static void Store(ArrayView<Float4> tile, int buffer, int lines, int four, Float4 floats)
    {
        int stride = ProductTile.Stride(lines), line = Line(four, lines), depth = Depth(four, lines);
        if (TOperand.AlongLine)
        {
            var column = tile.Cast<float>().SubView((buffer * ProductTile.Depth + depth) * stride + line);
            column[0] = floats.X;
            column[stride] = floats.Y;
            column[2 * stride] = floats.Z;
            column[3 * stride] = floats.W;
        }
        else tile[(buffer * ProductTile.Depth + depth) * (stride / 4) + line / 4] = floats;
    }

    private static bool Twice(int lines, int threads) => lines * ProductTile.Depth / 4 > threads;

    /// <summary>The line of a tile's four floats number <paramref name="four"/>: neighbours in memory are neighbours in number.</summary>
    private static int Line(int four, int lines) =>
        TOperand.AlongLine ? four / (ProductTile.Depth / 4) : four % (lines / 4) * 4;

    private static int Depth(int four, int lines) =>
        TOperand.AlongLine ? four % (ProductTile.Depth / 4) * 4 : four / (lines / 4);
}
