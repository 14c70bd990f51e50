namespace PyNetSharp.Kernels.Gemm;

/// <summary>What one thread sends of an operand into shared memory: four floats at each step, or twice four.</summary>
/// <remarks>Its <c>lines</c>, <c>depth</c> and <c>threads</c> are the tile's and the group's: constants, once compiled.</remarks>
internal struct AsyncTileIterator<TOperand, TPlace>
    where TOperand : struct, IGemmOperand<TPlace>
    where TPlace : struct
{
    private readonly int sharedOffset;
    private TPlace position, position2;

    /// <param name="line">The tile's first line.</param>
    /// <param name="first">Where the tile begins in depth.</param>
    /// <param name="start">Of the operand's part of a stage, in bytes.</param>
    public AsyncTileIterator(TOperand operand, int line, int first, int start, int lines, int depth, int threads)
    {
        position2 = default;
        int l = ThreadMap<TOperand, TPlace>.FirstLine(lines, depth), d = ThreadMap<TOperand, TPlace>.FirstK(lines, depth);
        sharedOffset = start + (TOperand.IsKMajor ? MultistageTiles.KMajorOffset(l, d / 4, depth) : MultistageTiles.MNMajorOffset(l, d, lines));
        position = operand.PositionAt(line + l, first + d);
        if (ThreadMap.HasSecondAccess(lines, depth, threads))
            position2 = operand.PositionAt(
                line + l + ThreadMap<TOperand, TPlace>.LineStep(depth, threads),
                first + d + ThreadMap<TOperand, TPlace>.KStep(lines, threads));
    }

    /// <param name="from">The address of the operand's floats.</param>
    /// <param name="stage">The beginning of the stage, in bytes.</param>
    public void CopyToShared(TOperand operand, long from, int stage, int lines, int depth, int threads)
    {
        operand.CopyToShared(position, new(from, stage + sharedOffset));
        position = operand.Advance(position, depth);
        if (!ThreadMap.HasSecondAccess(lines, depth, threads)) return;
        operand.CopyToShared(position2, new(from, stage + sharedOffset + 16 * threads));
        position2 = operand.Advance(position2, depth);
    }
}
