namespace PyNetSharp.Kernels;

/// <summary>
/// The windows of a pooling op along one axis, by formula, for kernels that have no tables. Before it is cut to the input,
/// window o begins at ⌊o·step / parts⌋ − padding and ends before ⌈(o·step + reach) / parts⌉ − padding.
/// </summary>
/// <param name="inputs">How many inputs there are.</param>
/// <param name="outputs">How many windows there are.</param>
/// <param name="countedPadding">How much of the padding on each side counts when an average divides.</param>
internal readonly struct PoolAxisFormula(int inputs, int outputs, int strideNumerator, int denominator, int sizeNumerator, int padding, int countedPadding)
{
    public int Outputs { get; } = outputs;

    /// <summary>The first input of a window.</summary>
    public int WindowStart(int output) => Math.Max(0, UnclippedStart(output));

    /// <summary>One past the last input of a window.</summary>
    public int WindowEnd(int output) => Math.Min(inputs, UnclippedEnd(output));

    /// <summary>How many places an average over the window divides by.</summary>
    public int WindowDivisor(int output) => Math.Min(inputs + countedPadding, UnclippedEnd(output)) - Math.Max(-countedPadding, UnclippedStart(output));

    /// <summary>The first window that covers an input: its end lies behind it.</summary>
    public int FirstCovering(int input)
    {
        var missing = ((long)input + padding) * denominator - sizeNumerator;
        return missing < 0 ? 0 : DivideByStride(missing) + 1;
    }

    /// <summary>One past the last window that covers an input: that begins at it or before.</summary>
    public int EndCovering(int input) => Math.Min(Outputs, DivideByStride(((long)input + padding + 1) * denominator - 1) + 1);

    private int UnclippedStart(int output) => DivideByDenominator((long)output * strideNumerator) - padding;

    private int UnclippedEnd(int output) => DivideByDenominator((long)output * strideNumerator + sizeNumerator + denominator - 1) - padding;

    /// <summary>Divided by parts; the usual 1 is worth a branch, because a division of longs is a hundred instructions on a GPU.</summary>
    private int DivideByDenominator(long value) => denominator == 1 ? (int)value : (int)(value / denominator);

    /// <summary>How many steps fit; ints are divided faster than longs, and one hardly ever meets others.</summary>
    private int DivideByStride(long value) => value <= int.MaxValue ? (int)value / strideNumerator : (int)(value / strideNumerator);
}
