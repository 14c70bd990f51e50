using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The negative log-likelihood.</summary>
public static class NllLossExtensions
{
    extension(Tensor logProbabilities)
    {
        /// <summary>
        /// The negative log-likelihood of class labels, from logarithms of probabilities as <c>LogSoftmax</c> yields
        /// them: mean of −w[label]·x[label].
        /// </summary>
        /// <param name="labels">
        /// Class numbers, each in [0, classes) or <paramref name="ignoreIndex"/>: [N] for x of shape [N, classes],
        /// [N, H, W] for [N, classes, H, W].
        /// </param>
        /// <param name="weight">w: [classes], without a gradient; null for 1.</param>
        /// <param name="ignoreIndex">The label of rows that do not count: their loss and gradient are 0.</param>
        /// <param name="reduction">
        /// The mean is the sum divided by that of w[label] over the rows that count; or the sum, or all losses.
        /// </param>
        /// <returns>
        /// In nats: a scalar; a tensor of the labels' shape for <see cref="LossReduction.None"/>. The mean is NaN if no
        /// row counts.
        /// </returns>
        /// <exception cref="ShapeException">
        /// x is neither [N, classes] nor [N, classes, H, W], there is not one label per row, or the weights are not
        /// [classes].
        /// </exception>
        /// <exception cref="ArgumentOutOfRangeException">
        /// A label is outside [0, classes), or there is no such reduction.
        /// </exception>
        /// <exception cref="ArgumentException">The weights require a gradient, or are on another device.</exception>
        /// <remarks>x.LogSoftmax().NllLoss(labels) is x.CrossEntropy(labels), which needs less memory.</remarks>
        public Tensor NllLoss(
            Labels labels, Tensor? weight = null, int ignoreIndex = ClassTargets.DefaultIgnoreIndex,
            LossReduction reduction = LossReduction.Mean)
        {
            ArgumentNullException.ThrowIfNull(labels);
            return new NllLossOp(new(labels, weight, ignoreIndex), reduction).Apply(logProbabilities);
        }
    }
}

internal sealed class NllLossOp(ClassTargets targets, LossReduction reduction) : Op
{
    private const int BlockRows = 1 << 12;      // whose losses are added by one thread

    private Shape input = null!;
    private Tensor divisor = null!;             // [1]: the sum of the rows' weights, or 1

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        LossOptions.Check(Name, reduction);
        targets.Check(Name, x[0]);
        input = x[0].Shape;
        return reduction == LossReduction.None ? targets.Labels.Shape : [];
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        divisor = new([1], y.Device);
        if (y.IsOnCpu) ForwardOnCpu(x[0], y);
        else ForwardOnGpu(x[0], y);
        if (Needed(0)) Save(divisor);
        else divisor.Release();
        if (Needed(0) && targets.ClassWeights is { } weight) Save(weight);
    }

    private protected override void CheckSavedVersions()
    {
        base.CheckSavedVersions();
        if (!targets.AreUnchanged) throw ModifiedError($"a batch of {targets.Count} labels", "overwritten");
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = new Tensor(input, dy.Device);
        if (dx.IsOnCpu) BackwardOnCpu(dy, dx);
        else BackwardOnGpu(dy, dx);
        return [dx];
    }

    private void ForwardOnCpu(Tensor x, Tensor y)
    {
        var (rows, classes) = (targets.Count, input[1]);
        var sums = new (double Loss, double Weight)[(rows + BlockRows - 1) / BlockRows];
        x.Cpu.For(sums.Length, block =>
        {
            for (var row = block * BlockRows; row < Math.Min(rows, (block + 1) * BlockRows); row++)
            {
                var label = targets.LabelOf(row);
                var weight = targets.WeightOf(label);
                var loss = label < 0 ? 0 : -weight * x.Span[row * classes + label];
                if (reduction == LossReduction.None) y.Span[row] = loss;
                sums[block].Loss += loss;
                sums[block].Weight += weight;
            }
        });
        var total = reduction == LossReduction.Mean ? sums.Sum(sum => sum.Weight) : 1;
        divisor.Span[0] = (float)total;
        if (reduction != LossReduction.None) y.Span[0] = (float)(sums.Sum(sum => sum.Loss) / total);
    }

    private void BackwardOnCpu(Tensor dy, Tensor dx) => LogitRows.ForEach(dx, (i, start, n) =>
    {
        var row = dx.Span.Slice(start, n);
        row.Clear();
        var label = targets.LabelOf(i);
        if (label < 0) return;
        var gradient = reduction == LossReduction.None ? dy.Span[i] : dy.Span[0] / divisor.Span[0];
        row[label] = -targets.WeightOf(label) * gradient;
    });

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ForwardOnGpu(Tensor x, Tensor y)
    {
        using var losses = new TemporaryTensor(
            reduction == LossReduction.None ? y : new([targets.Count], x.Device), borrowed: y);
        using var weights = new TemporaryTensor([targets.Count], x.Device);
        x.Gpu.LaunchItems(targets.Count, new NllLossKernel(
            x.View, input[1], targets.View(x.Device, x.View), losses.Tensor.View, weights.Tensor.View));
        RowLosses.Reduce(losses, weights, reduction, divisor, y);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BackwardOnGpu(Tensor dy, Tensor dx) =>
        dx.Gpu.LaunchItems(dx.Shape.Size, new NllLossGradientKernel(
            new(dy.View, reduction == LossReduction.None ? 1 : 0, divisor.View),
            targets.View(dy.Device, dy.View), input[1], dx.View));
}

/// <summary>The loss and the weight of each row.</summary>
internal readonly struct NllLossKernel(
    ArrayView<float> x, int classes, ClassTargetsView targets, ArrayView<float> losses, ArrayView<float> weights)
    : IItemKernel
{
    public void Run(int row)
    {
        var label = targets.LabelOf(row);
        var weight = targets.WeightOf(label);
        var loss = 0f;
        if (label >= 0) loss = -weight * x[row * classes + label];
        losses[row] = loss;
        weights[row] = weight;
    }
}

/// <summary>dx = −g·w[label] at the label, 0 elsewhere.</summary>
internal readonly struct NllLossGradientKernel(
    RowGradient dy, ClassTargetsView targets, int classes, ArrayView<float> dx) : IItemKernel
{
    public void Run(int i)
    {
        int row = i / classes, c = i - row * classes, label = targets.LabelOf(row);
        var gradient = 0f;
        if (c == label) gradient = -targets.WeightOf(label) * dy.Of(row);
        dx[i] = gradient;
    }
}
