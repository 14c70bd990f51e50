namespace PyNetSharp.Layers;

/// <summary>What the system answers to a write that it cannot do.</summary>
internal static class FileErrors
{
    /// <summary>
    /// Whether an exception is such an answer: the disk is full or gone, or nothing may be written there, or no file so
    /// large.
    /// </summary>
    public static bool IsWriteError(Exception fault) => fault is IOException or UnauthorizedAccessException || IsTooLarge(fault);

    /// <summary>What to tell a user.</summary>
    public static string Describe(Exception fault) =>
        IsTooLarge(fault)
            ? "the file would be larger than the system or its limit on file sizes allows."
            : fault.Message;

    /// <summary>The base library has the system's EFBIG as an argument out of range, from within itself.</summary>
    private static bool IsTooLarge(Exception fault) =>
        fault is ArgumentOutOfRangeException { ParamName: "value" }
        && fault.Source == typeof(FileStream).Assembly.GetName().Name;
}
