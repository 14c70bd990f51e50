using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>
/// The patches as columns of a product: GEMM N is the float of the patch, GEMM K the position. For the weight gradient.
/// </summary>
internal readonly struct TransposedIm2ColOperand<TAccess>(Im2ColGeometry geometry)
    : IGemmOperand<TransposedIm2ColCursor>
    where TAccess : struct, IGlobalAccess
{
    private const int OutOfBounds = int.MinValue / 2;       // half: FirstRow + a row offset must not wrap

    public static bool IsKMajor => false;

    public TransposedIm2ColCursor CursorAt(int n, int k)
    {
        int outputRow = k / geometry.OutputW, kernelRow = n / geometry.KernelRowLength;
        var firstRow = kernelRow < geometry.KernelRows ? geometry.OriginH + kernelRow : OutOfBounds;
        var firstColumn = geometry.OriginW + n % geometry.KernelRowLength;
        return new(
            firstRow, firstColumn, outputRow / geometry.OutputH,
            firstRow + outputRow % geometry.OutputH * geometry.StrideH,
            firstColumn + k % geometry.OutputW * geometry.StrideW);
    }

    public TransposedIm2ColCursor Advance(TransposedIm2ColCursor cursor, int k)
    {
        int image = cursor.Image, row = cursor.Row, column = cursor.Column + k * geometry.StrideW;
        while (column - cursor.FirstColumn >= geometry.OutputSpanW)
        {
            column -= geometry.OutputSpanW;
            row += geometry.StrideH;
            if (row - cursor.FirstRow < geometry.OutputSpanH) continue;
            row = cursor.FirstRow;
            image++;
        }

        return new(cursor.FirstRow, cursor.FirstColumn, image, row, column);
    }

    public long Address => GpuAddress.Of(geometry.Pixels);

    public Float4 Load(TransposedIm2ColCursor cursor)
    {
        if (cursor.Image >= geometry.Images) return default;
        var start = cursor.Image * geometry.Height;
        int row = cursor.Row, column = cursor.Column;
        if (TAccess.IsVector4)
            return Float4.Load<TAccess>(
                geometry.Pixels, (start + row) * geometry.RowLength + column, IsInside(row, column) ? 4 : 0);

        var (end, bottom) = (ColumnEnd(cursor), RowEnd(cursor));
        var f0 = LoadElement(start, row, column);
        if (++column == end) (row, column) = NextRow(row, column, bottom);
        var f1 = LoadElement(start, row, column);
        if (++column == end) (row, column) = NextRow(row, column, bottom);
        var f2 = LoadElement(start, row, column);
        if (++column == end) (row, column) = NextRow(row, column, bottom);
        var f3 = LoadElement(start, row, column);
        return new(f0, f1, f2, f3);
    }

    public void CopyToShared(TransposedIm2ColCursor cursor, AsyncCopy copy)
    {
        var isImage = cursor.Image < geometry.Images;
        var start = cursor.Image * geometry.Height;
        int row = cursor.Row, column = cursor.Column;
        if (TAccess.IsVector4)
        {
            copy.CopyFour<TAccess>(
                (start + row) * geometry.RowLength + column, isImage && IsInside(row, column) ? 4 : 0);
            return;
        }

        var (end, bottom) = (ColumnEnd(cursor), RowEnd(cursor));
        for (var i = 0; i < 4; i++)
        {
            copy.CopyOne(i, (start + row) * geometry.RowLength + column, isImage && IsInside(row, column));
            if (++column == end) (row, column) = NextRow(row, column, bottom);
        }
    }

    /// <summary>The first row below the patch.</summary>
    private int RowEnd(TransposedIm2ColCursor cursor) =>
        cursor.Row - cursor.FirstRow + geometry.OriginH + geometry.KernelRows;

    /// <summary>The first column to the right of the patch.</summary>
    private int ColumnEnd(TransposedIm2ColCursor cursor) =>
        cursor.Column - cursor.FirstColumn + geometry.OriginW + geometry.KernelRowLength;

    /// <summary>The beginning of the patch's next row, if it has one.</summary>
    private (int Row, int Column) NextRow(int row, int column, int end) =>
        (row + 1 < end ? row + 1 : OutOfBounds, column - geometry.KernelRowLength);

    private float LoadElement(int start, int row, int column) =>
        IsInside(row, column) ? geometry.Pixels[(start + row) * geometry.RowLength + column] : 0;

    private bool IsInside(int row, int column) =>
        (uint)row < (uint)geometry.Height && (uint)column < (uint)geometry.RowLength;
}

/// <summary>A float of a patch.</summary>
/// <param name="firstRow">
/// Its row for an image's first patch; far above every image beyond the patch's last float.
/// </param>
/// <param name="firstColumn">Its column, in floats, for an image's first patch.</param>
/// <param name="image">The patch's image.</param>
/// <param name="row">Its row; negative above the image.</param>
/// <param name="column">Its column, in floats; negative to the column of the image.</param>
internal readonly struct TransposedIm2ColCursor(int firstRow, int firstColumn, int image, int row, int column)
{
    public readonly int FirstRow = firstRow, FirstColumn = firstColumn, Image = image, Row = row, Column = column;
}
