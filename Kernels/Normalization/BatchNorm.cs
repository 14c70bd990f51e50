namespace PyNetSharp;

/// <summary>Batch normalisation.</summary>
public static class BatchNormExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// Normalises every channel: (x − mean) / √(variance + eps) · weight + bias, with the statistics of this batch in
        /// training and with the running ones otherwise.
        /// </summary>
        /// <param name="runningMean">[c]; in training it moves towards the batch's mean. Null: nothing is kept.</param>
        /// <param name="runningVariance">[c]; in training it moves towards the batch's unbiased variance.</param>
        /// <param name="weight">[c], or null for ones.</param>
        /// <param name="bias">[c], or null for zeros; given if and only if the weight is.</param>
        /// <param name="training">Whether the batch's statistics are used.</param>
        /// <param name="momentum">How far the running statistics move at each step, from 0 to 1.</param>
        /// <param name="eps">Added to the variance, so that a constant channel is not divided by zero; positive.</param>
        /// <returns>A tensor shaped like x, which is [n, c] or [n, c, h, w].</returns>
        /// <exception cref="ShapeException">
        /// x has another rank, another tensor is not [c], or in training there is only one value per channel.
        /// </exception>
        /// <exception cref="ArgumentException">Only one of a pair is given, or evaluation lacks running statistics.</exception>
        /// <exception cref="ArgumentOutOfRangeException">Momentum or eps is outside its range.</exception>
        /// <remarks>
        /// The batch's variance is the biased one. Its deviations are taken from means of pieces of the batch, so a mean far
        /// from zero does not swallow it. A batch of nothing leaves the running statistics as they are. What is kept
        /// for the gradient is x and two numbers per channel.
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

internal sealed partial class BatchNormOp : Op
{
    private readonly Tensor? runningMean, runningVariance;
    private readonly bool training;
    private readonly float momentum, eps;
    private Tensor x = null!, mean = null!, invStd = null!;      // scale: 1 / √(variance + eps)
    private Tensor? weight;

    public BatchNormOp(Tensor? runningMean, Tensor? runningVariance, bool training, float momentum, float eps)
    {
        if (momentum is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(momentum), FormattableString.Invariant($"{momentum}"), "BatchNorm: momentum must be from 0 to 1.");
        if (!float.IsFinite(eps) || eps <= 0)
            throw new ArgumentOutOfRangeException(nameof(eps), FormattableString.Invariant($"{eps}"), "BatchNorm: eps must be a positive number.");
        if (runningMean is null != runningVariance is null)
            throw new ArgumentException("BatchNorm: running mean and variance are given together or not at all.");
        if (runningMean is null && !training)
            throw new ArgumentException("BatchNorm: without running statistics there is only training.", nameof(runningMean));

        (this.runningMean, this.runningVariance) = (runningMean, runningVariance);
        (this.training, this.momentum, this.eps) = (training, momentum, eps);
    }

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        var shape = x[0].Shape;
        if (shape.Rank is not (2 or 4)) throw new ShapeException($"BatchNorm: expected N×C or N×C×H×W, got {shape}.");
        Tensor?[] others = [x.Length > 1 ? x[1] : null, x.Length > 1 ? x[2] : null, runningMean, runningVariance];
        if (others.Any(tensor => tensor is not null && (tensor.Rank != 1 || tensor.Shape[0] != shape[1])))
            throw new ShapeException(
                $"BatchNorm: an input {shape} needs [{shape[1]}] for each of weight {Show(others[0])}, bias {Show(others[1])}, " +
                $"running mean {Show(others[2])} and running variance {Show(others[3])}.");
        if (training && shape[1] > 0 && shape.Size / shape[1] == 1)
            throw new ShapeException($"BatchNorm: training needs more than one value per channel, got {shape}.");
        return shape;

        static string Show(Tensor? tensor) => tensor is null ? "(none)" : $"{tensor.Shape}";
    }

    protected override void Forward(ReadOnlySpan<Tensor> inputs, Tensor y)
    {
        x = Save(inputs[0]);
        weight = inputs.Length > 1 ? Save(inputs[1]) : null;
        (mean, invStd) = (Save(ChannelTensor()), Save(ChannelTensor()));

        var bias = inputs.Length > 1 ? inputs[2] : null;
        if (training && Rows == 0)
        {
            foreach (var statistic in (Tensor[])[mean, invStd]) x.Device.Fill(statistic.Storage, Channels, 0);
        }
        else if (!y.IsOnCpu)
        {
            ForwardOnGpu(bias, y);
        }
        else
        {
            if (training) ComputeBatchStatistics();
            else LoadRunningStatistics();
            Normalize(bias, y);
        }

        if (IsRecorded) return;
        mean.Release();
        invStd.Release();
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var (bySum, byProduct) = (ChannelTensor(), ChannelTensor());      // Σdy and Σdy·x̂: the gradients of bias and weight
        var dx = Needed(0) ? new Tensor(x.Shape, x.Device) : null;
        if (!dy.IsOnCpu)
        {
            BackwardOnGpu(dy, bySum, byProduct, dx);
        }
        else
        {
            BackwardReduce(dy, bySum, byProduct);
            if (dx is not null) BackwardElementwise(dy, bySum, byProduct, dx);
        }

        if (weight is not null) return [dx, byProduct, bySum];

        bySum.Release();
        byProduct.Release();
        return [dx];
    }

    private Tensor ChannelTensor() => new([x.Shape[1]], x.Device);
}
