namespace PyNetSharp.Train;

/// <summary>Which of a table's columns a terminal has room for, so that no word is broken.</summary>
internal static class ColumnSelection
{
    private const int BorderWidth = 1, ColumnPadding = 3;        // the frame; a cell's padding and the line after it
    private const int MinColumns = 2;                    // a table of names alone would say nothing

    /// <summary>The indices of the columns that have room, in their order; the others are less useful.</summary>
    public static int[] SelectColumns(IReadOnlyList<Column> columns, IReadOnlyList<IReadOnlyList<string>> rows, int width)
    {
        int[] shown = [.. Enumerable.Range(0, columns.Count)];
        while (shown.Length > MinColumns && !Fits(shown))
        {
            var least = shown.MaxBy(i => columns[i].Priority);
            shown = [.. shown.Where(i => i != least)];
        }

        return shown;

        bool Fits(int[] some) => some.Sum(i => ColumnPadding + MinWidth(columns, rows, i)) + BorderWidth <= width;
    }

    /// <summary>Whether a column may be wrapped: it has texts, not numbers or single words.</summary>
    public static bool Wraps(IReadOnlyList<Column> columns, IReadOnlyList<IReadOnlyList<string>> rows, int column) =>
        !columns[column].IsNumber && rows.Any(row => row[column].Contains(' ', StringComparison.Ordinal));

    private static int MinWidth(IReadOnlyList<Column> columns, IReadOnlyList<IReadOnlyList<string>> rows, int column)
    {
        var texts = rows.Select(row => row[column]).Prepend(columns[column].Title);
        if (Wraps(columns, rows, column)) texts = texts.SelectMany(text => text.Split(' '));
        return texts.Max(TextWrap.Width);
    }
}
