using System.Globalization;
using System.Text;

namespace PyNetSharp.Layers;

/// <summary>Quotes untrusted text, such as a file's content, in error messages.</summary>
internal static class ErrorText
{
    private const int MaxLength = 80;

    /// <summary>
    /// A text in quotes, short and safe for a line on a terminal: without line breaks, terminal control characters,
    /// changes of the writing direction and lone surrogates.
    /// </summary>
    public static string Quote(string text)
    {
        var shown = new StringBuilder("'");
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length + rune.Utf16SequenceLength > MaxLength + 1) return shown.Append("…'").ToString();
            shown.Append(IsPrintable(rune) ? rune.ToString() : "?");
        }

        return shown.Append('\'').ToString();
    }

    private static bool IsPrintable(Rune rune) => rune != Rune.ReplacementChar && Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
