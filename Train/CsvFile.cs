using System.Security.Cryptography;
using PyNetSharp.Data;

namespace PyNetSharp.Train;

/// <summary>A file of comma-separated values as a run's data set.</summary>
/// <param name="Path">Its full path.</param>
/// <param name="Options">The column of the classes, and how the items are divided.</param>
internal sealed record CsvFile(string Path, CsvOptions Options)
{
    /// <summary>Completes "expected …".</summary>
    public const string SeparatorText = "one character that is no letter, digit, quote, point or sign; or tab";

    private const string Tab = "tab";

    /// <summary>
    /// Whether a text names such a file: it is no data set's name, and ends in .csv or .tsv or is a file.
    /// </summary>
    public static bool IsOne(string data) =>
        !DataCatalog.Names.Contains(data) && !data.Contains('\0')
        && (data.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) || IsTabbed(data) || File.Exists(data));

    /// <summary>The separator that a text names; null if it names none.</summary>
    public static char? ParseSeparator(string text) => text switch
    {
        Tab or "\\t" => '\t',
        [var character] when CsvOptions.IsSeparator(character) => character,
        _ => null,
    };

    /// <summary>The text that <see cref="ParseSeparator"/> reads as this separator.</summary>
    public static string FormatSeparator(char separator) => separator == '\t' ? Tab : $"{separator}";

    /// <summary>The separator of a file for which none was given.</summary>
    public static char DefaultSeparator(string data) => IsTabbed(data) ? '\t' : ',';

    /// <summary>Reads the training and the test items.</summary>
    /// <exception cref="InputException">The file is faulty.</exception>
    public TrainTestSplit Load() => CsvReader.Read(Path, Options);

    /// <summary>A hash of the content.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public string Fingerprint()
    {
        try
        {
            using var file = File.OpenRead(Path);
            return Convert.ToHexStringLower(SHA256.HashData(file));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"'{Path}' cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>Checks that a run that resumes finds the items with which it began.</summary>
    /// <param name="kept">Their <see cref="Fingerprint"/>; null for a run that begins.</param>
    /// <exception cref="InputException">It does not.</exception>
    public void ThrowIfChanged(string? kept)
    {
        if (kept is not null && Fingerprint() != kept)
            throw new InputException(
                $"'{Path}' has changed since the run began, so it would not resume the same training; put the old " +
                "file back, or begin another run.");
    }

    private static bool IsTabbed(string data) => data.EndsWith(".tsv", StringComparison.OrdinalIgnoreCase);
}
