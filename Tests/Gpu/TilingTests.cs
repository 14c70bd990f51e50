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
        [Values(1, 64, 200, 131072)] int rows, [Values(1, 10, 192)] int columns,
        [Values(0, 1, 75, 2400, 131072)] int depth,
        [Values(1, 24, 132)] int processors)
    {
        var tiling = GemmTiling.Choose(rows, columns, depth, processors);
        Assert.That(tiling.SliceK % 16, Is.Zero);
        Assert.That((long)tiling.Slices * tiling.SliceK, Is.GreaterThanOrEqualTo(depth));
        Assert.That((tiling.Slices - 1L) * tiling.SliceK, Is.LessThan(Math.Max(depth, 1)));
        Assert.That((long)tiling.RowTiles(rows) * tiling.TileM, Is.GreaterThanOrEqualTo(rows));
        Assert.That((long)tiling.ColumnTiles(columns) * tiling.TileN, Is.GreaterThanOrEqualTo(columns));
        Assert.That(GemmTiling.Choose(rows, columns, depth, processors, maxSlices: 1).Slices, Is.EqualTo(1));
    }

    /// <summary>A thread adds the products of a split-K slice in one chain.</summary>
    [Test]
    public void Pieces_are_no_deeper_than_a_float_bears(
        [Values(1, 192, 3000)] int rows, [Values(1, 1000)] int columns) =>
        Assert.That(GemmTiling.Choose(rows, columns, 1 << 20, Large).SliceK, Is.LessThanOrEqualTo(1 << 14));

    [Test]
    public void Large_products_take_large_tiles_and_few_tiles_are_cut_in_depth()
    {
        Assert.That(GemmTiling.Choose(4096, 4096, 4096, Large), Is.EqualTo(new GemmTiling(128, 128, 1, 4096)));
        Assert.That(
            GemmTiling.Choose(131072, 192, 2400, Large).TileN, Is.EqualTo(64), "no multiple of 128 would fit 192");
        Assert.That(GemmTiling.Choose(192, 2404, 32768, Large).Slices, Is.GreaterThan(4));
        Assert.That(
            GemmTiling.Choose(40, 33, 90, Large), Is.EqualTo(new GemmTiling(64, 64, 1, 96)), "too little to share");
    }

    /// <summary>
    /// Fewer groups occupy a small GPU, and each further slice of split-K only costs memory traffic; a large one has
    /// a group for each processor.
    /// </summary>
    [Test]
    public void A_product_is_cut_for_the_processors_that_there_are()
    {
        int[] slices =
        [
            .. ((int[])[8, 24, 68, Large]).Select(
                processors => GemmTiling.Choose(192, 2404, 1 << 14, processors).Slices),
        ];
        Assert.That(slices[..3], Is.Ordered.Ascending);
        Assert.That(4 * slices[0], Is.LessThan(slices[^1]));
        var tiling = GemmTiling.Choose(192, 2404, 1 << 14, Large);
        Assert.That(
            tiling.RowTiles(192) * tiling.ColumnTiles(2404) * tiling.Slices, Is.GreaterThanOrEqualTo(Large));
    }

    [Test]
    public void No_tile_is_larger_than_it_may_be([Values(64 * 64, 128 * 64)] int most)
    {
        var tiling = GemmTiling.Choose(4096, 4096, 4096, Large, maxTile: most);
        Assert.That(tiling.TileM * tiling.TileN, Is.EqualTo(most));
    }

    [Test]
    public void A_device_has_the_processors_that_its_accelerator_reports()
    {
        using var context = Context.Create(builder => builder.CPU(new CPUDevice(32, 8, numMultiprocessors: 3)));
        using var accelerator = context.GetCPUDevice(0).CreateCPUAccelerator(context);
        Assert.That(
            new GpuDevice(new("three", "three processors", 1 << 20, "none"), accelerator).MultiprocessorCount,
            Is.EqualTo(3));
    }
}
