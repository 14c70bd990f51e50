using System.Globalization;

namespace PyNetSharp.Training;

/// <summary>How often a <see cref="CheckpointWriter"/> writes: every few steps, minutes or epochs.</summary>
public readonly record struct CheckpointInterval
{
    private readonly long count;
    private readonly TimeSpan? time;
    private readonly bool inEpochs;

    private CheckpointInterval(long count, TimeSpan? time, bool inEpochs) =>
        (this.count, this.time, this.inEpochs) = (count, time, inEpochs);

    /// <summary>Every five minutes.</summary>
    public static CheckpointInterval Default { get; } = Time(TimeSpan.FromMinutes(5));

    /// <summary>Every <paramref name="count"/> steps of the optimizer, at least 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public static CheckpointInterval Steps(long count) => new(Positive(count), null, inEpochs: false);

    /// <summary>At the end of every <paramref name="count"/>th epoch, at least 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public static CheckpointInterval Epochs(int count) => new(Positive(count), null, inEpochs: true);

    /// <summary>After the first step that ends when this time has passed since the checkpoint before.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is not positive.</exception>
    public static CheckpointInterval Time(TimeSpan time) => time > TimeSpan.Zero
        ? new(0, time, inEpochs: false)
        : throw new ArgumentOutOfRangeException(
            nameof(time), time.ToString("c", CultureInfo.InvariantCulture), "A time above 0 was expected.");

    /// <summary>As <c>300 s</c>, <c>500 steps</c> or <c>1 epoch</c>.</summary>
    public override string ToString() =>
        time is { } t ? string.Create(CultureInfo.InvariantCulture, $"{t.TotalSeconds:0.###} s")
        : string.Create(
            CultureInfo.InvariantCulture, $"{count} {(inEpochs ? "epoch" : "step")}{(count == 1 ? "" : "s")}");

    /// <param name="steps">The steps since the last checkpoint.</param>
    /// <param name="epochs">The epochs that have ended since then.</param>
    /// <param name="elapsed">The time since then.</param>
    internal bool IsDue(long steps, int epochs, TimeSpan elapsed) =>
        time is { } t ? elapsed >= t
        : inEpochs ? epochs >= count
        : count > 0 && steps >= count;

    private static long Positive(long count) =>
        count >= 1 ? count : throw new ArgumentOutOfRangeException(
            nameof(count), count.ToString(CultureInfo.InvariantCulture), "At least 1 was expected.");
}
