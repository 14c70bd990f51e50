using System.Text;

namespace PyNetSharp.Data;

/// <summary>Reads the records of comma-separated values, with the quoting of RFC 4180.</summary>
/// <remarks>
/// A field in quotes may hold separators, line breaks and, doubled, quotes. Lines end in CR LF, LF or CR; empty ones
/// are skipped.
/// </remarks>
/// <param name="text">The file.</param>
/// <param name="separator">Between fields.</param>
/// <seealso href="https://www.rfc-editor.org/rfc/rfc4180">RFC 4180</seealso>
internal sealed class CsvParser(TextReader text, char separator)
{
    /// <summary>The greatest length of a field, and number of fields of a record.</summary>
    public const int MaxLength = 1 << 16, MaxFields = 1 << 16;

    private const char Quote = '"';

    private readonly List<string> fields = [];
    private readonly StringBuilder field = new();
    private int line = 1;

    /// <summary>The line on which the last record begins, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>Reads the next record.</summary>
    /// <returns>Its fields, valid until the next call; null at the end.</returns>
    /// <exception cref="FormatException">The quoting is wrong, or a limit is exceeded.</exception>
    public IReadOnlyList<string>? Read()
    {
        while (text.Peek() is '\r' or '\n') ReadLineBreak();
        fields.Clear();
        Line = line;
        if (text.Peek() < 0) return null;
        do
        {
            if (fields.Count == MaxFields) throw new FormatException($"more than {MaxFields} fields");
            field.Clear();
            if (text.Peek() == Quote) ReadQuoted();
            else ReadPlain();
            fields.Add(field.ToString());
        }
        while (TrySkipSeparator());
        if (text.Peek() is '\r' or '\n') ReadLineBreak();
        return fields;
    }

    private bool TrySkipSeparator()
    {
        if (text.Peek() != separator) return false;
        text.Read();
        return true;
    }

    private void ReadPlain()
    {
        while (text.Peek() is var next && next >= 0 && next != separator && next is not ('\r' or '\n'))
        {
            if (next == Quote) throw new FormatException("a quote within a field that does not begin with one");
            Append(text.Read());
        }
    }

    private void ReadQuoted()
    {
        text.Read();
        while (true)
        {
            var next = text.Peek();
            if (next < 0) throw new FormatException("a field in quotes does not end");
            if (next is '\r' or '\n')
            {
                Append('\n');
                ReadLineBreak();
                continue;
            }

            text.Read();
            if (next != Quote) Append(next);
            else if (text.Peek() == Quote) Append(text.Read());
            else break;
        }

        if (text.Peek() is var after && after >= 0 && after != separator && after is not ('\r' or '\n'))
            throw new FormatException("text after the closing quote of a field");
    }

    private void Append(int character)
    {
        if (field.Length == MaxLength) throw new FormatException($"a field of more than {MaxLength} characters");
        field.Append((char)character);
    }

    private void ReadLineBreak()
    {
        if (text.Read() == '\r' && text.Peek() == '\n') text.Read();
        line++;
    }
}
