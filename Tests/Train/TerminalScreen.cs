using System.Globalization;

namespace PyNetSharp.Tests;

/// <summary>
/// A terminal's screen of <see cref="Rows"/> lines, and the lines that have scrolled off it. It implements the control
/// sequences that the app prints; the wrap after the last column is pending until the next character, as xterm's.
/// </summary>
internal sealed class TerminalScreen(int columns)
{
    public const int Rows = 24;

    private readonly List<char[]> lines = [Blank(columns)];
    private int row, column;                    // the cursor; rows from the first line of all
    private bool wrapIsPending;

    /// <summary>The characters that did not fit into their line and wrapped to the next.</summary>
    public int Overflows { get; private set; }

    /// <summary>Whether the cursor is visible.</summary>
    public bool CursorIsVisible { get; private set; } = true;

    /// <summary>All lines from the first on, without the blanks at their ends.</summary>
    public IReadOnlyList<string> Lines => [.. lines.Select(line => new string(line).TrimEnd())];

    private int Top => Math.Max(0, lines.Count - Rows);

    /// <summary>Prints.</summary>
    /// <exception cref="FormatException">There is a control sequence that this terminal does not know.</exception>
    public void Write(string text)
    {
        for (var i = 0; i < text.Length; i++)
            switch (text[i])
            {
                case '\e': i = Escape(text, i + 1); break;
                case '\r': MoveTo(row, 0); break;
                case '\n': MoveTo(row + 1, column); break;
                case '\b': MoveTo(row, column - 1); break;
                case '\a': break;
                case < ' ': throw new FormatException($"control character {(int)text[i]}");
                default: Put(text[i]); break;
            }
    }

    private static char[] Blank(int columns) => [.. Enumerable.Repeat(' ', columns)];

    private void Put(char letter)
    {
        if (wrapIsPending)
        {
            Overflows++;
            MoveTo(row + 1, 0);
        }

        lines[row][column] = letter;
        if (column < columns - 1) column++;
        else wrapIsPending = true;
    }

    private void MoveTo(int toRow, int toColumn)
    {
        (row, column, wrapIsPending) = (Math.Max(toRow, Top), Math.Clamp(toColumn, 0, columns - 1), false);
        while (lines.Count <= row) lines.Add(Blank(columns));
    }

    /// <returns>The index of the sequence's last character.</returns>
    private int Escape(string text, int i)
    {
        if (text[i] is '=' or '>') return i;                            // which codes the keypad sends
        if (text[i] != '[') throw new FormatException($"escape sequence {text[i]}");
        var end = i + 1;
        while (text[end] is < '@' or > '~') end++;
        Control(text[(i + 1)..end], text[end]);
        return end;
    }

    private void Control(string argument, char command)
    {
        _ = int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out var mode);
        var times = Math.Max(1, mode);
        switch (command)
        {
            case 'm': break;                                            // colors
            case 'h' or 'l' when argument == "?25": CursorIsVisible = command == 'h'; break;
            case 'h' or 'l' when argument == "?1": break;               // which codes the arrow keys send
            case 'A': MoveTo(row - times, column); break;
            case 'B': MoveTo(Math.Min(row + times, Top + Rows - 1), column); break;
            case 'C': MoveTo(row, column + times); break;
            case 'D': MoveTo(row, column - times); break;
            case 'G': MoveTo(row, times - 1); break;
            case 'K': Erase(row, mode == 0 ? column : 0, mode == 1 ? column + 1 : columns); break;
            case 'J' when mode == 0:
                Erase(row, column, columns);
                for (var below = row + 1; below < lines.Count; below++) Erase(below, 0, columns);
                break;
            default: throw new FormatException($"control sequence {argument}{command}");
        }
    }

    private void Erase(int at, int from, int to) => lines[at].AsSpan(from, to - from).Fill(' ');
}
