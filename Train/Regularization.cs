namespace PyNetSharp.Train;

/// <summary>What a run does against overfitting and steps that are too large, beside its recipe.</summary>
internal sealed record Regularization
{
    /// <summary>Random changes of the training items; null for none.</summary>
    public Augmentations? Augment { get; init; }

    /// <summary>The share of a label's probability that is spread over all classes, in training alone.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>As <see cref="PyNetSharp.Training.Trainer.MaxGradientNorm"/>.</summary>
    public double? GradientClip { get; init; }

    /// <summary>The decay of the averaged weights; null for none.</summary>
    public double? Ema { get; init; }

    /// <summary>As <see cref="PyNetSharp.Training.Trainer.Patience"/>.</summary>
    public int? Patience { get; init; }

    /// <summary>As one line lists them, without the augmentation; null where there is none.</summary>
    public string? Describe()
    {
        string?[] facts =
        [
            LabelSmoothing == 0 ? null : $"label smoothing {NumberFormatting.Number(LabelSmoothing)}",
            GradientClip is { } norm ? $"gradient norm up to {NumberFormatting.Number(norm)}" : null,
            Ema is { } decay ? $"averaged weights (EMA {NumberFormatting.Number(decay)})" : null,
            Patience is { } epochs ? $"patience {epochs}" : null,
        ];
        return facts.All(fact => fact is null) ? null : string.Join(", ", facts.Where(fact => fact is not null));
    }
}
