namespace PyNetSharp.Kernels.Gemm;

/// <summary>An operand of a matrix product: a row-major matrix, the transpose of one, or a part of either.</summary>
/// <param name="Rows">Rows of the operand, after the transposition if there is one.</param>
/// <param name="Columns">Columns of the operand, likewise.</param>
/// <param name="Transposed">Whether the operand is the transpose of what is stored.</param>
internal readonly unsafe record struct Matrix(nint Address, int Rows, int Columns, bool Transposed)
{
    public float* Pointer => (float*)Address;

    /// <summary>Floats from one stored row to the next.</summary>
    public nint Stride { get; private init; } = Transposed ? Rows : Columns;

    public static Matrix Of(Tensor tensor, bool transposed)
    {
        var (rows, columns) = tensor.Shape;
        return transposed
            ? new((nint)tensor.Pointer, columns, rows, true)
            : new((nint)tensor.Pointer, rows, columns, false);
    }

    /// <summary>The operand of one product of a batch.</summary>
    public static Matrix Of(BatchedMatrix batch, int product) =>
        new((nint)(batch.Tensor.Pointer + batch.Offset(product)), batch.Rows, batch.Columns, batch.Transposed);

    /// <summary>
    /// The part of <paramref name="rows"/> by <paramref name="columns"/> elements that begins at [row, column].
    /// </summary>
    public Matrix Slice(int row, int rows, int column, int columns) => this with
    {
        Address = (nint)(Transposed ? Pointer + column * Stride + row : Pointer + row * Stride + column),
        Rows = rows, Columns = columns,
    };
}
