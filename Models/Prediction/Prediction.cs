using System.Numerics.Tensors;

namespace PyNetSharp.Models;

/// <summary>What a classifier says of one image.</summary>
public sealed class Prediction
{
    private readonly float[] logits;
    private readonly double[] probabilities;

    internal Prediction(float[] logits, IReadOnlyList<string> classNames)
    {
        (this.logits, ClassNames) = (logits, classNames);
        probabilities = new double[logits.Length];
        var max = TensorPrimitives.Max(logits);
        for (var k = 0; k < logits.Length; k++) probabilities[k] = Math.Exp((double)logits[k] - max);
        var sum = probabilities.Sum();
        for (var k = 0; k < logits.Length; k++) probabilities[k] /= sum;
    }

    /// <summary>The names of the classes, in the order of the outputs.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The network's outputs, one per class.</summary>
    public ReadOnlySpan<float> Logits => logits;

    /// <summary>Their softmax: one per class, with sum 1; all NaN if a logit is.</summary>
    public ReadOnlySpan<double> Probabilities => probabilities;

    /// <summary>The most probable class, the first of equals; null if a logit is NaN.</summary>
    public int? Label => double.IsNaN(probabilities[0]) ? null : Ranked(1)[0];

    /// <summary>The name of the most probable class; null if a logit is NaN.</summary>
    public string? ClassName => Label is { } label ? ClassNames[label] : null;

    /// <summary>The most probable classes, the most probable first; of equals, the first.</summary>
    /// <param name="count">How many, at least 1; all, if there are fewer.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is not positive.</exception>
    public IReadOnlyList<(string ClassName, double Probability)> Top(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return [.. Ranked(count).Select(k => (ClassNames[k], probabilities[k]))];
    }

    /// <summary>"cat 93.1 %"</summary>
    public override string ToString() => Label is { } label
        ? FormattableString.Invariant($"{ClassNames[label]} {100 * probabilities[label]:0.0} %")
        : "NaN";

    /// <summary>By logits: probabilities of different ones may be equal.</summary>
    private int[] Ranked(int count) =>
        [.. Enumerable.Range(0, logits.Length).OrderByDescending(k => logits[k]).Take(count)];
}
