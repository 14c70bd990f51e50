namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// An operand B with one column more, of ones: that column of the product holds the sums of A's rows. So a weight
/// gradient and the bias gradient are one product.
/// </summary>
/// <param name="n">The columns of the operand itself.</param>
internal readonly struct OperandWithOnes<TOperand, TCursor>(
    TOperand operand, int n) : IGemmOperand<OnesCursor<TCursor>>
    where TOperand : struct, IGemmOperand<TCursor>
    where TCursor : struct
{
    public static bool IsKMajor => TOperand.IsKMajor;

    public OnesCursor<TCursor> CursorAt(int mn, int k) =>
        new(operand.CursorAt(mn, k), mn == OnesColumn.IndexFor(n) ? 1 : 0);

    public OnesCursor<TCursor> Advance(OnesCursor<TCursor> cursor, int k) =>
        new(operand.Advance(cursor.Inner, k), cursor.Ones);

    public long Address => operand.Address;

    /// <remarks>Ones also beyond K, where A is zero.</remarks>
    public Float4 Load(OnesCursor<TCursor> cursor) =>
        cursor.Ones != 0 ? new(1, 0, 0, 0) : operand.Load(cursor.Inner);

    public void CopyToShared(OnesCursor<TCursor> cursor, AsyncCopy copy)
    {
        if (cursor.Ones != 0) copy.StoreUnitVector();
        else operand.CopyToShared(cursor.Inner, copy);
    }
}

internal readonly struct OnesCursor<TCursor>(TCursor inner, int ones) where TCursor : struct
{
    public readonly TCursor Inner = inner;

    public readonly int Ones = ones;
}

/// <summary>The column that <see cref="OperandWithOnes{TOperand, TCursor}"/> adds.</summary>
internal static class OnesColumn
{
    /// <summary>
    /// The first multiple of 4 that is at least <paramref name="n"/>: no access has other columns too.
    /// </summary>
    public static int IndexFor(int n) => (n + 3) / 4 * 4;

    /// <summary>n rounded up to 4, and four more: the ones and three zeros.</summary>
    public static int ExtendedColumns(int n) => IndexFor(n) + 4;
}
