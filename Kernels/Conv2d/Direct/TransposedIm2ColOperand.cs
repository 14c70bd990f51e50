using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>
/// The floats of a window as the lines of a product, which sums over the window's positions: the gradient by the weight.
/// </summary>
internal readonly struct TransposedIm2ColOperand<TWidth>(Im2ColGeometry geometry) : IGemmOperand<TransposedIm2ColPosition> where TWidth : struct, IAccessWidth
{
    private const int OutOfBounds = int.MinValue / 2;

    public static bool IsKMajor => false;

    public TransposedIm2ColPosition PositionAt(int line, int depth)
    {
        int row = depth / geometry.OutputW, tap = line / geometry.KernelRowLength;
        var firstTop = tap < geometry.KernelRows ? geometry.OriginH + tap : OutOfBounds;
        var firstLeft = geometry.OriginW + line % geometry.KernelRowLength;
        return new(
            firstTop, firstLeft, row / geometry.OutputH,
            firstTop + row % geometry.OutputH * geometry.StrideH, firstLeft + depth % geometry.OutputW * geometry.StrideW);
    }

    public TransposedIm2ColPosition Advance(TransposedIm2ColPosition place, int positions)
    {
        int image = place.Image, top = place.Row, left = place.Column + positions * geometry.StrideW;
        while (left - place.FirstColumn >= geometry.OutputSpanW)
        {
            left -= geometry.OutputSpanW;
            top += geometry.StrideH;
            if (top - place.FirstRow < geometry.OutputSpanH) continue;
            top = place.FirstRow;
            image++;
        }

        return new(place.FirstRow, place.FirstColumn, image, top, left);
    }

    public long Address => GpuAddress.Of(geometry.Pixels);

    public Float4 Load(TransposedIm2ColPosition place)
    {
        if (place.Image >= geometry.Images) return default;
        var start = place.Image * geometry.Height;
        int top = place.Row, left = place.Column;
        if (TWidth.IsVector4)
            return Float4.Load<TWidth>(
                geometry.Pixels, (start + top) * geometry.RowLength + left, IsInside(top, left) ? 4 : 0);

        var (end, bottom) = (left - place.FirstColumn + geometry.OriginW + geometry.KernelRowLength, RowEnd(place));     // of the window
        var x = LoadElement(start, top, left);
        if (++left == end) (top, left) = (top + 1 < bottom ? top + 1 : OutOfBounds, left - geometry.KernelRowLength);
        var y = LoadElement(start, top, left);
        if (++left == end) (top, left) = (top + 1 < bottom ? top + 1 : OutOfBounds, left - geometry.KernelRowLength);
        var z = LoadElement(start, top, left);
        if (++left == end) (top, left) = (top + 1 < bottom ? top + 1 : OutOfBounds, left - geometry.KernelRowLength);
        return new(x, y, z, LoadElement(start, top, left));
    }

    public void CopyToShared(TransposedIm2ColPosition place, AsyncCopy copy)
    {
        var isImage = place.Image < geometry.Images;
        var start = place.Image * geometry.Height;
        int top = place.Row, left = place.Column;
        if (TWidth.IsVector4)
        {
            copy.CopyFour<TWidth>((start + top) * geometry.RowLength + left, isImage && IsInside(top, left) ? 4 : 0);
            return;
        }

        var (end, bottom) = (left - place.FirstColumn + geometry.OriginW + geometry.KernelRowLength, RowEnd(place));     // of the window
        for (var i = 0; i < 4; i++)
        {
            copy.CopyOne(i, (start + top) * geometry.RowLength + left, isImage && IsInside(top, left));
            if (++left == end) (top, left) = (top + 1 < bottom ? top + 1 : OutOfBounds, left - geometry.KernelRowLength);
        }
    }

    /// <summary>The first row below the window that the place is in.</summary>
    private int RowEnd(TransposedIm2ColPosition place) => place.Row - place.FirstRow + geometry.OriginH + geometry.KernelRows;

    private float LoadElement(int start, int top, int left) =>
        IsInside(top, left) ? geometry.Pixels[(start + top) * geometry.RowLength + left] : 0;

    private bool IsInside(int top, int left) =>
        (uint)top < (uint)geometry.Height && (uint)left < (uint)geometry.RowLength;
}

/// <summary>A float of a window, by where it lies in an image.</summary>
/// <param name="firstRow">
/// Its row in the first window of an image; far above every image where the window has no such float.
/// </param>
/// <param name="firstColumn">Its place in that row.</param>
/// <param name="row">The row; negative above the image.</param>
/// <param name="column">The place there, in floats; negative to the left of the image.</param>
internal readonly struct TransposedIm2ColPosition(int firstRow, int firstColumn, int image, int row, int column)
{
    public readonly int FirstRow = firstRow, FirstColumn = firstColumn, Image = image, Row = row, Column = column;
}
