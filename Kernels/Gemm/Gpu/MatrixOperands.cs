using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>A matrix in memory as [MN, K].</summary>
/// <param name="mnExtent">M or N.</param>
/// <param name="kExtent">K.</param>
internal readonly struct KMajorMatrix<TAccess>(
    ArrayView<float> data, int mnExtent, int kExtent) : IGemmOperand<MatrixCursor>
    where TAccess : struct, IGlobalAccess
{
    public static bool IsKMajor => true;

    public MatrixCursor CursorAt(int mn, int k) => new(mn * kExtent + k, mn < mnExtent ? k : kExtent, mn);

    public MatrixCursor Advance(MatrixCursor cursor, int k) =>
        new(cursor.Offset + k, cursor.K + k, cursor.Mn);

    public long Address => GpuAddress.Of(data);

    public Float4 Load(MatrixCursor cursor) => Float4.Load<TAccess>(data, cursor.Offset, kExtent - cursor.K);

    public void CopyToShared(MatrixCursor cursor, AsyncCopy copy) =>
        copy.CopyFour<TAccess>(cursor.Offset, kExtent - cursor.K);
}

/// <summary>A matrix in memory as [K, MN].</summary>
/// <inheritdoc cref="KMajorMatrix{TAccess}" path="/param"/>
internal readonly struct MNMajorMatrix<TAccess>(
    ArrayView<float> data, int mnExtent, int kExtent) : IGemmOperand<MatrixCursor>
    where TAccess : struct, IGlobalAccess
{
    private const int OutOfBounds = int.MinValue;       // as unsigned, beyond every size, also after advancing

    private readonly uint size = (uint)mnExtent * (uint)kExtent;

    public static bool IsKMajor => false;

    /// <remarks>
    /// The offset shows whether k or mn is outside; with <see cref="VectorAccess"/> nothing else is read, and what is
    /// not read takes no registers.
    /// </remarks>
    public MatrixCursor CursorAt(int mn, int k) => new(mn < mnExtent ? k * mnExtent + mn : OutOfBounds, 0, mn);

    public MatrixCursor Advance(MatrixCursor cursor, int k) =>
        new(cursor.Offset + k * mnExtent, 0, cursor.Mn);

    public long Address => GpuAddress.Of(data);

    public Float4 Load(MatrixCursor cursor) =>
        (uint)cursor.Offset < size ? Float4.Load<TAccess>(data, cursor.Offset, ValidCount(cursor)) : default;

    public void CopyToShared(MatrixCursor cursor, AsyncCopy copy) =>
        copy.CopyFour<TAccess>(cursor.Offset, (uint)cursor.Offset < size ? ValidCount(cursor) : 0);

    private int ValidCount(MatrixCursor cursor) => TAccess.IsVector4 ? 4 : mnExtent - cursor.Mn;
}

/// <summary>A cursor in a matrix.</summary>
/// <param name="k">Of a K-major matrix: K or more if mn is outside. Otherwise 0.</param>
internal readonly struct MatrixCursor(int offset, int k, int mn)
{
    public readonly int Offset = offset, K = k, Mn = mn;
}
