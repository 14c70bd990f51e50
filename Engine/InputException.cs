namespace PyNetSharp;

/// <summary>
/// The fault lies in what was given to the program: the content of a file, or a choice that cannot be carried out.
/// Its message names what was wrong, where (file, offset, option) and what was expected, in one line for a person.
/// </summary>
/// <remarks>Misuse of the library by its caller is an <see cref="ArgumentException"/> instead.</remarks>
public class InputException : Exception
{
    /// <summary>An input fault without a message of its own.</summary>
    public InputException()
    {
    }

    /// <summary>An input fault.</summary>
    /// <param name="message">What was wrong, where, and what was expected.</param>
    public InputException(string message)
        : base(message)
    {
    }

    /// <summary>An input fault that another exception brought to light.</summary>
    /// <param name="message">What was wrong, where, and what was expected.</param>
    /// <param name="inner">The exception that showed it.</param>
    public InputException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
