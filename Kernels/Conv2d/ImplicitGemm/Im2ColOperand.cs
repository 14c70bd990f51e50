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
        int row = m / geometry.OutputW, image = row / geometry.OutputH;
        int kernelRow = k / geometry.KernelRowLength, offsetInRow = k % geometry.KernelRowLength;
        int top = row % geometry.OutputH * geometry.StrideH + geometry.OriginH;
        int column = m % geometry.OutputW * geometry.StrideW + geometry.OriginW + offsetInRow;
        var end = m < geometry.Positions ? Math.Max(0, Math.Min(geometry.Height, top + geometry.KernelRows)) : 0;
        return new(
            top + kernelRow, end, column, offsetInRow,
            (image * geometry.Height + top + kernelRow) * geometry.RowLength + column);
    }

    public Im2ColCursor Advance(Im2ColCursor cursor, int k)
    {
        int row = cursor.Row, column = cursor.Column + k;
        int offsetInRow = cursor.KernelRowOffset + k, offset = cursor.Offset + k;
        while (offsetInRow >= geometry.KernelRowLength)
        {
            offsetInRow -= geometry.KernelRowLength;
            column -= geometry.KernelRowLength;
            offset += geometry.RowLength - geometry.KernelRowLength;
            row++;
        }

        return new(row, cursor.RowEnd, column, offsetInRow, offset);
    }

    public long Address => GpuAddress.Of(geometry.Pixels);

    public Float4 Load(Im2ColCursor cursor)
    {
        if (TAccess.IsVector4) return Float4.Load<TAccess>(geometry.Pixels, cursor.Offset, IsInside(cursor) ? 4 : 0);

        var second = Advance(cursor, 1);
        var third = Advance(second, 1);
        return new(LoadElement(cursor), LoadElement(second), LoadElement(third), LoadElement(Advance(third, 1)));
    }

    public void CopyToShared(Im2ColCursor cursor, AsyncCopy copy)
    {
        if (TAccess.IsVector4)
        {
            copy.CopyFour<TAccess>(cursor.Offset, IsInside(cursor) ? 4 : 0);
            return;
        }

        for (var i = 0; i < 4; i++, cursor = Advance(cursor, 1))
            copy.CopyOne(i, cursor.Offset, IsInside(cursor));
    }

    private float LoadElement(Im2ColCursor cursor) => IsInside(cursor) ? geometry.Pixels[cursor.Offset] : 0;

    private bool IsInside(Im2ColCursor cursor) =>
        (uint)cursor.Row < (uint)cursor.RowEnd && (uint)cursor.Column < (uint)geometry.RowLength;
}

/// <summary>A float of a patch.</summary>
/// <param name="row">Its row in the image; negative above it.</param>
/// <param name="rowEnd">The first row below the image or the patch; 0 beyond the last patch.</param>
/// <param name="column">Its column in floats; negative to the left of the image.</param>
/// <param name="kernelRowOffset">Its offset in the patch's row.</param>
/// <param name="offset">Its offset in the images, if it is inside one.</param>
internal readonly struct Im2ColCursor(int row, int rowEnd, int column, int kernelRowOffset, int offset)
{
    public readonly int Row = row, RowEnd = rowEnd, Column = column, KernelRowOffset = kernelRowOffset, Offset = offset;
}
