using System.Numerics.Tensors;

namespace PyNetSharp.Kernels;

/// <summary>The rows of scores in a tensor [batch, classes] or [n, classes, h, w]: contiguous in storage in both cases.</summary>
internal static class LogitRows
{
    private const int GrainSize = 1 << 13;

    /// <exception cref="ShapeException">The tensor has another rank.</exception>
    public static Shape Infer(string op, Shape x) => x.Rank is 2 or 4
        ? x
        : throw new ShapeException($"{op}: {x} is neither [batch, classes] nor [n, classes, h, w].");

    /// <exception cref="ShapeException">The scores are not [batch, classes], or there is not one label per row.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is no class number.</exception>
    public static void CheckLabels(string op, Shape scores, ReadOnlySpan<int> labels)
    {
        if (scores.Rank != 2) throw new ShapeException($"{op}: {scores} is not [batch, classes].");
        if (labels.Length != scores[0]) throw new ShapeException($"{op}: {labels.Length} labels for scores of shape {scores}.");
        foreach (var label in labels)
            if ((uint)label >= (uint)scores[1])
                throw new ArgumentOutOfRangeException(nameof(labels), FormattableString.Invariant($"{label}"), $"{op}: a label outside 0 … {scores[1] - 1}, for scores of shape {scores}.");
    }

    /// <summary>Where a row's highest score is: the first of equals (0 and −0 are), or the first NaN.</summary>
    /// <param name="row">At least one score.</param>
    public static int ArgMax(ReadOnlySpan<float> row) => row.IndexOf(TensorPrimitives.Max(row));

    /// <summary>How many rows there are.</summary>
    public static int Count(Tensor x) => x.Shape.Size / Math.Max(1, x.Shape[1]);

    /// <summary>Calls (row number, start, length) for each row, on all threads.</summary>
    public static void ForEach(Tensor x, Action<int, int, int> row)
    {
        var classes = Math.Max(1, x.Shape[1]);
        x.Cpu.ForRanges(Count(x), Math.Max(1, GrainSize / classes), (first, count) =>
        {
            for (var i = first; i < first + count; i++) row(i, i * classes, classes);
        });
    }
}
