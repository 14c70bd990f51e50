namespace PyNetSharp.Kernels.Gemm;

/// <summary>A row-major matrix, or the transpose of one, as an operand; or a part of one.</summary>
/// <param name="Rows">Of the operand: after the transposition, if there is one.</param>
/// <param name="Columns">Likewise.</param>
internal readonly unsafe record struct Matrix(nint Address, int Rows, int Columns, bool Transposed)
{
    public float* Pointer => (float*)Address;

    /// <summary>Floats from one stored row to the next.</summary>
    public nint Stride { get; private init; } = Transposed ? Rows : Columns;

    public static Matrix Of(Tensor tensor, bool transposed)
    {
        var (rows, columns) = tensor.Shape;
        return transposed ? new((nint)tensor.Pointer, columns, rows, true) : new((nint)tensor.Pointer, rows, columns, false);
    }

    /// <summary>So many rows from one on, of so many columns from one on.</summary>
    public Matrix Slice(int row, int rows, int column, int columns) => this with
    {
        Address = (nint)(Transposed ? Pointer + column * Stride + row : Pointer + row * Stride + column),
        Rows = rows, Columns = columns,
    };
}
