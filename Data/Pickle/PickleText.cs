using System.Globalization;
using System.Text;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Data;

/// <summary>The texts of pickles of protocol 0, which are lines with escapes.</summary>
internal static class PickleText
{
    /// <summary>The bytes of a string literal of Python 2: <c>'a\x00b'</c>.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static byte[] UnescapeString(string line)
    {
        if (line.Length < 2 || line[0] is not ('\'' or '"') || line[^1] != line[0])
            throw new FormatException($"text {Quote(line)} without quotes");
        var bytes = new byte[line.Length];
        var count = 0;
        for (var i = 1; i < line.Length - 1; i++)
            bytes[count++] = (byte)(line[i] != '\\' ? line[i] : Escaped(line, ref i));
        return bytes[..count];
    }

    /// <summary>A text in the encoding raw-unicode-escape: <c>a\u0000b</c>.</summary>
    /// <exception cref="FormatException">An escape is none.</exception>
    public static string UnescapeUnicode(string line)
    {
        if (!line.Contains('\\')) return line;
        var text = new StringBuilder(line.Length);
        for (var i = 0; i < line.Length; i++)
        {
            var isEscape = line[i] == '\\' && i + 1 < line.Length;
            var digits = !isEscape ? 0 : line[i + 1] switch { 'u' => 4, 'U' => 8, _ => 0 };
            if (digits == 0)
            {
                text.Append(line[i]);
                continue;
            }

            var code = Hexadecimal(line, i + 2, digits);
            if (digits == 4) text.Append((char)code);
            else if (Rune.IsValid(code)) text.Append(new Rune(code).ToString());
            else throw new FormatException($"character {code}");
            i += 1 + digits;
        }

        return text.ToString();
    }

    private static int Escaped(string line, ref int i)
    {
        if (++i >= line.Length - 1) throw new FormatException($"text {Quote(line)} ends in an escape");
        switch (line[i])
        {
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'x':
                i += 2;
                return Hexadecimal(line, i - 1, 2);
            case '\\' or '\'' or '"':
                return line[i];
            default:
                throw new FormatException($"escape {Quote(line.Substring(i - 1, 2))}");
        }
    }

    private static int Hexadecimal(string line, int at, int digits) =>
        at + digits <= line.Length && int.TryParse(
            line.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            ? code
            : throw new FormatException("an escape without its digits");
}
