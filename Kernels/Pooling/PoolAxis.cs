namespace PyNetSharp.Kernels;

/// <summary>What one output of a pooling op covers along one axis: the inputs <paramref name="Start"/> … <paramref name="End"/> − 1.</summary>
/// <param name="Start">The first input.</param>
/// <param name="End">One past the last input; always greater than <paramref name="Start"/>.</param>
/// <param name="Divisor">How many places an average divides by: the inputs, and the padding where that counts.</param>
internal readonly record struct PoolWindow(int Start, int End, int Divisor)
{
    public int Length => End - Start;
}

/// <summary>Pooling along one axis: which inputs each output covers, and which outputs cover each input.</summary>
internal sealed class PoolAxis
{
    private readonly PoolWindow[] windows;
    private readonly (int First, int End)[] coveringOutputs;

    private PoolAxis(int inputs, PoolAxisFormula steps)
    {
        Formula = steps;
        windows = [.. Enumerable.Range(0, steps.Outputs).Select(o => new PoolWindow(steps.WindowStart(o), steps.WindowEnd(o), steps.WindowDivisor(o)))];
        coveringOutputs = new (int, int)[inputs];
        var (first, end) = (0, 0);
        for (var input = 0; input < inputs; input++)        // windows begin and end in order, so both bounds only advance
        {
            while (end < windows.Length && windows[end].Start <= input) end++;
            while (first < end && windows[first].End <= input) first++;
            coveringOutputs[input] = (first, end);
        }
    }

    public int Outputs => windows.Length;

    /// <summary>The same windows by formula.</summary>
    public PoolAxisFormula Formula { get; }

    /// <summary>The most inputs that any output covers.</summary>
    public int MaxWindowLength => windows.Max(w => w.Length);

    /// <summary>Whether each input is covered by exactly one output.</summary>
    public bool IsPartition => Array.TrueForAll(coveringOutputs, c => c.End - c.First == 1);

    public PoolWindow this[int output] => windows[output];

    /// <summary>The outputs First … End − 1 that cover an input; none where the stride leaves gaps.</summary>
    public (int First, int End) Covering(int input) => coveringOutputs[input];

    /// <summary>Windows of one size at even steps.</summary>
    /// <returns>Null if not even one window fits.</returns>
    public static PoolAxis? Strided(int inputs, int kernel, int stride, int padding, bool ceilMode, bool countPadding)
    {
        var room = inputs + 2L * padding - kernel + (ceilMode ? stride - 1 : 0);
        if (room < 0) return null;

        var outputs = room / stride + 1;
        if (ceilMode && (outputs - 1) * stride >= inputs + padding) outputs--;      // it would begin in the far padding
        if (outputs < 1) return null;

        return new(inputs, new(inputs, (int)outputs, stride, 1, kernel, padding, countPadding ? padding : 0));
    }

    /// <summary>As many windows as wanted, as even as possible: output i covers ⌊i·inputs/outputs⌋ … ⌈(i+1)·inputs/outputs⌉ − 1.</summary>
    public static PoolAxis Adaptive(int inputs, int outputs) => new(inputs, new(inputs, outputs, inputs, outputs, inputs, 0, 0));
}
