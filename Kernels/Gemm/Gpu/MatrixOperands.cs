using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>A matrix whose stored rows are the lines of a product.</summary>
/// <param name="data">[lines, depth]</param>
internal readonly struct KMajorMatrix<TWidth>(ArrayView<float> data, int lines, int depth) : IGemmOperand<MatrixPosition>
    where TWidth : struct, IAccessWidth
{
    public static bool IsKMajor => true;

    public MatrixPosition PositionAt(int line, int k) => new(line * depth + k, line < lines ? k : depth, line);

    public MatrixPosition Advance(MatrixPosition place, int further) =>
        new(place.Offset + further, place.K + further, place.Line);

    public long Address => GpuAddress.Of(data);

    public Float4 Load(MatrixPosition place) => Float4.Load<TWidth>(data, place.Offset, depth - place.K);

    public void CopyToShared(MatrixPosition place, AsyncCopy copy) => copy.CopyFour<TWidth>(place.Offset, depth - place.K);
}

/// <summary>A matrix whose stored columns are the lines of a product.</summary>
/// <param name="data">[depth, lines]</param>
internal readonly struct MNMajorMatrix<TWidth>(ArrayView<float> data, int lines, int depth) : IGemmOperand<MatrixPosition>
    where TWidth : struct, IAccessWidth
{
    private const int OutOfBounds = int.MinValue;       // beyond every size, and so is what follows

    private readonly uint size = (uint)lines * (uint)depth;

    public static bool IsKMajor => false;

    /// <remarks>
    /// A depth beyond the end shows in the offset, and so does a line beyond the last; for fours nothing else is
    /// needed. To keep what is not needed would take registers.
    /// </remarks>
    public MatrixPosition PositionAt(int line, int k) => new(line < lines ? k * lines + line : OutOfBounds, 0, line);

    public MatrixPosition Advance(MatrixPosition place, int further) => new(place.Offset + further * lines, 0, place.Line);

    public long Address => GpuAddress.Of(data);

    public Float4 Load(MatrixPosition place) =>
        (uint)place.Offset < size ? Float4.Load<TWidth>(data, place.Offset, ValidCount(place)) : default;

    public void CopyToShared(MatrixPosition place, AsyncCopy copy) =>
        copy.CopyFour<TWidth>(place.Offset, (uint)place.Offset < size ? ValidCount(place) : 0);

    private int ValidCount(MatrixPosition place) => TWidth.IsVector4 ? 4 : lines - place.Line;
}

/// <summary>A place in a matrix; along lines, its depth is beyond the end where there is no such line.</summary>
internal readonly struct MatrixPosition(int offset, int depth, int line)
{
    public readonly int Offset = offset, K = depth, Line = line;
}
