using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Batch normalization.</summary>
public static class BatchNormExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// Normalizes every channel: (x − mean) / √(variance + eps) · weight + bias, with the statistics of this batch
        /// in training and with the running statistics otherwise.
        /// </summary>
        /// <param name="runningMean">[C]; in training it moves toward the mean of the batch. Null for none.</param>
        /// <param name="runningVariance">[C]; in training it moves toward the unbiased variance of the batch.</param>
        /// <param name="weight">[C], or null for ones.</param>
        /// <param name="bias">[C], or null for zeros; given if and only if the weight is.</param>
        /// <param name="training">Whether the statistics of the batch are used.</param>
        /// <param name="momentum">The weight of the batch in the running statistics, from 0 to 1.</param>
        /// <param name="eps">
        /// Added to the variance, so that a constant channel is not divided by zero; positive.
        /// </param>
        /// <returns>A tensor shaped like x, which is [N, C] or [N, C, H, W].</returns>
        /// <exception cref="ShapeException">
        /// x has another rank, another tensor is not [C], or training has only one value per channel.
        /// </exception>
        /// <exception cref="ArgumentException">
        /// Only one of a pair is given, or evaluation has no running statistics.
        /// </exception>
        /// <exception cref="ArgumentOutOfRangeException">Momentum or eps is outside its range.</exception>
        /// <remarks>
        /// The output is normalized by the biased variance. Deviations are taken from the means of blocks of rows, so a
        /// mean that is far from zero costs no accuracy. An empty batch leaves the running statistics as they are.
        /// Backward reads x and two numbers per channel.
        /// </remarks>
        /// <seealso href="https://arxiv.org/abs/1502.03167">Ioffe and Szegedy, 2015, algorithm 1</seealso>
        public Tensor BatchNorm(
            Tensor? runningMean, Tensor? runningVariance, Tensor? weight = null, Tensor? bias = null,
            bool training = false, float momentum = 0.1f, float eps = 1e-5f)
        {
            var op = new BatchNormOp(runningMean, runningVariance, training, momentum, eps);
            return (weight, bias) switch
            {
                (null, null) => op.Apply(x),
                ({ }, { }) => op.Apply(x, weight, bias),
                _ => throw new ArgumentException("BatchNorm: weight and bias are given together or not at all."),
            };
        }
    }
}

internal sealed class BatchNormOp : Op
{
    private readonly Tensor? runningMean, runningVariance;
    private readonly bool training;
    private readonly float momentum, eps;
    private Tensor x = null!, mean = null!, invStd = null!;     // invStd [C]: 1 / √(variance + eps)
    private Tensor? weight;

    public BatchNormOp(Tensor? runningMean, Tensor? runningVariance, bool training, float momentum, float eps)
    {
        if (momentum is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(
                nameof(momentum), FormattableString.Invariant($"{momentum}"),
                "BatchNorm: momentum must be from 0 to 1.");
        if (!float.IsFinite(eps) || eps <= 0)
            throw new ArgumentOutOfRangeException(
                nameof(eps), FormattableString.Invariant($"{eps}"),
                "BatchNorm: eps must be a positive number.");
        if (runningMean is null != runningVariance is null)
            throw new ArgumentException("BatchNorm: running mean and variance are given together or not at all.");
        if (runningMean is null && !training)
            throw new ArgumentException("BatchNorm: evaluation needs running statistics.", nameof(runningMean));

        (this.runningMean, this.runningVariance) = (runningMean, runningVariance);
        (this.training, this.momentum, this.eps) = (training, momentum, eps);
    }

    /// <summary>The running statistics that it normalizes with; null in training.</summary>
    public (Tensor Mean, Tensor Variance)? FixedStatistics => training ? null : (runningMean!, runningVariance!);

    public float Eps => eps;

    /// <summary>N or N·H·W: in storage, both shapes are rows of channels.</summary>
    internal static int RowCount(Tensor x) => x.Shape[1] == 0 ? 0 : x.Shape.Size / x.Shape[1];

    protected internal override bool IsPure => !training;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        var shape = x[0].Shape;
        if (shape.Rank is not (2 or 4)) throw new ShapeException($"BatchNorm: expected N×C or N×C×H×W, got {shape}.");
        Tensor?[] others = [x.Length > 1 ? x[1] : null, x.Length > 1 ? x[2] : null, runningMean, runningVariance];
        if (others.Any(tensor => tensor is not null && (tensor.Rank != 1 || tensor.Shape[0] != shape[1])))
            throw new ShapeException(
                $"BatchNorm: an input {shape} needs [{shape[1]}] for each of weight {Show(others[0])}, " +
                $"bias {Show(others[1])}, running mean {Show(others[2])} and running variance {Show(others[3])}.");
        if (training && shape[1] > 0 && shape.Size / shape[1] == 1)
            throw new ShapeException($"BatchNorm: training needs more than one value per channel, got {shape}.");
        return shape;

        static string Show(Tensor? tensor) => tensor is null ? "(none)" : $"{tensor.Shape}";
    }

