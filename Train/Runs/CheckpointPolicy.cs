using System.Globalization;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>When a run's checkpoints are written, and what follows a divergence.</summary>
internal sealed record CheckpointPolicy
{
    public const string DefaultEvery = "5m", Stop = "stop";

    private const double MaxSeconds = 1e9;      // 30 years; a TimeSpan has an end too

    /// <summary>Completes "expected …".</summary>
    public const string IntervalText = "a number of steps, as 500, a time, as 90s, 5m or 1h, or epoch";

    /// <summary>Completes "expected …".</summary>
    public const string DivergenceText = "stop, or rollback:GAMMA with a factor between 0 and 1";

    /// <summary>As <see cref="ParseInterval"/> reads it.</summary>
    public string EveryText { get; init; } = DefaultEvery;

    /// <summary>The checkpoints to keep.</summary>
    public int Keep { get; init; } = 3;

    /// <summary>As <see cref="ParseDivergence"/> reads it.</summary>
    public string OnDivergenceText { get; init; } = Stop;

    public CheckpointInterval Every => ParseInterval(EveryText)!.Value;

    /// <summary>As <see cref="Trainer.RollbackFactor"/>.</summary>
    public double? RollbackFactor => ParseDivergence(OnDivergenceText) is > 0 and var gamma ? gamma : null;

    /// <summary>That of a run's file, whose values have passed <see cref="RunConfig.Check"/>.</summary>
    public static CheckpointPolicy Of(RunConfig config) => new()
    {
        EveryText = config.CheckpointEvery ?? DefaultEvery,
        Keep = config.Keep ?? 3,
        OnDivergenceText = config.OnDivergence ?? Stop,
    };

    /// <summary>An interval; null for a text that is none.</summary>
    public static CheckpointInterval? ParseInterval(string text)
    {
        if (text == "epoch") return CheckpointInterval.Epochs(1);
        var seconds = text is [.., var unit] ? unit switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 } : 0;
        var digits = seconds > 0 ? text[..^1] : text;
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var n) || n == 0) return null;
        if ((double)n * seconds > MaxSeconds) return null;
        return seconds > 0
            ? CheckpointInterval.Time(TimeSpan.FromSeconds((double)n * seconds))
            : CheckpointInterval.Steps(n);
    }

    /// <summary>The factor of a rollback; 0 for stop, null for a text that is neither.</summary>
    public static double? ParseDivergence(string text)
    {
        const string Rollback = "rollback:";
        if (text == Stop) return 0;
        return text.StartsWith(Rollback, StringComparison.Ordinal)
            && double.TryParse(
                text[Rollback.Length..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var gamma)
            && gamma is > 0 and < 1 ? gamma : null;
    }
}
