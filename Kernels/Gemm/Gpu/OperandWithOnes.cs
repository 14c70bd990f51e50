namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// An operand with one line more, all ones: as the right factor it sums up the left one's rows, so that the product with
/// the inputs, the gradient by the weight, brings the gradient by the bias with it.
/// </summary>
/// <param name="lines">Of the operand.</param>
internal readonly struct OperandWithOnes<TOperand, TPlace>(TOperand operand, int lines) : IGemmOperand<OnesPosition<TPlace>>
    where TOperand : struct, IGemmOperand<TPlace>
    where TPlace : struct
{
    public static bool IsKMajor => TOperand.IsKMajor;

    public OnesPosition<TPlace> PositionAt(int line, int depth) => new(operand.PositionAt(line, depth), line == OnesColumn.IndexFor(lines) ? 1 : 0);

    public OnesPosition<TPlace> Advance(OnesPosition<TPlace> place, int depth) => new(operand.Advance(place.Inner, depth), place.Ones);

    public long Address => operand.Address;

    public Float4 Load(OnesPosition<TPlace> place) => place.Ones != 0 ? new(1, 0, 0, 0) : operand.Load(place.Inner);

    public void CopyToShared(OnesPosition<TPlace> place, AsyncCopy copy)
    {
        if (place.Ones != 0) copy.StoreUnitVector();
        else operand.CopyToShared(place.Inner, copy);
    }
}

internal readonly struct OnesPosition<TPlace>(TPlace inner, int ones) where TPlace : struct
{
    public readonly TPlace Inner = inner;

    public readonly int Ones = ones;
}

/// <summary>Where <see cref="OperandWithOnes{TOperand, TPlace}"/> puts its line.</summary>
internal static class OnesColumn
{
    /// <summary>Behind the last of <paramref name="lines"/>, at a multiple of 4: four floats are either ones or not.</summary>
    public static int IndexFor(int lines) => (lines + 3) / 4 * 4;
}
