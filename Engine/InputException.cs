namespace PyNetSharp;

/// <summary>
/// The program's input is wrong: the content of a file, or a setting that is not possible. The message names what is
/// wrong, where (file, offset, option) and what was expected, in one line.
/// </summary>
/// <remarks>Misuse of the library by its caller is an <see cref="ArgumentException"/> instead.</remarks>
public class InputException : Exception
{
    /// <summary>An input error without a message.</summary>
    public InputException()
    {
    }

    /// <summary>An input error.</summary>
    /// <param name="message">What was wrong, where, and what was expected.</param>
    public InputException(string message)
        : base(message)
    {
    }

    /// <summary>An input error that another exception revealed.</summary>
    /// <param name="message">What was wrong, where, and what was expected.</param>
    /// <param name="inner">That exception.</param>
    public InputException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
