namespace PyNetSharp.Images;

/// <summary>How an <see cref="ImageFolder"/> is read.</summary>
public sealed record ImageFolderOptions
{
    /// <summary>The share of each class that is for testing, above 0 and below 1; not used with <c>test/</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a number outside (0, 1).</exception>
    public double TestShare
    {
        get;
        init => field = value is > 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), FormattableString.Invariant($"{value}"), "A share above 0 and below 1 was expected.");
    } = 0.1;

    /// <summary>Chooses the pictures for testing, and the order of the others.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// Told of the files that are no images or damaged, which are then left out; null to throw for the first of them.
    /// It is called once per part that has some.
    /// </summary>
    public Action<IReadOnlyList<ImageException>>? Skipped { get; init; }
}
