using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace PyNetSharp.Layers;

/// <summary>Makes foreign text, such as a file's content, safe for a line on a terminal or in a picture.</summary>
internal static class ErrorText
{
    private const int MaxLength = 80;
    private const int ZeroWidthNonJoiner = 0x200C, ZeroWidthJoiner = 0x200D;    // parts of words and emoji

    /// <summary>A text in quotes, cleaned and cut to 80 characters.</summary>
    public static string Quote(string text) => $"'{Cut(text)}'";

    /// <summary>A text, cleaned, and cut with an ellipsis if it is longer than that.</summary>
    public static string Cut(string text, int length = MaxLength)
    {
        var shown = new StringBuilder();
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var next = Next(ref rest);
            if (shown.Length + next.Length > length) return shown.Append('…').ToString();
            shown.Append(next);
        }

        return shown.ToString();
    }

    /// <summary>
    /// A text in which what would control a terminal or change the writing direction is a visible escape such as
    /// <c>\u001B</c>: control characters, line breaks, invisible format characters and halves of surrogate pairs.
    /// </summary>
    public static string Clean(string text)
    {
        if (IsClean(text)) return text;
        var shown = new StringBuilder(text.Length + 16);
        var rest = text.AsSpan();
        while (!rest.IsEmpty) shown.Append(Next(ref rest));
        return shown.ToString();
    }

    /// <summary>What is wrong with a JSON text, without its position, cleaned and short: it quotes the file.</summary>
    public static string Describe(JsonException fault)
    {
        var text = fault.Message;
        foreach (var position in (string[])[" Path: ", " LineNumber: "])
            if (text.LastIndexOf(position, StringComparison.Ordinal) is >= 0 and var at)
                text = text[..at];
        return Cut(text.TrimEnd('.', ' '));
    }

    private static bool IsClean(string text)
    {
        foreach (var c in text)
            if (c is < ' ' or > '~')
                return false;
        return true;
    }

    /// <summary>The next character as it is shown.</summary>
    private static string Next(ref ReadOnlySpan<char> rest)
    {
        var status = Rune.DecodeFromUtf16(rest, out var rune, out var length);
        var first = rest[0];
        rest = rest[length..];
        if (status != OperationStatus.Done) return string.Create(CultureInfo.InvariantCulture, $"\\u{(int)first:X4}");
        if (IsVisible(rune)) return rune.ToString();
        return rune.IsBmp
            ? string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}")
            : string.Create(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}");
    }

    private static bool IsVisible(Rune rune) =>
        rune.Value is ZeroWidthNonJoiner or ZeroWidthJoiner
        || (rune.Value is not (0xFFFE or 0xFFFF)                // which XML cannot contain
            && Rune.GetUnicodeCategory(rune) is not
                (UnicodeCategory.Control or UnicodeCategory.Format
                    or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator));
}
