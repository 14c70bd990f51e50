namespace PyNetSharp;

/// <summary>A row-major matrix, or the transpose of one, as an operand.</summary>
/// <param name="Rows">Of the operand: after the transposition, if there is one.</param>
/// <param name="Columns">Likewise.</param>
internal readonly unsafe record struct Matrix(nint Address, int Rows, int Columns, bool Transposed)
{
    public float* Data => (float*)Address;

    /// <summary>Floats from one stored row to the next.</summary>
    public nint Stride => Transposed ? Rows : Columns;

    public static Matrix Of(Tensor tensor, bool transposed)
    {
        var (rows, columns) = tensor.Shape;
        return transposed ? new((nint)tensor.Pointer, columns, rows, true) : new((nint)tensor.Pointer, rows, columns, false);
    }
}
