namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// An operand B with one column more, of ones: that column of the product holds the sums of A's rows. So a weight
/// gradient and the bias gradient are one product.
/// </summary>
/// <param name="n">The columns of the operand itself.</param>
internal readonly struct OperandWithOnes<TOperand, TPosition>(
    TOperand operand, int n) : IGemmOperand<OnesPosition<TPosition>>
    where TOperand : struct, IGemmOperand<TPosition>
    where TPosition : struct
{
    public static bool IsKMajor => TOperand.IsKMajor;

    public OnesPosition<TPosition> PositionAt(int mn, int k) =>
        new(operand.PositionAt(mn, k), mn == OnesColumn.IndexFor(n) ? 1 : 0);

    public OnesPosition<TPosition> Advance(OnesPosition<TPosition> position, int k) =>
        new(operand.Advance(position.Inner, k), position.Ones);

    public long Address => operand.Address;

    public Float4 Load(OnesPosition<TPosition> position) =>
        position.Ones != 0 ? new(1, 0, 0, 0) : operand.Load(position.Inner);

    public void CopyToShared(OnesPosition<TPosition> position, AsyncCopy copy)
    {
        if (position.Ones != 0) copy.StoreUnitVector();
        else operand.CopyToShared(position.Inner, copy);
    }
}

internal readonly struct OnesPosition<TPosition>(TPosition inner, int ones) where TPosition : struct
{
    public readonly TPosition Inner = inner;

    public readonly int Ones = ones;
}

/// <summary>The column that <see cref="OperandWithOnes{TOperand, TPosition}"/> adds.</summary>
internal static class OnesColumn
{
    /// <summary>
    /// The first multiple of 4 that is at least <paramref name="n"/>: no access has other columns too.
    /// </summary>
    public static int IndexFor(int n) => (n + 3) / 4 * 4;
}
