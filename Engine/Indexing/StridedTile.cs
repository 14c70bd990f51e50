namespace PyNetSharp;

/// <summary>How a CPU thread copies along two axes: tile by tile, in the loops that their strides allow.</summary>
internal readonly unsafe struct StridedTile
{
    private const int CacheLine = 16;           // floats
    private const int MaxTransposedColumns = 1 << 10;

    private readonly StridedAxis rows, columns;
    private readonly int tileRows, tileColumns;

    /// <param name="rows">The outer axis.</param>
    /// <param name="columns">The axis with the smaller stride in the target.</param>
    /// <param name="size">About how many elements a tile shall have at most.</param>
    public StridedTile(StridedAxis rows, StridedAxis columns, int size)
    {
        (this.rows, this.columns) = (rows, columns);
        tileColumns = Math.Min(columns.Extent, IsTransposed(rows, columns) ? MaxTransposedColumns : size);
        tileRows = Math.Clamp(size / tileColumns, 1, rows.Extent);
        PerGrain = Math.Max(1, size / (tileRows * tileColumns));
    }

    public int RowTiles => (rows.Extent + tileRows - 1) / tileRows;

    public int ColumnTiles => (columns.Extent + tileColumns - 1) / tileColumns;

    /// <summary>How many tiles a thread copies at a time.</summary>
    public int PerGrain { get; }

    /// <summary>
    /// The columns are the target's innermost axis. The rows are the axis along which the source is contiguous if that
    /// is another one; else the next axis, if there is one.
    /// </summary>
    public static (StridedAxis[] Outer, StridedAxis Rows, StridedAxis Columns) ChooseAxes(StridedAxis[] axes)
    {
        var columns = axes[^1];
        if (axes.Length == 1) return ([], new(1, 0, 0), columns);
        var row = columns.From > 1 ? Array.FindIndex(axes, axis => axis.From == 1) : -1;
        if (row < 0) row = axes.Length - 2;
        return ([.. axes[..row], .. axes[(row + 1)..^1]], axes[row], columns);
    }

    /// <summary>Copies tile [row, column] of the two axes.</summary>
    public void Copy(float* from, float* to, int row, int column)
    {
        var (firstRow, firstColumn) = (row * tileRows, column * tileColumns);
        var rowCount = Math.Min(tileRows, rows.Extent - firstRow);
        var columnCount = Math.Min(tileColumns, columns.Extent - firstColumn);
        from += (nint)firstRow * rows.From + (nint)firstColumn * columns.From;
        to += (nint)firstRow * rows.To + (nint)firstColumn * columns.To;
        if (IsTransposed(rows, columns))
            Transpose(from, to, rowCount, columnCount);
        else if (columns.To == 1 && columns.From <= 1 && columnCount >= 8)
            CopyRows(from, to, rowCount, columnCount);
        else
            CopyElements(from, rows.From, columns.From, to, rows.To, columns.To, rowCount, columnCount);
    }

    private static bool IsTransposed(StridedAxis rows, StridedAxis columns) =>
        rows is { From: 1, Extent: > 1 } && columns is { From: > 1, To: 1 };

    /// <summary>Rows of the target are contiguous; those of the source too, or they repeat one number.</summary>
    private void CopyRows(float* from, float* to, int rowCount, int columnCount)
    {
        for (var r = 0; r < rowCount; r++, from += rows.From, to += rows.To)
            if (columns.From == 1) new ReadOnlySpan<float>(from, columnCount).CopyTo(new(to, columnCount));
            else new Span<float>(to, columnCount).Fill(*from);
    }

    /// <summary>In squares of one cache line by one, so that each line is read and written whole.</summary>
    private void Transpose(float* from, float* to, int rowCount, int columnCount)
    {
        for (var r = 0; r < rowCount; r += CacheLine)
            for (var c = 0; c < columnCount; c += CacheLine)
                CopyElements(
                    from + r + (nint)c * columns.From, 1, columns.From, to + (nint)r * rows.To + c, rows.To, 1,
                    Math.Min(CacheLine, rowCount - r), Math.Min(CacheLine, columnCount - c));
    }

    private static void CopyElements(
        float* from, nint rowFrom, nint columnFrom, float* to, nint rowTo, nint columnTo, int rowCount,
        int columnCount)
    {
        for (var r = 0; r < rowCount; r++, from += rowFrom, to += rowTo)
        {
            float* source = from, target = to;
            for (var c = 0; c < columnCount; c++, source += columnFrom, target += columnTo) *target = *source;
        }
    }
}
