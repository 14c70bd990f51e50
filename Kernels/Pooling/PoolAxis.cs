namespace PyNetSharp.Kernels;

/// <summary>
/// What one output of a pooling op covers along one axis: <paramref name="Length"/> inputs from
/// <paramref name="Start"/> on, <see cref="PoolAxis.Dilation"/> apart.
/// </summary>
/// <param name="Start">The first input.</param>
/// <param name="Length">How many; at least 1.</param>
/// <param name="Divisor">What an average divides by: the inputs, and the padding where that counts.</param>
internal readonly record struct PoolWindow(int Start, int Length, int Divisor);

/// <summary>
/// The windows of a pooling op along one axis: which inputs each output covers, and which outputs cover each input.
/// Before it is clipped to the input, window o begins at ⌊o·strideNumerator / denominator⌋ − padding and ends before
/// ⌈(o·strideNumerator + sizeNumerator) / denominator⌉ − padding.
/// </summary>
/// <param name="inputs">Inputs along the axis.</param>
/// <param name="outputs">Windows along the axis.</param>
/// <param name="countedPadding">How much of the padding on each side an average counts.</param>
/// <param name="dilation">Inputs from one that a window covers to the next: above 1 only in max pooling.</param>
/// <remarks>GPU threads evaluate it; CPU loops make tables of it.</remarks>
internal readonly struct PoolAxis(
    int inputs, int outputs, int strideNumerator, int denominator, int sizeNumerator, int padding, int countedPadding,
    int dilation = 1)
{
    private readonly FastDivisor strideDivisor = new(strideNumerator), denominatorDivisor = new(denominator);

    public int Outputs { get; } = outputs;

    public int Dilation { get; } = dilation;

    /// <summary>The most inputs that any output covers.</summary>
    public int MaxWindowLength
    {
        get
        {
            var longest = 0;
            for (var o = 0; o < Outputs; o++) longest = Math.Max(longest, WindowLength(o));
            return longest;
        }
    }

    /// <summary>
    /// Whether some window covers padding alone, because the dilation is larger than the image.
    /// </summary>
    public bool HasEmptyWindow
    {
        get
        {
            for (var o = 0; o < Outputs && UnclippedStart(o) < 0; o++)
                if (FirstInput(o) >= WindowEnd(o))
                    return true;
            return false;
        }
    }

    /// <summary>Windows of one size at equal distances.</summary>
    /// <returns>Null if not even one window fits, or if one would cover no input.</returns>
    public static PoolAxis? Strided(
        int inputs, int kernel, int stride, int padding, int dilation, bool ceilMode, bool countPadding)
    {
        var size = (kernel - 1L) * dilation + 1;
        var room = inputs + 2L * padding - size + (ceilMode ? stride - 1 : 0);
        if (room < 0) return null;

        var outputs = room / stride + 1;
        if (ceilMode && (outputs - 1) * stride >= inputs + padding) outputs--;      // it would begin in the far padding
        if (outputs < 1) return null;

        // In ceil mode the size may be more than an int holds: beyond all inputs and padding it makes no difference.
        var clipped = (int)Math.Min(size, int.MaxValue - 1);
        var axis = new PoolAxis(
            inputs, (int)outputs, stride, 1, clipped, padding, countPadding ? padding : 0, dilation);
        return axis.HasEmptyWindow ? null : axis;
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
        for (var o = 0; o < windows.Length; o++) windows[o] = new(FirstInput(o), WindowLength(o), WindowDivisor(o));
        return windows;
    }

    /// <summary>Writes all windows.</summary>
    /// <param name="windows"><see cref="Outputs"/> of them.</param>
    public unsafe void FillWindows(PoolWindow* windows)
    {
        for (var o = 0; o < Outputs; o++) windows[o] = new(FirstInput(o), WindowLength(o), WindowDivisor(o));
    }

    /// <summary>The matrix whose product with the inputs is their averages: [outputs, inputs], row-major.</summary>
    public float[] AveragingMatrix(int inputs)
    {
        var matrix = new float[Outputs * inputs];
        foreach (var (o, window) in Windows().Index())
            matrix.AsSpan(o * inputs + window.Start, window.Length).Fill(1f / window.Divisor);
        return matrix;
    }

    /// <summary>
    /// For each input, the outputs First … End − 1 that cover it; none where the stride leaves gaps. With a dilation,
    /// those whose windows begin and end around it.
    /// </summary>
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

    /// <summary>The first input that a window covers, which with a dilation may be later.</summary>
    public int FirstInput(int output)
    {
        var start = UnclippedStart(output);
        return start >= 0 ? start : Dilation == 1 ? 0 : (start % Dilation + Dilation) % Dilation;
    }

    /// <summary>How many inputs a window covers.</summary>
    public int WindowLength(int output)
    {
        var span = WindowEnd(output) - FirstInput(output);
        return Dilation == 1 ? span : (span + Dilation - 1) / Dilation;
    }

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

    private int DivideByDenominator(long value) =>
        value == (int)value ? denominatorDivisor.Quotient((int)value) : (int)(value / denominator);

    /// <summary>A GPU takes a hundred instructions for a division of longs, and larger values are rare.</summary>
    private int DivideByStride(long value) =>
        value == (int)value ? strideDivisor.Quotient((int)value) : (int)(value / strideNumerator);
}
