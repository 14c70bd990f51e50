using System.CommandLine;

namespace PyNetSharp.Train;

/// <summary>The options against overfitting and steps that are too large.</summary>
internal sealed class RegularizationOptions
{
    private readonly Option<string?> augment = CheckedOption.OptionalText(
        "--augment", "LIST",
        "Random changes of training images: flip, crop, rotate, jitter, cutout, randaugment, mixup. Without a list: " +
        "random crop with padding 4, for color also horizontal flip with p = 0.5.",
        Augmentations.Standard, [.. Augmentations.Names]);

    private readonly Option<double?> labelSmoothing = CheckedOption.Number(
        "--label-smoothing", "E", "Spread a share E of each label over all classes. Default: 0.",
        SettingRange.LabelSmoothing);

    private readonly Option<double?> gradientClip = CheckedOption.Number(
        "--gradient-clip", "NORM", "Scale a step's gradients down to this norm.",
        SettingRange.GradientClip);

    private readonly Option<double?> ema = CheckedOption.Number(
        "--ema", "DECAY", "Evaluate and save a moving average of the weights, as 0.999.", SettingRange.Ema);

    private readonly Option<int?> patience = CheckedOption.Integer(
        "--patience", "Stop when the validation accuracy has not improved for N epochs.");

    /// <summary>Belongs to the data.</summary>
    public Option Augment => augment;

    /// <summary>Those that belong to the training.</summary>
    public Option[] OfTraining => [labelSmoothing, gradientClip, ema, patience];

    /// <summary>Whether training may stop early.</summary>
    public bool HasPatience(ParseResult parse) => parse.GetValue(patience) is not null;

    /// <summary>What the command line says.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="validation">As <see cref="PyNetSharp.Models.Recipe.Validation"/>.</param>
    /// <param name="basis">What holds where the command line says nothing; null for nothing.</param>
    /// <exception cref="InputException">An augmentation is unknown, or options contradict each other.</exception>
    public Regularization Read(ParseResult parse, double validation, Regularization? basis = null)
    {
        var epochs = parse.GetValue(patience) ?? basis?.Patience;
        if (epochs is not null && validation == 0)
            throw new InputException(
                $"{patience.Name} {epochs} needs validation images, but --validation is 0: test images that decide " +
                "when to stop no longer measure what a network does on new ones.");
        return new()
        {
            Augment = ReadList(parse) is { } list ? Augmentations.Parse(list) : basis?.Augment,
            LabelSmoothing = parse.GetValue(labelSmoothing) ?? basis?.LabelSmoothing ?? 0,
            GradientClip = parse.GetValue(gradientClip) ?? basis?.GradientClip,
            Ema = parse.GetValue(ema) ?? basis?.Ema,
            Patience = epochs,
        };
    }

    /// <summary>A resuming run's settings, with the patience of the command line.</summary>
    public RunConfig Apply(RunConfig config, ParseResult parse) =>
        config with { Patience = parse.GetValue(patience) ?? config.Patience };

    /// <summary>Adds the settings that would change a run's result.</summary>
    public void Compare(SettingsComparison found, RunConfig config)
    {
        found.Add(augment, config.Augment, text => Augmentations.Parse(text ?? Augmentations.Standard).ToString());
        found.Add(labelSmoothing, config.LabelSmoothing ?? 0);
        found.Add(gradientClip, config.GradientClip);
        found.Add(ema, config.Ema);
    }

    private string? ReadList(ParseResult parse) => parse.GetResult(augment) is { Implicit: false }
        ? parse.GetValue(augment) ?? Augmentations.Standard
        : null;
}
