namespace PyNetSharp.Train;

/// <summary>The values that a number may have, on the command line and in <c>config.json</c>.</summary>
/// <param name="Text">Completes "expected …".</param>
/// <param name="Contains">Whether a number is one of them; false for NaN.</param>
internal sealed record SettingRange(string Text, Func<double, bool> Contains)
{
    public static SettingRange Width { get; } = new("a number above 0 and up to 16", x => x is > 0 and <= 16);

    public static SettingRange Dropout { get; } =
        new("a number from 0 up to, not including, 1", x => x is >= 0 and < 1);

    public static SettingRange TestShare { get; } =
        new("a number above 0 and below 1", x => x is > 0 and < 1);

    public static SettingRange Mean { get; } = new("a finite number", double.IsFinite);

    public static SettingRange Deviation { get; } = new("a finite number above 0", x => x > 0 && double.IsFinite(x));

    public static SettingRange LearningRate { get; } = new("a number above 0 and up to 100", x => x is > 0 and <= 100);

    public static SettingRange Momentum { get; } = Dropout;

    public static SettingRange WeightDecay { get; } = new("a number from 0 to 1", x => x is >= 0 and <= 1);

    public static SettingRange LabelSmoothing { get; } = Dropout;

    public static SettingRange GradientClip { get; } =
        new("a finite number above 0", x => x > 0 && float.IsFinite((float)x) && (float)x > 0);

    /// <summary>The decay of an exponential moving average.</summary>
    public static SettingRange Ema { get; } = TestShare;

    public static SettingRange Epochs { get; } = Integers(1, 1_000_000);

    public static SettingRange BatchSize { get; } = Integers(1, 65_536);

    public static SettingRange Accumulate { get; } = Integers(1, 65_536);

    public static SettingRange Shards { get; } = Integers(1, 65_536);

    public static SettingRange Resize { get; } = Integers(1, 1024);

    public static SettingRange Threads { get; } = Integers(1, 1024);

    public static SettingRange Keep { get; } = Integers(1, 1_000_000);

    /// <summary>Of held-out items: none, a share or a number.</summary>
    public static SettingRange Validation { get; } = new(
        "0, a share below 1, or a whole number of items",
        x => x is >= 0 and < 1 || (x >= 1 && x <= int.MaxValue && x == Math.Floor(x)));

    /// <summary>The batches or epochs from one time to the next; 0 for never.</summary>
    public static SettingRange Interval { get; } = Integers(0, int.MaxValue);

    /// <summary>Of a count without an upper limit of its own.</summary>
    public static SettingRange Positive { get; } = Integers(1, int.MaxValue);

    /// <summary>Whole numbers from one to another, both included.</summary>
    public static SettingRange Integers(int least, int most) => new(
        $"a whole number from {least} {(most == int.MaxValue ? "up" : $"to {most}")}", x => x >= least && x <= most);
}
