namespace PyNetSharp;

/// <summary>
/// The windows of a pooling op along one axis, by formula, for kernels that have no tables. Before it is cut to the input,
/// window o begins at ⌊o·step / parts⌋ − padding and ends before ⌈(o·step + reach) / parts⌉ − padding.
/// </summary>
/// <param name="inputs">How many inputs there are.</param>
/// <param name="outputs">How many windows there are.</param>
/// <param name="counted">How much of the padding on each side counts when an average divides.</param>
internal readonly struct PoolSteps(int inputs, int outputs, int step, int parts, int reach, int padding, int counted)
{
    public int Outputs { get; } = outputs;

    /// <summary>The first input of a window.</summary>
    public int From(int output) => Math.Max(0, Start(output));

    /// <summary>One past the last input of a window.</summary>
    public int End(int output) => Math.Min(inputs, Stop(output));

    /// <summary>How many places an average over the window divides by.</summary>
    public int Size(int output) => Math.Min(inputs + counted, Stop(output)) - Math.Max(-counted, Start(output));

    /// <summary>The first window that covers an input: its end lies behind it.</summary>
    public int FirstCovering(int input)
    {
        var missing = ((long)input + padding) * parts - reach;
        return missing < 0 ? 0 : Steps(missing) + 1;
    }

    /// <summary>One past the last window that covers an input: that begins at it or before.</summary>
    public int EndCovering(int input) => Math.Min(Outputs, Steps(((long)input + padding + 1) * parts - 1) + 1);

    private int Start(int output) => Quotient((long)output * step) - padding;

    private int Stop(int output) => Quotient((long)output * step + reach + parts - 1) - padding;

    /// <summary>Divided by parts; the usual 1 is worth a branch, because a division of longs is a hundred instructions on a GPU.</summary>
    private int Quotient(long value) => parts == 1 ? (int)value : (int)(value / parts);

    /// <summary>How many steps fit; ints are divided faster than longs, and one hardly ever meets others.</summary>
    private int Steps(long value) => value <= int.MaxValue ? (int)value / step : (int)(value / step);
}
