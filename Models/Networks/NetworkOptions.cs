namespace PyNetSharp.Models;

/// <summary>What every network is built from.</summary>
/// <param name="Input">One item's shape: [c, h, w] for an image, [features] otherwise.</param>
/// <param name="Classes">How many scores come out; at least 2.</param>
public sealed record NetworkOptions(Shape Input, int Classes)
{
    /// <summary>How many scores come out.</summary>
    public int Classes { get; init; } = Classes >= 2
        ? Classes
        : throw new ArgumentOutOfRangeException(nameof(Classes), FormattableString.Invariant($"{Classes}"), "At least 2 classes were expected.");

    /// <summary>Multiplies the hidden channels and features; 1 for the network as published.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a number outside (0, 16].</exception>
    public double WidthMultiplier
    {
        get;
        init => field = value is > 0 and <= 16
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), FormattableString.Invariant($"{value}"), "A width above 0 and up to 16 was expected.");
    } = 1;

    /// <summary>
    /// The dropout probability, in [0, 1], instead of the network's own; null for that. 0 switches it off.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a number outside [0, 1].</exception>
    public float? Dropout
    {
        get;
        init => field = value is null or (>= 0 and <= 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), FormattableString.Invariant($"{value}"), "A probability from 0 to 1 was expected.");
    }

    /// <summary>The channels of an input image.</summary>
    /// <exception cref="ShapeException">The input is no image.</exception>
    internal int Channels => Input.Rank == 3
        ? Input[0]
        : throw new ShapeException($"Network: images [c, h, w] were expected, not items of shape {Input}.");

    /// <summary>So many hidden channels or features at this width.</summary>
    /// <remarks>
    /// A scaled number goes to the nearest multiple of 8 (vector registers like it), numbers below 8 to the nearest
    /// whole one.
    /// </remarks>
    internal int ScaleWidth(int count)
    {
        if (WidthMultiplier == 1) return count;
        var scaled = count * WidthMultiplier;
        return scaled < 8 ? Math.Max(1, (int)Math.Round(scaled)) : 8 * (int)Math.Round(scaled / 8);
    }
}
