using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>As <see cref="KMajorMatrix{TAccess}"/>, one matrix for each index of the grid's third axis.</summary>
/// <param name="data">[batch, MN, K]</param>
/// <param name="mnExtent">M or N.</param>
/// <param name="kExtent">K.</param>
internal readonly struct BatchedKMajorMatrix<TAccess>(
    ArrayView<float> data, int mnExtent, int kExtent) : IGemmOperand<MatrixCursor>
    where TAccess : struct, IGlobalAccess
{
    private readonly KMajorMatrix<TAccess> matrix = new(data, mnExtent, kExtent);
    private readonly int size = mnExtent * kExtent;

    public static bool IsKMajor => true;

    public MatrixCursor CursorAt(int mn, int k)
    {
        var first = matrix.CursorAt(mn, k);
        return new(first.Offset + Grid.IdxZ * size, first.K, first.Mn);
    }

    public MatrixCursor Advance(MatrixCursor cursor, int k) => matrix.Advance(cursor, k);

    public long Address => matrix.Address;

    public Float4 Load(MatrixCursor cursor) => matrix.Load(cursor);

    public void CopyToShared(MatrixCursor cursor, AsyncCopy copy) => matrix.CopyToShared(cursor, copy);
}

/// <summary>As <see cref="MNMajorMatrix{TAccess}"/>, one matrix for each index of the grid's third axis.</summary>
/// <param name="data">[batch, K, MN]</param>
/// <inheritdoc cref="BatchedKMajorMatrix{TAccess}" path="/param"/>
internal readonly struct BatchedMNMajorMatrix<TAccess>(
    ArrayView<float> data, int mnExtent, int kExtent) : IGemmOperand<MatrixCursor>
    where TAccess : struct, IGlobalAccess
{
    public static bool IsKMajor => false;

    public MatrixCursor CursorAt(int mn, int k) =>
        new((Grid.IdxZ * kExtent + k) * mnExtent + mn, mn < mnExtent ? k : kExtent, mn);

    public MatrixCursor Advance(MatrixCursor cursor, int k) =>
        new(cursor.Offset + k * mnExtent, cursor.K + k, cursor.Mn);

    public long Address => GpuAddress.Of(data);

    public Float4 Load(MatrixCursor cursor) => Float4.Load<TAccess>(data, cursor.Offset, ValidCount(cursor));

    public void CopyToShared(MatrixCursor cursor, AsyncCopy copy) =>
        copy.CopyFour<TAccess>(cursor.Offset, ValidCount(cursor));

    private int ValidCount(MatrixCursor cursor) =>
        cursor.K >= kExtent ? 0 : TAccess.IsVector4 ? 4 : mnExtent - cursor.Mn;
}

/// <summary>Stores one dense matrix per slice of K and index of the grid's third axis.</summary>
/// <param name="y">[slices, batch, M, N]</param>
internal readonly struct BatchedEpilogue<TAccess>(ArrayView<float> y, int m, int n) : IEpilogue
    where TAccess : struct, IGlobalAccess
{
    public Float4 InitialSums(int column) => default;

    public void Store(int row, int column, Float4 sums)
    {
        if (row >= m) return;
        var matrix = Grid.IdxY * Grid.DimZ + Grid.IdxZ;
        sums.Store<TAccess>(y, (matrix * m + row) * n + column, n - column);
    }
}
