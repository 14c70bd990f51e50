namespace PyNetSharp;

/// <summary>
/// An operand with one line more, all ones: as the right factor it sums up the left one's rows, so that the product with
/// the inputs, the gradient by the weight, brings the gradient by the bias with it.
/// </summary>
/// <param name="lines">Of the operand.</param>
internal readonly struct WithOnes<TOperand, TPlace>(TOperand operand, int lines) : IOperand<OnesPlace<TPlace>>
    where TOperand : struct, IOperand<TPlace>
    where TPlace : struct
{
    public static bool AlongLine => TOperand.AlongLine;

    public OnesPlace<TPlace> At(int line, int depth) => new(operand.At(line, depth), line == OnesLine.Of(lines) ? 1 : 0);

    public OnesPlace<TPlace> Next(OnesPlace<TPlace> place, int depth) => new(operand.Next(place.Inner, depth), place.Ones);

    public long Address => operand.Address;

    public Float4 Read(OnesPlace<TPlace> place) => place.Ones != 0 ? new(1, 0, 0, 0) : operand.Read(place.Inner);

    public void Send(OnesPlace<TPlace> place, AsyncCopy copy)
    {
        if (place.Ones != 0) copy.WriteOne();
        else operand.Send(place.Inner, copy);
    }
}

internal readonly struct OnesPlace<TPlace>(TPlace inner, int ones) where TPlace : struct
{
    public readonly TPlace Inner = inner;

    public readonly int Ones = ones;
}

/// <summary>Where <see cref="WithOnes{TOperand, TPlace}"/> puts its line.</summary>
internal static class OnesLine
{
    /// <summary>Behind the last of <paramref name="lines"/>, at a multiple of 4: four floats are either ones or not.</summary>
    public static int Of(int lines) => (lines + 3) / 4 * 4;
}
