namespace PyNetSharp.Data;

/// <summary>How a file of comma-separated values becomes a data set.</summary>
/// <param name="Label">The name of the column with the classes.</param>
public sealed record CsvOptions(string Label)
{
    /// <summary>Between the fields of a line; not a quote, a digit, a point, a minus or a line break.</summary>
    public char Separator { get; init; } = ',';

    /// <summary>The share of the items of each class that is for testing, above 0 and below 1.</summary>
    public double TestShare { get; init; } = 0.1;

    /// <summary>Chooses them.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whether a character can stand between fields.</summary>
    public static bool IsSeparator(char character) =>
        !char.IsLetterOrDigit(character) && !char.IsSurrogate(character)
        && character is not ('"' or '.' or '-' or '+' or '\r' or '\n');
}
