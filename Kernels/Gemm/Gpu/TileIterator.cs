using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>What one thread brings of an operand into shared memory: four floats at each step, or twice four.</summary>
/// <remarks>Its <c>lines</c>, <c>depth</c> and <c>threads</c> are the tile's and the group's: constants, once compiled.</remarks>
internal struct TileIterator<TOperand, TPlace>
    where TOperand : struct, IGemmOperand<TPlace>
    where TPlace : struct
{
    private TPlace position, position2;
    private Float4 fragment, fragment2;

    /// <param name="line">The tile's first line.</param>
    /// <param name="first">Where the tile begins in depth.</param>
    public TileIterator(TOperand operand, int line, int first, int lines, int depth, int threads)
    {
        (fragment, fragment2, position2) = (default, default, default);
        line += ThreadMap<TOperand, TPlace>.FirstLine(lines, depth);
        first += ThreadMap<TOperand, TPlace>.FirstK(lines, depth);
        position = operand.PositionAt(line, first);
        if (ThreadMap.HasSecondAccess(lines, depth, threads))
            position2 = operand.PositionAt(
                line + ThreadMap<TOperand, TPlace>.LineStep(depth, threads),
                first + ThreadMap<TOperand, TPlace>.KStep(lines, threads));
    }

    public void Load(TOperand operand, int lines, int depth, int threads)
    {
        fragment = operand.Load(position);
        if (ThreadMap.HasSecondAccess(lines, depth, threads)) fragment2 = operand.Load(position2);
    }

    public void Advance(TOperand operand, int lines, int depth, int threads)
    {
        position = operand.Advance(position, depth);
        if (ThreadMap.HasSecondAccess(lines, depth, threads)) position2 = operand.Advance(position2, depth);
    }

    /// <summary>Writes what was read, transposed where it lies along a line: shared memory has all lines of one depth together.</summary>
    public readonly void Store(ArrayView<Float4> tile, int lines, int depth, int threads)
    {
        int line = ThreadMap<TOperand, TPlace>.FirstLine(lines, depth), k = ThreadMap<TOperand, TPlace>.FirstK(lines, depth);
        Store(tile, lines, line, k, fragment);
        if (ThreadMap.HasSecondAccess(lines, depth, threads))
            Store(
                tile, lines, line + ThreadMap<TOperand, TPlace>.LineStep(depth, threads),
                k + ThreadMap<TOperand, TPlace>.KStep(lines, threads), fragment2);
    }

    private static void Store(ArrayView<Float4> tile, int lines, int line, int k, Float4 floats)
    {
        var stride = SharedMemoryTile.Stride(lines);
        if (TOperand.IsKMajor)
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
