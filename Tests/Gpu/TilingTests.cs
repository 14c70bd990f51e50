using ILGPU;
using ILGPU.Runtime.CPU;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>How products are shared among groups of threads.</summary>
[Category("Gpu")]
public sealed class TilingTests
{
    private const int Large = 132;      // processors of a large GPU

    [Test]
    public void Pieces_cover_the_depth_and_none_is_empty(
        [Values(1, 64, 200, 131072)] int rows, [Values(1, 10, 192)] int columns, [Values(0, 1, 75, 2400, 131072)] int depth,
        [Values(1, 24, 132)] int processors)
    {
        var tiling = Tiling.For(rows, columns, depth, processors);
        Assert.That(tiling.PieceDepth % 16, Is.Zero);
        Assert.That((long)tiling.Pieces * tiling.PieceDepth, Is.GreaterThanOrEqualTo(depth));
        Assert.That((tiling.Pieces - 1L) * tiling.PieceDepth, Is.LessThan(Math.Max(depth, 1)));
        Assert.That((long)tiling.Down(rows) * tiling.Rows, Is.GreaterThanOrEqualTo(rows));
        Assert.That((long)tiling.Across(columns) * tiling.Columns, Is.GreaterThanOrEqualTo(columns));
        Assert.That(Tiling.For(rows, columns, depth, processors, maxPieces: 1).Pieces, Is.EqualTo(1));
    }

    /// <summary>A thread adds a piece's products one after the other.</summary>
    [Test]
    public void Pieces_are_no_deeper_than_a_float_bears(
        [Values(1, 192, 3000)] int rows, [Values(1, 1000)] int columns) =>
        Assert.That(Tiling.For(rows, columns, 1 << 20, Large).PieceDepth, Is.LessThanOrEqualTo(1 << 14));

    [Test]
    public void Large_products_take_large_tiles_and_few_tiles_are_cut_in_depth()
    {
        Assert.That(Tiling.For(4096, 4096, 4096, Large), Is.EqualTo(new Tiling(128, 128, 1, 4096)));
        Assert.That(Tiling.For(131072, 192, 2400, Large).Columns, Is.EqualTo(64), "no multiple of 128 would fit 192");
        Assert.That(Tiling.For(192, 2404, 32768, Large).Pieces, Is.GreaterThan(4));
        Assert.That(Tiling.For(40, 33, 90, Large), Is.EqualTo(new Tiling(64, 64, 1, 96)), "too little to share");
    }

    /// <summary>
    /// A small GPU is busy with fewer groups, and pieces beyond those only cost their way through memory.
    /// </summary>
    [Test]
    public void A_product_is_cut_for_the_processors_that_there_are()
    {
        int[] pieces = [.. ((int[])[8, 24, 68, Large]).Select(processors => Tiling.For(192, 2404, 1 << 14, processors).Pieces)];
        Assert.That(pieces, Is.Ordered.Ascending);
        Assert.That(pieces[0], Is.LessThan(pieces[^1] / 4));
    }

    [Test]
    public void No_tile_is_larger_than_it_may_be([Values(64 * 64, 128 * 64)] int most)
    {
        var tiling = Tiling.For(4096, 4096, 4096, Large, maxTile: most);
        Assert.That(tiling.Rows * tiling.Columns, Is.EqualTo(most));
    }

    [Test]
    public void A_device_has_the_processors_that_its_accelerator_reports()
    {
        using var context = Context.Create(builder => builder.CPU(new CPUDevice(32, 8, numMultiprocessors: 3)));
        using var accelerator = context.GetCPUDevice(0).CreateCPUAccelerator(context);
        Assert.That(new GpuDevice(new("three", "three processors", 1 << 20, "none"), accelerator).Processors, Is.EqualTo(3));
    }
}
