using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>Windows as the lines of a product, which sums over a window's floats: forward, and the gradient by the input.</summary>
internal readonly struct Im2ColOperand<TWidth>(Im2ColGeometry geometry) : IGemmOperand<Im2ColPosition> where TWidth : struct, IAccessWidth
{
    public static bool IsKMajor => true;

    public Im2ColPosition PositionAt(int line, int depth)
    {
        int row = line / geometry.OutputW, image = row / geometry.OutputH;
        int tap = depth / geometry.KernelRowLength, inRun = depth % geometry.KernelRowLength;
        int top = row % geometry.OutputH * geometry.StrideH + geometry.OriginH;
        int column = line % geometry.OutputW * geometry.StrideW + geometry.OriginW + inRun;
        var bottom = line < geometry.Positions ? Math.Max(0, Math.Min(geometry.Height, top + geometry.KernelRows)) : 0;
        return new(top + tap, bottom, column, inRun, (image * geometry.Height + top + tap) * geometry.RowLength + column);
    }

    public Im2ColPosition Advance(Im2ColPosition place, int floats)
    {
        int row = place.Row, column = place.Column + floats, inRun = place.KernelRowOffset + floats, offset = place.Offset + floats;
        while (inRun >= geometry.KernelRowLength)
        {
            inRun -= geometry.KernelRowLength;
            column -= geometry.KernelRowLength;
            offset += geometry.RowLength - geometry.KernelRowLength;
            row++;
        }

        return new(row, place.RowEnd, column, inRun, offset);
    }

    public long Address => GpuAddress.Of(geometry.Pixels);

    public Float4 Load(Im2ColPosition place)
    {
        if (TWidth.IsVector4) return Float4.Load<TWidth>(geometry.Pixels, place.Offset, IsInside(place) ? 4 : 0);

        var second = Advance(place, 1);
        var third = Advance(second, 1);
        return new(LoadElement(place), LoadElement(second), LoadElement(third), LoadElement(Advance(third, 1)));
    }

    public void CopyToShared(Im2ColPosition place, AsyncCopy copy)
    {
        if (TWidth.IsVector4)
        {
            copy.CopyFour<TWidth>(place.Offset, IsInside(place) ? 4 : 0);
            return;
        }

        for (var i = 0; i < 4; i++, place = Advance(place, 1)) copy.CopyOne(i, place.Offset, IsInside(place));
    }

    private float LoadElement(Im2ColPosition place) => IsInside(place) ? geometry.Pixels[place.Offset] : 0;

    private bool IsInside(Im2ColPosition place) =>
        (uint)place.Row < (uint)place.RowEnd && (uint)place.Column < (uint)geometry.RowLength;
}

/// <summary>A float of a window.</summary>
/// <param name="row">Of the image; negative above it.</param>
/// <param name="rowEnd">The first row below the image or the window; 0 for a window that there is not.</param>
/// <param name="column">In floats; negative to the left of the image.</param>
/// <param name="kernelRowOffset">The float's place in the window's row.</param>
/// <param name="offset">The float's place in memory, where there is one.</param>
internal readonly struct Im2ColPosition(int row, int rowEnd, int column, int kernelRowOffset, int offset)
{
    public readonly int Row = row, RowEnd = rowEnd, Column = column, KernelRowOffset = kernelRowOffset, Offset = offset;
}
