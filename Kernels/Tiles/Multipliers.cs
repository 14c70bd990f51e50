using ILGPU;

namespace PyNetSharp;

/// <summary>Each thread multiplies for itself, in float32.</summary>
/// <remarks>
/// A thread's 8×8 sums are two by two blocks of 4×4, half a tile apart, so that the threads of a warp read neighbouring floats.
/// </remarks>
internal static class Multipliers
{
    /// <summary>Floats of each of the tile's lines that a step multiplies.</summary>
    public const int Depth = 8;

    /// <summary>The tile's row and column of the calling thread's first sum, and the way from there to the second block.</summary>
    public static int Row<TShape>() where TShape : struct, ITileShape => Group.IdxX / (TShape.Columns / 8) * 4;

    public static int Column<TShape>() where TShape : struct, ITileShape => Group.IdxX % (TShape.Columns / 8) * 4;

    public static int RowsApart<TShape>() where TShape : struct, ITileShape => TShape.Rows / 2;

    public static int ColumnsApart<TShape>() where TShape : struct, ITileShape => TShape.Columns / 2;

    /// <summary>Sums with the same <paramref name="start"/> in each row.</summary>
    public static Sums8x8 Begin(Sums8 start) => new(start, start, start, start, start, start, start, start);

    /// <summary>The sums plus one step's products.</summary>
    /// <param name="lefts">[depth, <see cref="ProductTile.Stride"/> of the tile's rows]</param>
    /// <param name="rights">[depth, <see cref="ProductTile.Stride"/> of the tile's columns]</param>
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

    private static Sums8x8 Plus<TShape>(Sums8x8 sums, ArrayView<Float4> beside, ArrayView<Float4> above, int k)
        where TShape : struct, ITileShape
    {
        int left = k * ProductTile.Stride(TShape.Rows) / 4, right = k * ProductTile.Stride(TShape.Columns) / 4;
        return sums.Plus(beside[left], beside[left + TShape.Rows / 8], above[right], above[right + TShape.Columns / 8]);
    }
}
