using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>
/// The patches as rows of a product: GEMM M is the position, GEMM K the float of the patch. For the forward pass and
/// the input gradient.
/// </summary>
internal readonly struct Im2ColOperand<TAccess>(Im2ColGeometry geometry) : IGemmOperand<Im2ColCursor>
    where TAccess : struct, IGlobalAccess
{
    public static bool IsKMajor => true;

    public Im2ColCursor CursorAt(int m, int k)
    {
        int line = geometry.OutputW.Quotient(m), image = geometry.OutputH.Quotient(line);
        int top = (line - image * geometry.OutputH.Divisor) * geometry.StrideH + geometry.OriginH;
        int left = (m - line * geometry.OutputW.Divisor) * geometry.StrideW + geometry.OriginW;
        var end = m < geometry.Positions ? Math.Max(0, Math.Min(geometry.Height, top + geometry.KernelRows)) : 0;
        return new(top, end, left, (image * geometry.Height + top) * geometry.RowLength + left, k);
    }

    public Im2ColCursor Advance(Im2ColCursor cursor, int k) =>
        new(cursor.Top, cursor.RowEnd, cursor.Left, cursor.Offset, cursor.K + k);

    public long Address => GpuAddress.Of(geometry.Pixels);

    public Float4 Load(Im2ColCursor cursor)
    {
        var (row, column) = KernelRowAndOffset(cursor.K);
        if (TAccess.IsVector4)
            return Float4.Load<TAccess>(
                geometry.Pixels, OffsetOf(cursor, row, column), IsInside(cursor, row, column) ? 4 : 0);

        var f0 = LoadElement(cursor, row, column);
        (row, column) = Next(row, column);
        var f1 = LoadElement(cursor, row, column);
        (row, column) = Next(row, column);
        var f2 = LoadElement(cursor, row, column);
        (row, column) = Next(row, column);
        return new(f0, f1, f2, LoadElement(cursor, row, column));
    }

    public void CopyToShared(Im2ColCursor cursor, AsyncCopy copy)
    {
        var (row, column) = KernelRowAndOffset(cursor.K);
        if (TAccess.IsVector4)
        {
            copy.CopyFour<TAccess>(OffsetOf(cursor, row, column), IsInside(cursor, row, column) ? 4 : 0);
            return;
        }

        for (var i = 0; i < 4; i++, (row, column) = Next(row, column))
            copy.CopyOne(i, OffsetOf(cursor, row, column), IsInside(cursor, row, column));
    }

    /// <summary>
    /// The patch's row, and the offset in it. There is no loop and no branch: the compiler mixes these instructions
    /// with the multiplications.
    /// </summary>
    private (int Row, int Column) KernelRowAndOffset(int k)
    {
        var row = geometry.KernelRowLength.Quotient(k);
        return (row, k - row * geometry.KernelRowLength.Divisor);
    }

    private (int Row, int Column) Next(int row, int column) =>
        column + 1 < geometry.KernelRowLength.Divisor ? (row, column + 1) : (row + 1, 0);

    private float LoadElement(Im2ColCursor cursor, int row, int column) =>
        IsInside(cursor, row, column) ? geometry.Pixels[OffsetOf(cursor, row, column)] : 0;

    private int OffsetOf(Im2ColCursor cursor, int row, int column) =>
        cursor.Offset + row * geometry.RowLength + column;

    private bool IsInside(Im2ColCursor cursor, int row, int column) =>
        (uint)(cursor.Top + row) < (uint)cursor.RowEnd && (uint)(cursor.Left + column) < (uint)geometry.RowLength;
}

/// <summary>A float of a patch.</summary>
/// <param name="top">The patch's first row in the image; negative above it.</param>
/// <param name="rowEnd">The first row below the image or the patch; 0 beyond the last patch.</param>
/// <param name="left">The patch's first column in floats; negative to the left of the image.</param>
/// <param name="offset">The offset of the patch's first float in the images, if it is inside one.</param>
/// <param name="k">The float of the patch.</param>
internal readonly struct Im2ColCursor(int top, int rowEnd, int left, int offset, int k)
{
    public readonly int Top = top, RowEnd = rowEnd, Left = left, Offset = offset, K = k;
}
