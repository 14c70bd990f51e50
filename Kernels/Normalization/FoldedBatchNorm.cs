namespace PyNetSharp.Kernels;

/// <summary>
/// The weight and the bias of a convolution or a linear layer that also computes the batch normalization after it.
/// </summary>
/// <remarks>
/// γ·((w·x + b) − μ)/√(σ² + ε) + β = (s·w)·x + (s·(b − μ) + β) with s = γ/√(σ² + ε), one per output. Both are computed
/// in double and rounded once.
/// </remarks>
internal sealed class FoldedBatchNorm : DerivedTensors
{
    private readonly Tensor weight, mean, variance;
    private readonly Tensor? bias, gamma, beta;
    private readonly float eps;

    private FoldedBatchNorm(
        Tensor weight, Tensor? bias, (Tensor Mean, Tensor Variance) statistics, Tensor? gamma, Tensor? beta, float eps)
        : base(
            [.. ((Tensor?[])[weight, bias, statistics.Mean, statistics.Variance, gamma, beta]).OfType<Tensor>()],
            [new(weight.Shape, weight.Device), new([weight.Shape[0]], weight.Device)])
    {
        (this.weight, this.bias, this.gamma, this.beta, this.eps) = (weight, bias, gamma, beta, eps);
        (mean, variance) = statistics;
    }

    /// <param name="next">The op after the product.</param>
    /// <param name="constants">Of the product: null, the weight (its first extent is the outputs), the bias.</param>
    /// <param name="nextConstants">Of the normalization: null, γ, β.</param>
    /// <returns>Null if it is none that can be folded.</returns>
    public static FoldedBatchNorm? Of(Op next, ReadOnlySpan<Tensor?> constants, ReadOnlySpan<Tensor?> nextConstants)
    {
        if (next is not BatchNormOp { FixedStatistics: { } statistics } norm) return null;
        if (constants[1] is not { } weight || constants[1..].Contains(null)) return null;
        var (gamma, beta) = nextConstants.Length > 1 ? (nextConstants[1], nextConstants[2]) : (null, null);
        return new(weight, constants.Length > 2 ? constants[2] : null, statistics, gamma, beta, norm.Eps);
    }

    protected override void Compute()
    {
        var (weights, biases) = (weight.ToArray(), bias?.ToArray());
        var (means, variances) = (mean.ToArray(), variance.ToArray());
        var (scales, shifts) = (gamma?.ToArray(), beta?.ToArray());
        var sums = new float[means.Length];
        var row = weights.Length / Math.Max(1, means.Length);
        for (var k = 0; k < means.Length; k++)
        {
            var scale = (scales?[k] ?? 1.0) / Math.Sqrt((double)variances[k] + eps);
            sums[k] = (float)(scale * ((biases?[k] ?? 0.0) - means[k]) + (shifts?[k] ?? 0.0));
            foreach (ref var w in weights.AsSpan(k * row, row)) w = (float)(scale * w);
        }

        Results[0].CopyFrom(weights);
        Results[1].CopyFrom(sums);
    }
}
