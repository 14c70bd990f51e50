using System.Globalization;
using System.Text;

namespace PyNetSharp;

/// <summary>Quotes in messages what a file says.</summary>
internal static class Quotation
{
    private const int Longest = 80;

    /// <summary>
    /// A text in quotes, short and fit for a line on a terminal: without line breaks, without what steers a terminal or
    /// turns the direction of writing, and without halves of surrogate pairs.
    /// </summary>
    public static string Quote(string text)
    {
        var shown = new StringBuilder("'");
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length + rune.Utf16SequenceLength > Longest + 1) return shown.Append("…'").ToString();
            shown.Append(IsShown(rune) ? rune.ToString() : "?");
        }

        return shown.Append('\'').ToString();
    }

    private static bool IsShown(Rune rune) => rune != Rune.ReplacementChar && Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
