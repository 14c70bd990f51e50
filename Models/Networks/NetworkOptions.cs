namespace PyNetSharp.Models;

/// <summary>The arguments of every network's constructor.</summary>
/// <param name="Input">One item's shape: [c, h, w] for an image, [features] otherwise.</param>
/// <param name="Classes">The number of classes, which is that of the outputs; at least 2.</param>
public sealed record NetworkOptions(Shape Input, int Classes)
{
    /// <summary>The number of classes, at least 2.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 2.</exception>
    public int Classes { get; init; } = Classes >= 2
        ? Classes
        : throw new ArgumentOutOfRangeException(
            nameof(Classes), FormattableString.Invariant($"{Classes}"), "At least 2 classes were expected.");

    /// <summary>The factor of all hidden channels and features, in (0, 16]; 1 for the network as published.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a number outside (0, 16].</exception>
    public double WidthMultiplier
    {
        get;
        init => field = value is > 0 and <= 16
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), FormattableString.Invariant($"{value}"), "A width above 0 and up to 16 was expected.");
    } = 1;

    /// <summary>
    /// The dropout probability, in [0, 1]; null for the network's default. 0 disables dropout.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a number outside [0, 1].</exception>
    public float? Dropout
    {
        get;
        init => field = value is null or (>= 0 and <= 1)
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), FormattableString.Invariant($"{value}"), "A probability from 0 to 1 was expected.");
    }

    /// <summary>The channels of an input image.</summary>
    /// <exception cref="ShapeException">The input is no image.</exception>
    internal int Channels => Input.Rank == 3
        ? Input[0]
        : throw new ShapeException($"Network: images [c, h, w] were expected, not items of shape {Input}.");

    /// <summary>The number of hidden channels or features at this width.</summary>
    /// <remarks>
    /// A scaled number is rounded to the nearest multiple of 8, which fills vector registers; below 8 to the nearest
    /// integer.
    /// </remarks>
    internal int ScaleWidth(int count)
    {
        if (WidthMultiplier == 1) return count;
        var scaled = count * WidthMultiplier;
        return scaled < 8 ? Math.Max(1, (int)Math.Round(scaled)) : 8 * (int)Math.Round(scaled / 8);
    }
}
