using System.Numerics.Tensors;

namespace PyNetSharp.Kernels;

/// <summary>
/// The rows of logits in a tensor [N, classes] or [N, classes, H, W]: contiguous in storage in both cases.
/// </summary>
internal static class LogitRows
{
    private const int GrainSize = 1 << 13;

    /// <exception cref="ShapeException">The tensor has another rank.</exception>
    public static Shape Infer(string op, Shape x) => x.Rank is 2 or 4
        ? x
        : throw new ShapeException($"{op}: {x} is neither [N, classes] nor [N, classes, H, W].");

    /// <summary>The shape without the classes: [N] or [N, H, W], in the order of the rows.</summary>
    public static Shape RowShape(Shape logits) => [logits[0], .. logits.AsSpan()[2..]];

    /// <exception cref="ShapeException">The logits are not [N, classes], or there is not one label per row.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is outside [0, classes).</exception>
    public static void CheckLabels(string op, Shape logits, ReadOnlySpan<int> labels)
    {
        if (logits.Rank != 2) throw new ShapeException($"{op}: {logits} is not [N, classes].");
        if (labels.Length != logits[0])
            throw new ShapeException($"{op}: {labels.Length} labels for logits of shape {logits}.");
        foreach (var label in labels)
            if ((uint)label >= (uint)logits[1])
                throw new ArgumentOutOfRangeException(
                    nameof(labels), FormattableString.Invariant($"{label}"),
                    $"{op}: a label outside 0 … {logits[1] - 1}, for logits of shape {logits}.");
    }

    /// <summary>The index of a row's maximum: the first of equals (0 and −0 are equal), or the first NaN.</summary>
    /// <param name="row">At least one logit.</param>
    public static int ArgMax(ReadOnlySpan<float> row) => row.IndexOf(TensorPrimitives.Max(row));

    /// <summary>The number of rows.</summary>
    public static int Count(Tensor x) => x.Shape.Size / Math.Max(1, x.Shape[1]);

    /// <summary>Calls (row number, start, length) for each row, on all of the device's threads.</summary>
    public static void ForEach(Tensor x, Action<int, int, int> row) => ForEach(x, new DelegateRow(row));

    /// <summary>As the other form, without a delegate: nothing is allocated.</summary>
    public static void ForEach<TRow>(Tensor x, TRow row) where TRow : struct, ILogitRow
    {
        var classes = Math.Max(1, x.Shape[1]);
        x.Cpu.ForRanges(Count(x), Math.Max(1, GrainSize / classes), new RowsBody<TRow>(row, classes));
    }

    private readonly struct RowsBody<TRow>(TRow row, int classes) : IRangeBody where TRow : struct, ILogitRow
    {
        public void Run(int first, int count)
        {
            for (var i = first; i < first + count; i++) row.Run(i, i * classes, classes);
        }
    }

    private readonly struct DelegateRow(Action<int, int, int> row) : ILogitRow
    {
        public void Run(int i, int start, int n) => row(i, start, n);
    }
}

/// <summary>What is computed of a row of logits.</summary>
internal interface ILogitRow
{
    /// <param name="i">The row's number.</param>
    /// <param name="start">The index of its first logit in storage.</param>
    /// <param name="n">The number of its logits.</param>
    void Run(int i, int start, int n);
}
