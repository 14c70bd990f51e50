using ILGPU;

namespace PyNetSharp;

/// <summary>Each thread multiplies for itself, in float32.</summary>
/// <remarks>Its blocks of sums are half a tile apart, so that the threads of a warp read neighbouring floats.</remarks>
internal readonly struct Multipliers : IArithmetic
{
    public static int Depth<TShape>() where TShape : struct, ITileShape => 8;

    public static int Row<TShape>() where TShape : struct, ITileShape => Group.IdxX / (TShape.Columns / 8) * 4;

    public static int Column<TShape>() where TShape : struct, ITileShape => Group.IdxX % (TShape.Columns / 8) * 4;

    public static int RowsApart<TShape>() where TShape : struct, ITileShape => TShape.Rows / 2;

    public static int ColumnsApart<TShape>() where TShape : struct, ITileShape => TShape.Columns / 2;

    public static Float4 Round(Float4 floats) => floats;

    public static Sums8x8 Begin(Sums8 start) => new(start, start, start, start, start, start, start, start);

    public static Sums8x8 Multiply<TShape>(Sums8x8 sums, ArrayView<Float4> lefts, ArrayView<Float4> rights)
        where TShape : struct, ITileShape
    {
        // Offsets from here on are constants, which loads have room for; and ILGPU unrolls no loop.
        var beside = lefts.SubView(Row<TShape>() / 4);
        var above = rights.SubView(Column<TShape>() / 4);
        sums = Plus<TShape>(sums, beside, above, 0);
        sums = Plus<TShape>(sums, beside, above, 1);
        sums = Plus<TShape>(sums, beside, above, 2);
        sums = Plus<TShape>(sums, beside, above, 3);
        sums = Plus<TShape>(sums, beside, above, 4);
        sums = Plus<TShape>(sums, beside, above, 5);
        sums = Plus<TShape>(sums, beside, above, 6);
        return Plus<TShape>(sums, beside, above, 7);
    }

    public static Sums8x8 End(Sums8x8 sums) => sums;

    private static Sums8x8 Plus<TShape>(Sums8x8 sums, ArrayView<Float4> beside, ArrayView<Float4> above, int k)
        where TShape : struct, ITileShape
    {
        int left = k * ProductTile.Stride(TShape.Rows) / 4, right = k * ProductTile.Stride(TShape.Columns) / 4;
        return sums.Plus(beside[left], beside[left + TShape.Rows / 8], above[right], above[right + TShape.Columns / 8]);
    }
}
