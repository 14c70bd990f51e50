namespace PyNetSharp.Layers;

/// <summary>Recognizes and describes the errors of writing a file.</summary>
internal static class FileErrors
{
    /// <summary>
    /// Whether an exception is one: the disk is full or missing, permission is denied, or the file would be too large.
    /// </summary>
    public static bool IsWriteError(Exception fault) =>
        fault is IOException or UnauthorizedAccessException || IsTooLarge(fault);

    /// <summary>The text for an error message.</summary>
    public static string Describe(Exception fault) =>
        IsTooLarge(fault)
            ? "the file would be larger than the system or its limit on file sizes allows."
            : fault.Message;

    /// <summary>The base library reports the system's EFBIG as an argument out of range.</summary>
    private static bool IsTooLarge(Exception fault) =>
        fault is ArgumentOutOfRangeException { ParamName: "value" }
        && fault.Source == typeof(FileStream).Assembly.GetName().Name;
}
