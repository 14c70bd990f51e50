using System.Globalization;
using PyNetSharp.Training;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Train;

/// <summary>A learning-rate schedule as the command line and <c>config.json</c> write it.</summary>
internal static class ScheduleText
{
    /// <summary>The schedule that a text describes.</summary>
    /// <param name="text">
    /// <c>none</c>, <c>step:SIZE:GAMMA</c>, <c>exponential:GAMMA</c>, <c>polynomial[:POWER]</c>,
    /// <c>cosine[:WARMUP]</c>, <c>onecycle[:RISE%]</c> or <c>plateau[:FACTOR:PATIENCE]</c>; before it
    /// <c>warmup:WARMUP,</c> if need be.
    /// </param>
    /// <param name="epochs">The epochs of the training.</param>
    /// <exception cref="InputException">It is none of those, or does not fit into the training.</exception>
    public static EpochSchedule Parse(string text, int epochs)
    {
        var schedule = text.Split(',') switch
        {
            [var only] => ParseOne(only, epochs),
            // A cosine with a warm-up of its own would have two.
            [var first, var rest] when !rest.StartsWith("cosine:", StringComparison.Ordinal) =>
                ParseOne(rest, epochs) is { } after ? ParseWarmup(first, after, epochs) : null,
            _ => null,
        };
        return schedule ?? throw new InputException(
            $"schedule {Quote(text)}: expected none, " +
            "step:SIZE:GAMMA (epochs, from 1 up; a factor above 0 and up to 1), " +
            "exponential:GAMMA (such a factor for every epoch), polynomial[:POWER] (above 0 and up to 10), " +
            $"cosine[:WARMUP] (epochs, fewer than the {epochs} of the training; or a share of it, as in cosine:20%), " +
            "onecycle[:RISE%] (from 0 to 100) or plateau[:FACTOR:PATIENCE] (above 0 and below 1; epochs, from 0 up); " +
            "before any but a cosine with a warm-up also warmup:WARMUP, as in warmup:5%,step:30:0.1.");
    }

    /// <summary>The text that <see cref="Parse"/> reads as this schedule.</summary>
    public static string Format(EpochSchedule schedule) => schedule switch
    {
        ConstantSchedule => "none",
        StepSchedule(var size, var gamma) => FormattableString.Invariant($"step:{size}:{gamma}"),
        ExponentialSchedule(var gamma) => FormattableString.Invariant($"exponential:{gamma}"),
        PolynomialSchedule(1) => "polynomial",
        PolynomialSchedule(var power) => FormattableString.Invariant($"polynomial:{power}"),
        CosineSchedule(0) => "cosine",
        CosineSchedule(var warmup) => FormattableString.Invariant($"cosine:{warmup}"),
        CosinePercentSchedule(var percent) => FormattableString.Invariant($"cosine:{percent}%"),
        OneCycleSchedule(30) => "onecycle",
        OneCycleSchedule(var percent) => FormattableString.Invariant($"onecycle:{percent}%"),
        PlateauSchedule(0.1, 10) => "plateau",
        PlateauSchedule(var factor, var patience) => FormattableString.Invariant($"plateau:{factor}:{patience}"),
        WarmupSchedule(var epochs, var after) => FormattableString.Invariant($"warmup:{epochs},{Format(after)}"),
        WarmupPercentSchedule(var percent, var after) =>
            FormattableString.Invariant($"warmup:{percent}%,{Format(after)}"),
        _ => throw new NotSupportedException($"{schedule.GetType().Name} has no text."),
    };

    private static EpochSchedule? ParseOne(string text, int epochs) => text.Split(':') switch
    {
        ["none"] => new ConstantSchedule(),
        ["step", var size, var gamma]
            when ParseInteger(size) is >= 1 and var stage && ParseNumber(gamma) is > 0 and <= 1 and var factor =>
            new StepSchedule(stage, factor),
        ["exponential", var gamma] when ParseNumber(gamma) is > 0 and <= 1 and var factor =>
            new ExponentialSchedule(factor),
        ["polynomial"] => new PolynomialSchedule(),
        ["polynomial", var power] when ParseNumber(power) is > 0 and <= 10 and var exponent =>
            new PolynomialSchedule(exponent),
        ["cosine"] => new CosineSchedule(),
        ["cosine", [.. var share, '%']] when ParseNumber(share) is >= 0 and < 100 and var percent =>
            new CosinePercentSchedule(percent),
        ["cosine", var warmup] when ParseInteger(warmup) is >= 0 and var count && count < epochs =>
            new CosineSchedule(count),
        ["onecycle"] => new OneCycleSchedule(),
        ["onecycle", [.. var share, '%']] when ParseNumber(share) is >= 0 and <= 100 and var percent =>
            new OneCycleSchedule(percent),
        ["plateau"] => new PlateauSchedule(),
        ["plateau", var factor, var patience]
            when ParseNumber(factor) is > 0 and < 1 and var times && ParseInteger(patience) is >= 0 and var count =>
            new PlateauSchedule(times, count),
        _ => null,
    };

    private static EpochSchedule? ParseWarmup(string text, EpochSchedule after, int epochs) => text.Split(':') switch
    {
        ["warmup", [.. var share, '%']] when ParseNumber(share) is >= 0 and < 100 and var percent =>
            new WarmupPercentSchedule(percent, after),
        ["warmup", var warmup] when ParseInteger(warmup) is >= 0 and var count && count < epochs =>
            new WarmupSchedule(count, after),
        _ => null,
    };

    private static int? ParseInteger(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;

    private static double? ParseNumber(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var x) ? x : null;
}
