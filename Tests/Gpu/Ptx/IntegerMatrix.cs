namespace PyNetSharp.Tests;

/// <summary>A matrix of small integers.</summary>
internal sealed class IntegerMatrix(int rows, int columns, Func<int, int, float> element)
{
    private readonly float[] values =
        [.. Enumerable.Range(0, rows * columns).Select(i => element(i / columns, i % columns))];

    /// <summary>Of −4 … 4 in an irregular order.</summary>
    public IntegerMatrix(int rows, int columns)
        : this(rows, columns, (row, column) => (row * 7 + column * column * 5 + row * column) % 9 - 4)
    {
    }

    public int Rows => rows;

    public int Columns => columns;

    public IntegerMatrix Transposed => new(columns, rows, (row, column) => this[column, row]);

    /// <summary>With a row of ones at <see cref="OnesColumn.IndexFor"/> and zeros around it.</summary>
    public IntegerMatrix WithOnesRow =>
        new(
            OnesColumn.ExtendedColumns(rows), columns,
            (row, column) => row < rows ? this[row, column] : row == OnesColumn.IndexFor(rows) ? 1 : 0);

    public float this[int row, int column] => values[row * columns + column];

    public Tensor ToTensor(Device device) => Tensor.From([rows, columns], values, device);
}
