using System.Globalization;

namespace PyNetSharp.Layers;

/// <summary>
/// Normalises each channel to mean 0 and variance 1 over the batch, then scales and shifts it; in evaluation with the
/// running statistics that training has gathered.
/// </summary>
/// <remarks>
/// PyTorch also counts batches, for averages that weigh all of them alike. Those do not exist here, so there is no
/// <c>num_batches_tracked</c>; PyTorch loads state without it.
/// </remarks>
/// <seealso href="https://arxiv.org/abs/1502.03167">Ioffe and Szegedy, 2015</seealso>
public abstract class BatchNormLayer : Module
{
    private readonly int rank;

    private protected BatchNormLayer(int rank, int channels, float eps, float momentum)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        if (!float.IsFinite(eps) || eps <= 0)
            throw new ArgumentOutOfRangeException(nameof(eps), FormattableString.Invariant($"{eps}"), "A positive number was expected.");
        if (momentum is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(momentum), FormattableString.Invariant($"{momentum}"), "A number from 0 to 1 was expected.");

        (this.rank, Eps, Momentum) = (rank, eps, momentum);
        Weight = new(Tensor.Full([channels], 1));
        Bias = new(Tensor.Zeros([channels]));
        RunningMean = new(Tensor.Zeros([channels]));
        RunningVar = new(Tensor.Full([channels], 1));
    }

    /// <summary>[channels], the scale; ones at first.</summary>
    public Parameter Weight { get; }

    /// <summary>[channels], the shift; zeros at first.</summary>
    public Parameter Bias { get; }

    /// <summary>[channels]; moves towards each batch's mean by <see cref="Momentum"/>.</summary>
    public ModuleBuffer RunningMean { get; }

    /// <summary>[channels]; moves towards each batch's unbiased variance by <see cref="Momentum"/>.</summary>
    public ModuleBuffer RunningVar { get; }

    /// <summary>Added to the variance, so that a constant channel is not divided by zero.</summary>
    public float Eps { get; }

    /// <summary>How far the running statistics move at each training step, from 0 to 1.</summary>
    public float Momentum { get; }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">
    /// The input has another rank or number of channels, or a training batch one value per channel.
    /// </exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank != rank)
            throw new ShapeException(
                $"{GetType().Name}: expected {(rank == 2 ? "[n, c]" : "[n, c, h, w]")}, got {x.Shape}; c is {Weight.Shape[0]}.");

        return x.BatchNorm(RunningMean, RunningVar, Weight, Bias, Training, Momentum, Eps);
    }

    /// <inheritdoc/>
    protected override string Describe() =>
        $"{Weight.Shape[0]}, eps={FormatAsPython(Eps)}, momentum={FormatAsPython(Momentum)}, affine=True, track_running_stats=True";

    /// <summary>A number as Python writes it: 1e-05.</summary>
    private static string FormatAsPython(float value) =>
        value.ToString(value < 1e-4f ? "0.######e-00" : "0.0#######", CultureInfo.InvariantCulture);
}

/// <summary>Batch normalisation of features: [n, c].</summary>
/// <param name="channels">Features of an item; at least 1.</param>
/// <param name="eps">Added to the variance; positive.</param>
/// <param name="momentum">How far the running statistics move at each step, from 0 to 1.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
public sealed class BatchNorm1d(int channels, float eps = 1e-5f, float momentum = 0.1f)
    : BatchNormLayer(2, channels, eps, momentum);

/// <summary>Batch normalisation of images: [n, c, h, w], over all pixels of a channel.</summary>
/// <param name="channels">Channels of an image; at least 1.</param>
/// <param name="eps">Added to the variance; positive.</param>
/// <param name="momentum">How far the running statistics move at each step, from 0 to 1.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
public sealed class BatchNorm2d(int channels, float eps = 1e-5f, float momentum = 0.1f)
    : BatchNormLayer(4, channels, eps, momentum);
