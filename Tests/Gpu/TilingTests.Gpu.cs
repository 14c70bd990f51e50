using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>How products are shared among groups of threads.</summary>
[Category("Gpu")]
public sealed class TilingTests
{
    [Test]
    public void Pieces_cover_the_depth_and_none_is_empty(
        [Values(1, 64, 200, 131072)] int rows, [Values(1, 10, 192)] int columns, [Values(0, 1, 75, 2400, 131072)] int depth)
    {
        var tiling = Tiling.For(rows, columns, depth);
        Assert.That(tiling.PieceDepth % 16, Is.Zero);
        Assert.That((long)tiling.Pieces * tiling.PieceDepth, Is.GreaterThanOrEqualTo(depth));
        Assert.That((tiling.Pieces - 1L) * tiling.PieceDepth, Is.LessThan(Math.Max(depth, 1)));
        Assert.That((long)tiling.Down(rows) * tiling.Rows, Is.GreaterThanOrEqualTo(rows));
        Assert.That((long)tiling.Across(columns) * tiling.Columns, Is.GreaterThanOrEqualTo(columns));
        Assert.That(Tiling.For(rows, columns, depth, maxPieces: 1).Pieces, Is.EqualTo(1));
    }

    /// <summary>A thread adds a piece's products one after the other.</summary>
    [Test]
    public void Pieces_are_no_deeper_than_a_float_bears(
        [Values(1, 192, 3000)] int rows, [Values(1, 1000)] int columns) =>
        Assert.That(Tiling.For(rows, columns, 1 << 20).PieceDepth, Is.LessThanOrEqualTo(1 << 14));

    [Test]
    public void Large_products_take_large_tiles_and_few_tiles_are_cut_in_depth()
    {
        Assert.That(Tiling.For(4096, 4096, 4096), Is.EqualTo(new Tiling(128, 128, 1, 4096)));
        Assert.That(Tiling.For(131072, 192, 2400).Columns, Is.EqualTo(64), "no multiple of 128 would fit 192");
        Assert.That(Tiling.For(192, 2404, 32768).Pieces, Is.GreaterThan(4));
        Assert.That(Tiling.For(40, 33, 90), Is.EqualTo(new Tiling(64, 64, 1, 96)), "too little to share");
    }
}
