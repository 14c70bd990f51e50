using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>A matrix in memory as [MN, K].</summary>
/// <param name="mnExtent">M or N.</param>
/// <param name="kExtent">K.</param>
internal readonly struct KMajorMatrix<TWidth>(
    ArrayView<float> data, int mnExtent, int kExtent) : IGemmOperand<MatrixPosition>
    where TWidth : struct, IAccessWidth
{
    public static bool IsKMajor => true;

    public MatrixPosition PositionAt(int mn, int k) => new(mn * kExtent + k, mn < mnExtent ? k : kExtent, mn);

    public MatrixPosition Advance(MatrixPosition position, int k) =>
        new(position.Offset + k, position.K + k, position.Mn);

    public long Address => GpuAddress.Of(data);

    public Float4 Load(MatrixPosition position) => Float4.Load<TWidth>(data, position.Offset, kExtent - position.K);

    public void CopyToShared(MatrixPosition position, AsyncCopy copy) =>
        copy.CopyFour<TWidth>(position.Offset, kExtent - position.K);
}

/// <summary>A matrix in memory as [K, MN].</summary>
/// <inheritdoc cref="KMajorMatrix{TWidth}" path="/param"/>
internal readonly struct MNMajorMatrix<TWidth>(
    ArrayView<float> data, int mnExtent, int kExtent) : IGemmOperand<MatrixPosition>
    where TWidth : struct, IAccessWidth
{
    private const int OutOfBounds = int.MinValue;       // as unsigned, beyond every size, also after advancing

    private readonly uint size = (uint)mnExtent * (uint)kExtent;

    public static bool IsKMajor => false;

    /// <remarks>
    /// The offset shows whether k or mn is outside; with <see cref="Vector4Access"/> nothing else is read, and what is
    /// not read takes no registers.
    /// </remarks>
    public MatrixPosition PositionAt(int mn, int k) => new(mn < mnExtent ? k * mnExtent + mn : OutOfBounds, 0, mn);

    public MatrixPosition Advance(MatrixPosition position, int k) =>
        new(position.Offset + k * mnExtent, 0, position.Mn);

    public long Address => GpuAddress.Of(data);

    public Float4 Load(MatrixPosition position) =>
        (uint)position.Offset < size ? Float4.Load<TWidth>(data, position.Offset, ValidCount(position)) : default;

    public void CopyToShared(MatrixPosition position, AsyncCopy copy) =>
        copy.CopyFour<TWidth>(position.Offset, (uint)position.Offset < size ? ValidCount(position) : 0);

    private int ValidCount(MatrixPosition position) => TWidth.IsVector4 ? 4 : mnExtent - position.Mn;
}

/// <summary>A position in a matrix.</summary>
/// <param name="k">Of a K-major matrix: K or more if mn is outside. Otherwise 0.</param>
internal readonly struct MatrixPosition(int offset, int k, int mn)
{
    public readonly int Offset = offset, K = k, Mn = mn;
}
