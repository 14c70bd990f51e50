namespace PyNetSharp.Kernels;

/// <summary>
/// What one output of a pooling op covers along one axis: the inputs <paramref name="Start"/> … <paramref name="End"/>
/// − 1.
/// </summary>
/// <param name="Start">The first input.</param>
/// <param name="End">One past the last input; greater than <paramref name="Start"/>.</param>
/// <param name="Divisor">What an average divides by: the inputs, and the padding where that counts.</param>
internal readonly record struct PoolWindow(int Start, int End, int Divisor)
{
    public int Length => End - Start;
}

/// <summary>
/// The windows of a pooling op along one axis: which inputs each output covers, and which outputs cover each input.
/// Before it is clipped to the input, window o begins at ⌊o·strideNumerator / denominator⌋ − padding and ends before
/// ⌈(o·strideNumerator + sizeNumerator) / denominator⌉ − padding.
/// </summary>
/// <param name="inputs">Inputs along the axis.</param>
/// <param name="outputs">Windows along the axis.</param>
/// <param name="countedPadding">How much of the padding on each side an average counts.</param>
/// <remarks>GPU threads evaluate it; CPU loops make tables of it.</remarks>
internal readonly struct PoolAxis(
    int inputs, int outputs, int strideNumerator, int denominator, int sizeNumerator, int padding, int countedPadding)
{
    public int Outputs { get; } = outputs;

    /// <summary>The most inputs that any output covers.</summary>
    public int MaxWindowLength
    {
        get
        {
            var longest = 0;
            for (var o = 0; o < Outputs; o++) longest = Math.Max(longest, WindowEnd(o) - WindowStart(o));
            return longest;
        }
    }

    /// <summary>Windows of one size at equal distances.</summary>
    /// <returns>Null if not even one window fits.</returns>
    public static PoolAxis? Strided(int inputs, int kernel, int stride, int padding, bool ceilMode, bool countPadding)
    {
        var room = inputs + 2L * padding - kernel + (ceilMode ? stride - 1 : 0);
        if (room < 0) return null;

        var outputs = room / stride + 1;
        if (ceilMode && (outputs - 1) * stride >= inputs + padding) outputs--;      // it would begin in the far padding
        if (outputs < 1) return null;

        return new(inputs, (int)outputs, stride, 1, kernel, padding, countPadding ? padding : 0);
    }

    /// <summary>
    /// Any number of windows of sizes that differ by at most 1: output i covers the inputs ⌊i·inputs/outputs⌋ …
    /// ⌈(i+1)·inputs/outputs⌉ − 1.
    /// </summary>
    public static PoolAxis Adaptive(int inputs, int outputs) => new(inputs, outputs, inputs, outputs, inputs, 0, 0);

    /// <summary>All windows.</summary>
    public PoolWindow[] Windows()
    {
        var windows = new PoolWindow[Outputs];
        for (var o = 0; o < windows.Length; o++) windows[o] = new(WindowStart(o), WindowEnd(o), WindowDivisor(o));
        return windows;
    }

    /// <summary>For each input, the outputs First … End − 1 that cover it; none where the stride leaves gaps.</summary>
    public (int First, int End)[] CoveringOutputs()
    {
        var covering = new (int First, int End)[inputs];
        for (var i = 0; i < inputs; i++)
        {
            var end = EndCovering(i);
            covering[i] = (Math.Min(FirstCovering(i), end), end);
        }

        return covering;
    }

    /// <summary>The first input of a window.</summary>
    public int WindowStart(int output) => Math.Max(0, UnclippedStart(output));

    /// <summary>One past the last input of a window.</summary>
    public int WindowEnd(int output) => Math.Min(inputs, UnclippedEnd(output));

    /// <summary>What an average over the window divides by.</summary>
    public int WindowDivisor(int output) =>
        Math.Min(inputs + countedPadding, UnclippedEnd(output)) - Math.Max(-countedPadding, UnclippedStart(output));

    /// <summary>The first window that covers an input: the first that ends after it.</summary>
    public int FirstCovering(int input)
    {
        var missing = ((long)input + padding) * denominator - sizeNumerator;
        return missing < 0 ? 0 : DivideByStride(missing) + 1;
    }

    /// <summary>One past the last window that covers an input: the last that begins at it or before it.</summary>
    public int EndCovering(int input) =>
        Math.Min(Outputs, DivideByStride(((long)input + padding + 1) * denominator - 1) + 1);

    private int UnclippedStart(int output) => DivideByDenominator((long)output * strideNumerator) - padding;

    private int UnclippedEnd(int output) =>
        DivideByDenominator((long)output * strideNumerator + sizeNumerator + denominator - 1) - padding;

    /// <summary>
    /// A denominator of 1 is the usual one, and a division of longs takes a hundred instructions on a GPU.
    /// </summary>
    private int DivideByDenominator(long value) => denominator == 1 ? (int)value : (int)(value / denominator);

    /// <summary>Ints are divided faster than longs, and larger values are rare.</summary>
    private int DivideByStride(long value) =>
        value <= int.MaxValue ? (int)value / strideNumerator : (int)(value / strideNumerator);
}