    protected override void Forward(ReadOnlySpan<Tensor> inputs, Tensor y)
    {
        x = Save(inputs[0]);
        weight = inputs.Length > 1 ? Save(inputs[1]) : null;
        var bias = inputs.Length > 1 ? inputs[2] : null;
        if (!IsRecorded && !training && x.IsOnCpu)
        {
            BatchNormCpu.Evaluate(x, runningMean!, runningVariance!, weight, bias, eps, y);
            return;
        }

        (mean, invStd) = (Save(ChannelTensor()), Save(ChannelTensor()));

        if (training && RowCount(x) == 0)
        {
            foreach (var statistic in (Tensor[])[mean, invStd]) x.Device.Fill(statistic.Storage, x.Shape[1], 0);
        }
        else
        {
            var kernels = CreateKernels();
            if (training) kernels.ComputeBatchStatistics(runningMean, runningVariance, momentum, eps);
            else kernels.LoadRunningStatistics(runningMean!, runningVariance!, eps);
            kernels.Normalize(bias, y);
        }

        if (IsRecorded) return;
        mean.Release();
        invStd.Release();
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x)
    {
        if (training) throw new NotSupportedException("BatchNorm normalizes with the statistics of the batch.");
        var (mean, variance) = (graph.Of(runningMean!), graph.Of(runningVariance!));
        var (weight, bias) = x.Length > 1 ? (x[1], x[2]) : (Vector(1), Vector(0));
        return graph.Add("BatchNormalization", [x[0], weight, bias, mean, variance], ("epsilon", eps));

        OnnxValue Vector(float value)
        {
            var channels = runningMean!.Shape[0];
            return OnnxValue.Constant([channels], [.. Enumerable.Repeat(value, channels)]);
        }
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var (sumDy, sumDyXhat) = (ChannelTensor(), ChannelTensor());        // the gradients of bias and weight
        var dx = Needed(0) ? new Tensor(x.Shape, x.Device) : null;
        var kernels = CreateKernels();
        kernels.BackwardReduce(dy, sumDy, sumDyXhat);
        if (dx is not null) kernels.BackwardElementwise(dy, sumDy, sumDyXhat, training, dx);
        if (weight is not null) return [dx, sumDyXhat, sumDy];

        sumDy.Release();
        sumDyXhat.Release();
        return [dx];
    }

    private IBatchNorm CreateKernels() =>
        x.IsOnCpu ? new BatchNormCpu(x, mean, invStd, weight) : new BatchNormGpu(x, mean, invStd, weight);

    private Tensor ChannelTensor() => new([x.Shape[1]], x.Device);
}

/// <summary>The passes of batch normalization on one kind of device.</summary>
/// <remarks>
/// An implementation is made for one x, [N, C] or [N, C, H, W], with mean and invStd (1 / √(variance + eps)), each [C],
/// and the weight, [C] or null for ones. x̂ = (x − mean)·invStd. Sums are over all rows of a channel: N of them, or
/// N·H·W.
/// </remarks>
internal interface IBatchNorm
{
    /// <summary>
    /// Fills mean and invStd with the statistics of x; the running statistics, if there are any, move toward them.
    /// </summary>
    void ComputeBatchStatistics(Tensor? runningMean, Tensor? runningVariance, float momentum, float eps);

    /// <summary>Fills mean and invStd from the running statistics.</summary>
    void LoadRunningStatistics(Tensor runningMean, Tensor runningVariance, float eps);

    /// <summary>y = (x − mean)·invStd·weight + bias</summary>
    void Normalize(Tensor? bias, Tensor y);

    /// <summary>Fills the sums of dy and of dy·x̂, each [C].</summary>
    void BackwardReduce(Tensor dy, Tensor sumDy, Tensor sumDyXhat);

    /// <summary>
    /// dx = invStd·weight·(dy − sumDy/rows − x̂·sumDyXhat/rows) in training. Otherwise mean and invStd do not depend on
    /// x, and dx = invStd·weight·dy.
    /// </summary>
    void BackwardElementwise(Tensor dy, Tensor sumDy, Tensor sumDyXhat, bool training, Tensor dx);
}
