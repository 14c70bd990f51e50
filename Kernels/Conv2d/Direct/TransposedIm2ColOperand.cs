using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>
/// The patches as columns of a product: GEMM N is the float of the patch, GEMM K the position. For the weight gradient.
/// </summary>
internal readonly struct TransposedIm2ColOperand<TWidth>(Im2ColGeometry geometry)
    : IGemmOperand<TransposedIm2ColPosition>
    where TWidth : struct, IAccessWidth
{
    private const int OutOfBounds = int.MinValue / 2;

    public static bool IsKMajor => false;

    public TransposedIm2ColPosition PositionAt(int n, int k)
    {
        int outputRow = k / geometry.OutputW, kernelRow = n / geometry.KernelRowLength;
        var firstRow = kernelRow < geometry.KernelRows ? geometry.OriginH + kernelRow : OutOfBounds;
        var firstColumn = geometry.OriginW + n % geometry.KernelRowLength;
        return new(
            firstRow, firstColumn, outputRow / geometry.OutputH,
            firstRow + outputRow % geometry.OutputH * geometry.StrideH,
            firstColumn + k % geometry.OutputW * geometry.StrideW);
    }

    public TransposedIm2ColPosition Advance(TransposedIm2ColPosition position, int positions)
    {
        int image = position.Image, top = position.Row, left = position.Column + positions * geometry.StrideW;
        while (left - position.FirstColumn >= geometry.OutputSpanW)
        {
            left -= geometry.OutputSpanW;
            top += geometry.StrideH;
            if (top - position.FirstRow < geometry.OutputSpanH) continue;
            top = position.FirstRow;
            image++;
        }

        return new(position.FirstRow, position.FirstColumn, image, top, left);
    }

    public long Address => GpuAddress.Of(geometry.Pixels);

    public Float4 Load(TransposedIm2ColPosition position)
    {
        if (position.Image >= geometry.Images) return default;
        var start = position.Image * geometry.Height;
        int top = position.Row, left = position.Column;
        if (TWidth.IsVector4)
            return Float4.Load<TWidth>(
                geometry.Pixels, (start + top) * geometry.RowLength + left, IsInside(top, left) ? 4 : 0);

        var (end, bottom) = (ColumnEnd(position), RowEnd(position));
        var x = LoadElement(start, top, left);
        if (++left == end) (top, left) = NextRow(top, left, bottom);
        var y = LoadElement(start, top, left);
        if (++left == end) (top, left) = NextRow(top, left, bottom);
        var z = LoadElement(start, top, left);
        if (++left == end) (top, left) = NextRow(top, left, bottom);
        return new(x, y, z, LoadElement(start, top, left));
    }

    public void CopyToShared(TransposedIm2ColPosition position, AsyncCopy copy)
    {
        var isImage = position.Image < geometry.Images;
        var start = position.Image * geometry.Height;
        int top = position.Row, left = position.Column;
        if (TWidth.IsVector4)
        {
            copy.CopyFour<TWidth>((start + top) * geometry.RowLength + left, isImage && IsInside(top, left) ? 4 : 0);
            return;
        }

        var (end, bottom) = (ColumnEnd(position), RowEnd(position));
        for (var i = 0; i < 4; i++)
        {
            copy.CopyOne(i, (start + top) * geometry.RowLength + left, isImage && IsInside(top, left));
            if (++left == end) (top, left) = NextRow(top, left, bottom);
        }
    }

    /// <summary>The first row below the patch.</summary>
    private int RowEnd(TransposedIm2ColPosition position) =>
        position.Row - position.FirstRow + geometry.OriginH + geometry.KernelRows;

    /// <summary>The first column to the right of the patch.</summary>
    private int ColumnEnd(TransposedIm2ColPosition position) =>
        position.Column - position.FirstColumn + geometry.OriginW + geometry.KernelRowLength;

    /// <summary>The beginning of the patch's next row, if it has one.</summary>
    private (int Row, int Column) NextRow(int row, int column, int end) =>
        (row + 1 < end ? row + 1 : OutOfBounds, column - geometry.KernelRowLength);

    private float LoadElement(int start, int top, int left) =>
        IsInside(top, left) ? geometry.Pixels[(start + top) * geometry.RowLength + left] : 0;

    private bool IsInside(int top, int left) =>
        (uint)top < (uint)geometry.Height && (uint)left < (uint)geometry.RowLength;
}

/// <summary>A float of a patch.</summary>
/// <param name="firstRow">
/// Its row for an image's first patch; far above every image beyond the patch's last float.
/// </param>
/// <param name="firstColumn">Its column, in floats, for an image's first patch.</param>
/// <param name="image">The patch's image.</param>
/// <param name="row">Its row; negative above the image.</param>
/// <param name="column">Its column, in floats; negative to the left of the image.</param>
internal readonly struct TransposedIm2ColPosition(int firstRow, int firstColumn, int image, int row, int column)
{
    public readonly int FirstRow = firstRow, FirstColumn = firstColumn, Image = image, Row = row, Column = column;
}
