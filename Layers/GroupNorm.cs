namespace PyNetSharp.Layers;

/// <summary>
/// Normalizes the channels of each item in groups to mean 0 and variance 1, then scales and shifts each channel; the
/// same in training and in evaluation, and for any size of the batch.
/// </summary>
/// <seealso href="https://arxiv.org/abs/1803.08494">Wu and He, 2018</seealso>
public sealed class GroupNorm : Module
{
    /// <summary>Weights of ones and biases of zeros, as <c>torch.nn.GroupNorm</c>.</summary>
    /// <param name="groups">The number of groups; a divisor of the channels, at least 1.</param>
    /// <param name="channels">Channels of the input; at least 1.</param>
    /// <param name="eps">Added to the variance; positive.</param>
    /// <param name="affine">Whether there are a weight and a bias.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public GroupNorm(int groups, int channels, float eps = 1e-5f, bool affine = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        if (groups < 1 || channels % groups != 0)
            throw new ArgumentOutOfRangeException(
                nameof(groups), groups, FormattableString.Invariant($"A divisor of {channels} channels was expected."));
        (Groups, Channels, Eps) = (groups, channels, BatchNormLayer.CheckEps(eps));
        if (!affine) return;
        Weight = new(Tensor.Full([channels], 1));
        Bias = new(Tensor.Zeros([channels]));
    }

    /// <summary>The number of groups.</summary>
    public int Groups { get; }

    /// <summary>Channels of the input.</summary>
    public int Channels { get; }

    /// <summary>[channels], the scale, initially ones; or null.</summary>
    public Parameter? Weight { get; }

    /// <summary>[channels], the shift, initially zeros; or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>ε, added to the variance, so that a constant group is not divided by zero.</summary>
    public float Eps { get; }

    /// <param name="x">[n, channels, *]</param>
    /// <returns>Shaped like <paramref name="x"/>.</returns>
    /// <exception cref="ShapeException">The rank is less than 2, or there is another number of channels.</exception>
    protected override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank < 2 || x.Shape[1] != Channels)
            throw new ShapeException(
                FormattableString.Invariant($"GroupNorm: expected [n, {Channels}, *], got ") + $"{x.Shape}.");
        return x.GroupNorm(Groups, Weight, Bias, Eps);
    }

    /// <inheritdoc/>
    protected override string Describe() => FormattableString.Invariant($"{Groups}, {Channels}, ") +
        $"eps={BatchNormLayer.FormatAsPython(Eps)}, affine={Weight is not null}";
}
