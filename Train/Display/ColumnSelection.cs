namespace PyNetSharp.Train;

/// <summary>Selects the columns of a table that fit into a terminal without breaking words.</summary>
internal static class ColumnSelection
{
    private const int BorderWidth = 1, ColumnPadding = 3;        // the frame; a cell's padding and the line after it
    private const int MinColumns = 2;                    // a table of names alone says little

    /// <summary>The indices of the columns that fit, in their order; the others are less useful.</summary>
    public static int[] SelectColumns(
        IReadOnlyList<Column> columns, IReadOnlyList<IReadOnlyList<string>> rows, int width)
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

    /// <summary>Whether a column may be wrapped: it contains text, not numbers or single words.</summary>
    public static bool Wraps(IReadOnlyList<Column> columns, IReadOnlyList<IReadOnlyList<string>> rows, int column) =>
        !columns[column].IsNumber && rows.Any(row => row[column].Contains(' ', StringComparison.Ordinal));

    private static int MinWidth(IReadOnlyList<Column> columns, IReadOnlyList<IReadOnlyList<string>> rows, int column)
    {
        var texts = rows.Select(row => row[column]).Prepend(columns[column].Title);
        if (Wraps(columns, rows, column)) texts = texts.SelectMany(text => text.Split(' '));
        return texts.Max(TextWrap.Width);
    }
}
