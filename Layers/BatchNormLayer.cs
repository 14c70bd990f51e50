using System.Globalization;

namespace PyNetSharp.Layers;

/// <summary>
/// Normalizes each channel to mean 0 and variance 1 over the batch, then scales and shifts it; in evaluation mode with
/// the running statistics of training.
/// </summary>
/// <remarks>
/// PyTorch also counts batches, for cumulative averages (<c>momentum=None</c>). Those do not exist here, so there is no
/// <c>num_batches_tracked</c>; PyTorch loads a state without it.
/// </remarks>
/// <seealso href="https://arxiv.org/abs/1502.03167">Ioffe and Szegedy, 2015</seealso>
public abstract class BatchNormLayer : Module
{
    private readonly int rank;

    private protected BatchNormLayer(int rank, int channels, float eps, float momentum)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        if (momentum is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(
                nameof(momentum), FormattableString.Invariant($"{momentum}"), "A number from 0 to 1 was expected.");

        (this.rank, Eps, Momentum) = (rank, CheckEps(eps), momentum);
        Weight = new(Tensor.Full([channels], 1));
        Bias = new(Tensor.Zeros([channels]));
        RunningMean = new(Tensor.Zeros([channels]));
        RunningVar = new(Tensor.Full([channels], 1));
    }

    /// <summary>[channels], the scale; initially ones.</summary>
    public Parameter Weight { get; }

    /// <summary>[channels], the shift; initially zeros.</summary>
    public Parameter Bias { get; }

    /// <summary>[channels], initially zeros; each training step moves it towards the batch's mean.</summary>
    public ModuleBuffer RunningMean { get; }

    /// <summary>
    /// [channels], initially ones; each training step moves it towards the batch's unbiased variance.
    /// </summary>
    public ModuleBuffer RunningVar { get; }

    /// <summary>ε, added to the variance, so that a constant channel is not divided by zero.</summary>
    public float Eps { get; }

    /// <summary>
    /// m in running = (1 − m)·running + m·batch, from 0 to 1: PyTorch's convention, one minus that of Keras.
    /// </summary>
    public float Momentum { get; }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">
    /// The input has another rank or number of channels, or a training batch has one value per channel.
    /// </exception>
    protected override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank != rank)
        {
            var expected = rank == 2 ? "[n, c]" : "[n, c, h, w]";
            throw new ShapeException(
                $"{GetType().Name}: expected {expected}, got {x.Shape}; c is {Weight.Shape[0]}.");
        }

        return x.BatchNorm(RunningMean, RunningVar, Weight, Bias, Training, Momentum, Eps);
    }

    /// <inheritdoc/>
    protected override string Describe() =>
        $"{Weight.Shape[0]}, eps={FormatAsPython(Eps)}, momentum={FormatAsPython(Momentum)}, " +
        "affine=True, track_running_stats=True";

    /// <summary>A number as Python writes it: 1e-05.</summary>
    internal static string FormatAsPython(float value) =>
        value.ToString(value < 1e-4f ? "0.######e-00" : "0.0#######", CultureInfo.InvariantCulture);

    /// <summary>This ε, if it is a positive number.</summary>
    internal static float CheckEps(float eps) => float.IsFinite(eps) && eps > 0
        ? eps
        : throw new ArgumentOutOfRangeException(
            nameof(eps), FormattableString.Invariant($"{eps}"), "A positive number was expected.");
}

/// <summary>Batch normalization of features: [n, c].</summary>
/// <param name="channels">Features of an item; at least 1.</param>
/// <param name="eps">Added to the variance; positive.</param>
/// <param name="momentum">The weight of a new batch in the running statistics, from 0 to 1.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
public sealed class BatchNorm1d(int channels, float eps = 1e-5f, float momentum = 0.1f)
    : BatchNormLayer(2, channels, eps, momentum);

/// <summary>Batch normalization of images: [n, c, h, w], over all pixels of a channel.</summary>
/// <param name="channels">Channels of an image; at least 1.</param>
/// <param name="eps">Added to the variance; positive.</param>
/// <param name="momentum">The weight of a new batch in the running statistics, from 0 to 1.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
public sealed class BatchNorm2d(int channels, float eps = 1e-5f, float momentum = 0.1f)
    : BatchNormLayer(4, channels, eps, momentum);
