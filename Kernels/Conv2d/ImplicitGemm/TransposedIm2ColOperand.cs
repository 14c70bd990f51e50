using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>
/// The patches as columns of a product: GEMM N is the float of the patch, GEMM K the position. For the weight gradient.
/// </summary>
internal readonly struct TransposedIm2ColOperand<TAccess>(Im2ColGeometry geometry)
    : IGemmOperand<TransposedIm2ColCursor>
    where TAccess : struct, IGlobalAccess
{
    private const int OutOfBounds = int.MinValue / 2;       // half: adding a row offset must not wrap

    public static bool IsKMajor => false;

    public TransposedIm2ColCursor CursorAt(int n, int k)
    {
        var kernelRow = geometry.KernelRowLength.Quotient(n);
        return new(
            kernelRow < geometry.KernelRows ? geometry.OriginH + kernelRow : OutOfBounds,
            geometry.OriginW + n - kernelRow * geometry.KernelRowLength.Divisor, k);
    }

    public TransposedIm2ColCursor Advance(TransposedIm2ColCursor cursor, int k) =>
        new(cursor.FirstRow, cursor.FirstColumn, cursor.K + k);

    public long Address => GpuAddress.Of(geometry.Pixels);

    public Float4 Load(TransposedIm2ColCursor cursor)
    {
        var (image, row, column) = Locate(cursor);
        if (TAccess.IsVector4)
            return Float4.Load<TAccess>(
                geometry.Pixels, Offset(image, row, column), IsInside(cursor.K, row, column) ? 4 : 0);

        var (end, bottom) = (ColumnEnd(cursor, column), RowEnd(cursor, row));
        var f0 = LoadElement(cursor.K, image, row, column);
        if (++column == end) (row, column) = NextRow(row, column, bottom);
        var f1 = LoadElement(cursor.K, image, row, column);
        if (++column == end) (row, column) = NextRow(row, column, bottom);
        var f2 = LoadElement(cursor.K, image, row, column);
        if (++column == end) (row, column) = NextRow(row, column, bottom);
        var f3 = LoadElement(cursor.K, image, row, column);
        return new(f0, f1, f2, f3);
    }

    public void CopyToShared(TransposedIm2ColCursor cursor, AsyncCopy copy)
    {
        var (image, row, column) = Locate(cursor);
        if (TAccess.IsVector4)
        {
            copy.CopyFour<TAccess>(Offset(image, row, column), IsInside(cursor.K, row, column) ? 4 : 0);
            return;
        }

        var (end, bottom) = (ColumnEnd(cursor, column), RowEnd(cursor, row));
        for (var i = 0; i < 4; i++)
        {
            copy.CopyOne(i, Offset(image, row, column), IsInside(cursor.K, row, column));
            if (++column == end) (row, column) = NextRow(row, column, bottom);
        }
    }

    /// <summary>
    /// Where a float is. There is no loop and no branch: the compiler mixes these instructions with the
    /// multiplications.
    /// </summary>
    private (int Image, int Row, int Column) Locate(TransposedIm2ColCursor cursor)
    {
        int line = geometry.OutputW.Quotient(cursor.K), image = geometry.OutputH.Quotient(line);
        return (
            image, cursor.FirstRow + (line - image * geometry.OutputH.Divisor) * geometry.StrideH,
            cursor.FirstColumn + (cursor.K - line * geometry.OutputW.Divisor) * geometry.StrideW);
    }

    /// <summary>The first row below the patch.</summary>
    private int RowEnd(TransposedIm2ColCursor cursor, int row) =>
        row - cursor.FirstRow + geometry.OriginH + geometry.KernelRows;

    /// <summary>The first column to the right of the patch.</summary>
    private int ColumnEnd(TransposedIm2ColCursor cursor, int column) =>
        column - cursor.FirstColumn + geometry.OriginW + geometry.KernelRowLength.Divisor;

    /// <summary>The beginning of the patch's next row, if it has one.</summary>
    private (int Row, int Column) NextRow(int row, int column, int end) =>
        (row + 1 < end ? row + 1 : OutOfBounds, column - geometry.KernelRowLength.Divisor);

    private float LoadElement(int k, int image, int row, int column) =>
        IsInside(k, row, column) ? geometry.Pixels[Offset(image, row, column)] : 0;

    private int Offset(int image, int row, int column) => (image * geometry.Height + row) * geometry.RowLength + column;

    private bool IsInside(int k, int row, int column) =>
        k < geometry.Positions && (uint)row < (uint)geometry.Height && (uint)column < (uint)geometry.RowLength;
}

/// <summary>A float of a patch.</summary>
/// <param name="firstRow">
/// Its row for an image's first patch; far above every image beyond the patch's last float.
/// </param>
/// <param name="firstColumn">Its column, in floats, for an image's first patch.</param>
/// <param name="k">The patch's position.</param>
internal readonly struct TransposedIm2ColCursor(int firstRow, int firstColumn, int k)
{
    public readonly int FirstRow = firstRow, FirstColumn = firstColumn, K = k;
}
