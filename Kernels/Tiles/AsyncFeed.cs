namespace PyNetSharp;

/// <summary>What one thread sends of an operand into shared memory: four floats at each step, or twice four.</summary>
/// <remarks>Its <c>lines</c>, <c>depth</c> and <c>threads</c> are the tile's and the group's: constants, once compiled.</remarks>
internal struct AsyncFeed<TOperand, TPlace>
    where TOperand : struct, IOperand<TPlace>
    where TPlace : struct
{
    private readonly int to;
    private TPlace place, place2;

    /// <param name="line">The tile's first line.</param>
    /// <param name="first">Where the tile begins in depth.</param>
    /// <param name="start">Of the operand's part of a stage, in bytes.</param>
    public AsyncFeed(TOperand operand, int line, int first, int start, int lines, int depth, int threads)
    {
        place2 = default;
        int l = FourPlaces<TOperand, TPlace>.Line(lines, depth), d = FourPlaces<TOperand, TPlace>.Depth(lines, depth);
        to = start + (TOperand.AlongLine ? TensorTiles.Along(l, d / 4, depth) : TensorTiles.Across(l, d, lines));
        place = operand.At(line + l, first + d);
        if (FourPlaces.Twice(lines, depth, threads))
            place2 = operand.At(
                line + l + FourPlaces<TOperand, TPlace>.LinesOn(depth, threads),
                first + d + FourPlaces<TOperand, TPlace>.DepthOn(lines, threads));
    }

    /// <param name="from">The address of the operand's floats.</param>
    /// <param name="stage">The beginning of the stage, in bytes.</param>
    public void Send(TOperand operand, long from, int stage, int lines, int depth, int threads)
    {
        operand.Send(place, new(from, stage + to));
        place = operand.Next(place, depth);
        if (!FourPlaces.Twice(lines, depth, threads)) return;
        operand.Send(place2, new(from, stage + to + 16 * threads));
        place2 = operand.Next(place2, depth);
    }
}
