namespace PyNetSharp.Layers;

/// <summary>
/// Normalizes each item to mean 0 and variance 1 over its last axes, then scales and shifts each element; the same in
/// training and in evaluation.
/// </summary>
/// <seealso href="https://arxiv.org/abs/1607.06450">Ba, Kiros and Hinton, 2016</seealso>
public sealed class LayerNorm : Module
{
    /// <summary>Weights of ones and biases of zeros, as <c>torch.nn.LayerNorm</c>.</summary>
    /// <param name="normalizedShape">The last extents of the input; at least one, each at least 1.</param>
    /// <param name="eps">Added to the variance; positive.</param>
    /// <param name="elementwiseAffine">Whether there are a weight and a bias.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public LayerNorm(Shape normalizedShape, float eps = 1e-5f, bool elementwiseAffine = true)
    {
        ArgumentNullException.ThrowIfNull(normalizedShape);
        if (normalizedShape.Rank == 0 || normalizedShape.Size == 0)
            throw new ArgumentOutOfRangeException(
                nameof(normalizedShape), normalizedShape, "At least one extent was expected, and none of 0.");
        (NormalizedShape, Eps) = (normalizedShape, BatchNormLayer.CheckEps(eps));
        if (!elementwiseAffine) return;
        Weight = new(Tensor.Full(normalizedShape, 1));
        Bias = new(Tensor.Zeros(normalizedShape));
    }

    /// <summary>Over the last axis.</summary>
    /// <param name="features">The extent of the last axis; at least 1.</param>
    /// <param name="eps">Added to the variance; positive.</param>
    /// <param name="elementwiseAffine">Whether there are a weight and a bias.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public LayerNorm(int features, float eps = 1e-5f, bool elementwiseAffine = true)
        : this([CheckPositive(features)], eps, elementwiseAffine)
    {
    }

    /// <summary>The extents over which the statistics are taken.</summary>
    public Shape NormalizedShape { get; }

    /// <summary>Of the normalized shape, the scale, initially ones; or null.</summary>
    public Parameter? Weight { get; }

    /// <summary>Of the normalized shape, the shift, initially zeros; or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>ε, added to the variance, so that a constant item is not divided by zero.</summary>
    public float Eps { get; }

    /// <param name="x">[*, normalized shape]</param>
    /// <returns>Shaped like <paramref name="x"/>.</returns>
    /// <exception cref="ShapeException">The input does not end in the normalized shape.</exception>
    protected override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.LayerNorm(NormalizedShape, Weight, Bias, Eps);
    }

    /// <inheritdoc/>
    protected override string Describe() =>
        $"({string.Join(", ", NormalizedShape)}{(NormalizedShape.Rank == 1 ? "," : "")}), " +
        $"eps={BatchNormLayer.FormatAsPython(Eps)}, elementwise_affine={Weight is not null}";

    private static int CheckPositive(int features)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(features);
        return features;
    }
}
