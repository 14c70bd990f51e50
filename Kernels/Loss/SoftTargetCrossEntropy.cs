namespace PyNetSharp.Kernels;

/// <summary>Cross-entropy against probabilities, composed of other ops.</summary>
internal static class SoftTargetCrossEntropy
{
    private const string Name = "CrossEntropy";

    public static Tensor Compute(
        Tensor logits, Tensor target, Tensor? weight, float labelSmoothing, LossReduction reduction)
    {
        ArgumentNullException.ThrowIfNull(target);
        LossOptions.Check(Name, reduction);
        LossOptions.CheckRange(Name, nameof(labelSmoothing), labelSmoothing, 0, 1);
        var shape = LogitRows.Infer(Name, logits.Shape);
        if (target.Shape != shape)
            throw new ShapeException($"{Name}: the target {target.Shape} is not of the logits' shape {shape}.");
        if (weight is not null) ClassTargets.CheckWeights(Name, shape, weight);

        using var likelihoods = new TemporaryTensor(logits.LogSoftmax());
        using var smooth = new TemporaryTensor(Smooth(target, labelSmoothing, shape[1]), borrowed: target);
        using var weighted = new TemporaryTensor(Weighted(smooth, weight, shape), borrowed: smooth);
        using var terms = new TemporaryTensor(likelihoods.Tensor * weighted.Tensor);
        using var sum = new TemporaryTensor(
            reduction == LossReduction.None ? terms.Tensor.Sum([1]) : terms.Tensor.Sum());
        return sum.Tensor * (reduction == LossReduction.Mean ? -1f / LogitRows.RowShape(shape).Size : -1);
    }

    private static Tensor Smooth(Tensor target, float labelSmoothing, int classes)
    {
        if (labelSmoothing == 0) return target;
        using var scaled = new TemporaryTensor(target * (1 - labelSmoothing));
        return scaled.Tensor + labelSmoothing / classes;
    }

    private static Tensor Weighted(Tensor target, Tensor? weight, Shape logits)
    {
        if (weight is null) return target;
        if (logits.Rank == 2) return target * weight;
        using var perPixel = new TemporaryTensor(weight.Reshape(weight.Shape[0], 1, 1));
        return target * perPixel.Tensor;
    }
}
