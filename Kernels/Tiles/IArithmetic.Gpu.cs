using ILGPU;

namespace PyNetSharp;

/// <summary>What multiplies a tile's floats once they lie in shared memory, and which sums each thread holds.</summary>
/// <remarks>A thread's 8×8 sums are two by two blocks of 4×4.</remarks>
internal interface IArithmetic
{
    /// <summary>Floats of each of the tile's lines that a step multiplies: 8 or 16.</summary>
    static abstract int Depth<TShape>() where TShape : struct, ITileShape;

    /// <summary>The tile's row and column of the calling thread's first sum, and the way from there to the second block.</summary>
    static abstract int Row<TShape>() where TShape : struct, ITileShape;

    static abstract int Column<TShape>() where TShape : struct, ITileShape;

    static abstract int RowsApart<TShape>() where TShape : struct, ITileShape;

    static abstract int ColumnsApart<TShape>() where TShape : struct, ITileShape;

    /// <summary>Four floats as they shall lie in shared memory.</summary>
    static abstract Float4 Round(Float4 floats);

    /// <summary>Sums with the same <paramref name="start"/> in each row.</summary>
    static abstract Sums8x8 Begin(Sums8 start);

    /// <summary>The sums plus one step's products.</summary>
    /// <param name="lefts">[depth, <see cref="ProductTile.Stride"/> of the tile's rows]</param>
    /// <param name="rights">[depth, <see cref="ProductTile.Stride"/> of the tile's columns]</param>
    static abstract Sums8x8 Multiply<TShape>(Sums8x8 sums, ArrayView<Float4> lefts, ArrayView<Float4> rights)
        where TShape : struct, ITileShape;

    /// <summary>The sums after the last step.</summary>
    static abstract Sums8x8 End(Sums8x8 sums);
}
