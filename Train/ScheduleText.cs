using System.Globalization;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>A learning-rate schedule as the command line and <c>config.json</c> write it.</summary>
internal static class ScheduleText
{
    /// <summary>The schedule that a text describes.</summary>
    /// <param name="text"><c>none</c>, <c>step:SIZE:GAMMA</c> or <c>cosine[:WARMUP]</c>.</param>
    /// <param name="epochs">The epochs of the training.</param>
    /// <exception cref="InputException">It is none of those, or does not fit into the training.</exception>
    public static EpochSchedule Parse(string text, int epochs) => text.Split(':') switch
    {
        ["none"] => new ConstantSchedule(),
        ["step", var size, var gamma]
            when ParseInteger(size) is >= 1 and var stage && ParseNumber(gamma) is > 0 and <= 1 and var factor =>
            new StepSchedule(stage, factor),
        ["cosine"] => new CosineSchedule(),
        ["cosine", [.. var share, '%']] when ParseNumber(share) is >= 0 and < 100 and var percent =>
            new CosinePercentSchedule(percent),
        ["cosine", var warmup] when ParseInteger(warmup) is >= 0 and var count && count < epochs =>
            new CosineSchedule(count),
        _ => throw new InputException(
            $"schedule '{text}': expected none, step:SIZE:GAMMA (epochs, from 1 up; a factor above 0 and up to 1) or " +
            $"cosine[:WARMUP] (epochs, fewer than the {epochs} of the training; or a share of it, as in cosine:20%)."),
    };

    /// <summary>The text that <see cref="Parse"/> reads as this schedule.</summary>
    public static string Format(EpochSchedule schedule) => schedule switch
    {
        ConstantSchedule => "none",
        StepSchedule(var size, var gamma) => FormattableString.Invariant($"step:{size}:{gamma}"),
        CosineSchedule(0) => "cosine",
        CosineSchedule(var warmup) => FormattableString.Invariant($"cosine:{warmup}"),
        CosinePercentSchedule(var percent) => FormattableString.Invariant($"cosine:{percent}%"),
        _ => throw new NotSupportedException($"{schedule.GetType().Name} has no text."),
    };

    private static int? ParseInteger(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;

    private static double? ParseNumber(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var x) ? x : null;
}
