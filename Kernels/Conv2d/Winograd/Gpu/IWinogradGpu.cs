namespace PyNetSharp.Kernels;

/// <summary>The transforms of <see cref="IWinograd"/> as a GPU thread applies them: a row stays in registers.</summary>
/// <remarks>
/// Formulas of their own: those for CPUs read and write through pointers, which ILGPU does not compile, and a row of
/// eight vectors by value would not stay in a CPU's registers.
/// </remarks>
internal interface IWinogradGpu
{
    /// <inheritdoc cref="IWinograd.OutputTileSize"/>
    static abstract int OutputTileSize { get; }

    /// <inheritdoc cref="IWinograd.Taps"/>
    static abstract int Taps { get; }

    /// <inheritdoc cref="IWinograd.InputTileSize"/>
    static abstract int InputTileSize { get; }

    /// <inheritdoc cref="IWinograd.TransformInput"/>
    static abstract Row8 TransformInput(Row8 d);

    /// <inheritdoc cref="IWinograd.TransformOutput"/>
    static abstract Row8 TransformOutput(Row8 p);

    /// <inheritdoc cref="IWinograd.TransformOutputGradient"/>
    static abstract Row8 TransformOutputGradient(Row8 y);

    /// <inheritdoc cref="IWinograd.TransformFilter"/>
    static abstract Row8 TransformFilter(Row8 g);

    /// <inheritdoc cref="IWinograd.TransformFilterGradient"/>
    static abstract Row8 TransformFilterGradient(Row8 u);
}

/// <summary>Up to eight numbers of a row or a column; the others are not read.</summary>
internal readonly struct Row8(
    float v0, float v1, float v2, float v3 = 0, float v4 = 0, float v5 = 0, float v6 = 0, float v7 = 0)
{
    public readonly float V0 = v0, V1 = v1, V2 = v2, V3 = v3, V4 = v4, V5 = v5, V6 = v6, V7 = v7;
}

/// <summary>A transform of one row, from <see cref="From"/> numbers to <see cref="To"/>.</summary>
internal interface IRowTransform
{
    static abstract int From { get; }

    static abstract int To { get; }

    static abstract Row8 Apply(Row8 row);
}

/// <inheritdoc cref="IWinograd.TransformInput"/>
internal readonly struct InputRows<TWinograd> : IRowTransform where TWinograd : struct, IWinogradGpu
{
    public static int From => TWinograd.InputTileSize;

    public static int To => TWinograd.InputTileSize;

    public static Row8 Apply(Row8 row) => TWinograd.TransformInput(row);
}

/// <inheritdoc cref="IWinograd.TransformOutput"/>
internal readonly struct OutputRows<TWinograd> : IRowTransform where TWinograd : struct, IWinogradGpu
{
    public static int From => TWinograd.InputTileSize;

    public static int To => TWinograd.OutputTileSize;

    public static Row8 Apply(Row8 row) => TWinograd.TransformOutput(row);
}

/// <inheritdoc cref="IWinograd.TransformOutputGradient"/>
internal readonly struct OutputGradientRows<TWinograd> : IRowTransform where TWinograd : struct, IWinogradGpu
{
    public static int From => TWinograd.OutputTileSize;

    public static int To => TWinograd.InputTileSize;

    public static Row8 Apply(Row8 row) => TWinograd.TransformOutputGradient(row);
}

/// <inheritdoc cref="IWinograd.TransformFilter"/>
internal readonly struct FilterRows<TWinograd> : IRowTransform where TWinograd : struct, IWinogradGpu
{
    public static int From => TWinograd.Taps;

    public static int To => TWinograd.InputTileSize;

    public static Row8 Apply(Row8 row) => TWinograd.TransformFilter(row);
}

/// <inheritdoc cref="IWinograd.TransformFilterGradient"/>
internal readonly struct FilterGradientRows<TWinograd> : IRowTransform where TWinograd : struct, IWinogradGpu
{
    public static int From => TWinograd.InputTileSize;

    public static int To => TWinograd.Taps;

    public static Row8 Apply(Row8 row) => TWinograd.TransformFilterGradient(row);
}
