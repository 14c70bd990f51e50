using ILGPU;

namespace PyNetSharp;

/// <summary>What one thread brings of an operand into shared memory: four floats at each step, or twice four.</summary>
/// <remarks>Its <c>lines</c>, <c>depth</c> and <c>threads</c> are the tile's and the group's: constants, once compiled.</remarks>
internal struct Feed<TOperand, TPlace>
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
        line += FourPlaces<TOperand, TPlace>.Line(lines, depth);
        first += FourPlaces<TOperand, TPlace>.Depth(lines, depth);
        place = operand.At(line, first);
        if (FourPlaces.Twice(lines, depth, threads))
            place2 = operand.At(
                line + FourPlaces<TOperand, TPlace>.LinesOn(depth, threads),
                first + FourPlaces<TOperand, TPlace>.DepthOn(lines, threads));
    }

    public void Read(TOperand operand, int lines, int depth, int threads)
    {
        floats = operand.Read(place);
        if (FourPlaces.Twice(lines, depth, threads)) floats2 = operand.Read(place2);
    }

    public void Next(TOperand operand, int lines, int depth, int threads)
    {
        place = operand.Next(place, depth);
        if (FourPlaces.Twice(lines, depth, threads)) place2 = operand.Next(place2, depth);
    }

    /// <summary>Writes what was read, transposed where it lies along a line: shared memory has all lines of one depth together.</summary>
    public readonly void Store(ArrayView<Float4> tile, int lines, int depth, int threads)
    {
        int line = FourPlaces<TOperand, TPlace>.Line(lines, depth), k = FourPlaces<TOperand, TPlace>.Depth(lines, depth);
        Store(tile, lines, line, k, floats);
        if (FourPlaces.Twice(lines, depth, threads))
            Store(
                tile, lines, line + FourPlaces<TOperand, TPlace>.LinesOn(depth, threads),
                k + FourPlaces<TOperand, TPlace>.DepthOn(lines, threads), floats2);
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
}
