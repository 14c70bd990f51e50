using System.Text.Json;
using System.Text.Json.Serialization;

namespace PyNetSharp.Train;

/// <content>What a run does against overfitting; older files have none of these keys but the first.</content>
internal sealed partial record RunConfig
{
    /// <summary>As <see cref="Augmentations"/> writes it; null for none. Older files have true or false.</summary>
    [JsonConverter(typeof(AugmentConverter))]
    public required string? Augment { get; init; }

    /// <summary>Null for 0.</summary>
    public double? LabelSmoothing { get; init; }

    /// <summary>As <see cref="PyNetSharp.Training.Trainer.MaxGradientNorm"/>.</summary>
    public double? GradientClip { get; init; }

    /// <summary>The decay of the averaged weights; null for none.</summary>
    public double? Ema { get; init; }

    /// <summary>As <see cref="PyNetSharp.Training.Trainer.Patience"/>.</summary>
    public int? Patience { get; init; }

    private Regularization ToRegularization() => new()
    {
        Augment = Augment is null ? null : Augmentations.Parse(Augment),
        LabelSmoothing = LabelSmoothing ?? 0,
        GradientClip = GradientClip,
        Ema = Ema,
        Patience = Patience,
    };

    private RunConfig With(Regularization regularization) => this with
    {
        LabelSmoothing = regularization.LabelSmoothing == 0 ? null : regularization.LabelSmoothing,
        GradientClip = regularization.GradientClip,
        Ema = regularization.Ema,
        Patience = regularization.Patience,
    };

    /// <param name="path">The file, for the message.</param>
    /// <param name="check">Checks a number by its key.</param>
    /// <exception cref="InputException">A value is outside its range, or settings contradict each other.</exception>
    private void CheckRegularization(string path, Action<string, double?, SettingRange> check)
    {
        check("label_smoothing", LabelSmoothing, SettingRange.LabelSmoothing);
        check("gradient_clip", GradientClip, SettingRange.GradientClip);
        check("ema", Ema, SettingRange.Ema);
        check("patience", Patience, SettingRange.Positive);
        if (Patience is not null && (Validation ?? 0) == 0)
            throw new InputException($"'{path}': 'patience' is {Patience}; expected null where 'validation' is 0.");
        try
        {
            _ = Augment is null ? null : Augmentations.Parse(Augment);
        }
        catch (InputException fault)
        {
            throw new InputException($"'{path}': {fault.Message}", fault);
        }
    }

    /// <summary>Reads true as older files have it.</summary>
    internal sealed class AugmentConverter : JsonConverter<string?>
    {
        public override bool HandleNull => true;

        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType switch
            {
                JsonTokenType.True => Augmentations.Standard,
                JsonTokenType.False or JsonTokenType.Null => null,
                JsonTokenType.String => reader.GetString(),
                _ => throw new JsonException(),
            };

        public override void Write(Utf8JsonWriter writer, string? value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value);
    }
}
