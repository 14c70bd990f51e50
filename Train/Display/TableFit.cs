namespace PyNetSharp;

/// <summary>How many of a table's columns a terminal has room for, so that no word is broken.</summary>
internal static class TableFit
{
    private const int Edge = 1, Between = 3;        // the frame; a cell's padding and the line after it
    private const int Least = 2;                    // a table of names alone would say nothing

    /// <summary>How many columns from the left fit into so many characters.</summary>
    public static int Columns(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows, int width)
    {
        var shown = headings.Count;
        while (shown > Least && Enumerable.Range(0, shown).Sum(i => Between + Narrowest(headings, rows, i)) + Edge > width) shown--;
        return shown;
    }

    /// <summary>Whether a column may be wrapped: it has texts, not numbers or single words.</summary>
    public static bool Wraps(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows, int column) =>
        !headings[column].StartsWith('>') && rows.Any(row => row[column].Contains(' ', StringComparison.Ordinal));

    private static int Narrowest(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows, int column)
    {
        var texts = rows.Select(row => row[column]).Prepend(headings[column].TrimStart('>'));
        if (Wraps(headings, rows, column)) texts = texts.SelectMany(text => text.Split(' '));
        return texts.Max(text => text.Length);
    }
}
