using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <summary>The micro-kernels under every convolution and matrix product, with all sums of a tile in registers.</summary>
/// <remarks>
/// A tile is <see cref="ILanes{T}.TileRows"/> rows by two vectors. Each step loads two vectors of the packed operand and
/// spreads one float of the other per row: 12 multiply-adds against 8 loads in AVX2, so the multiply-add units are the limit.
/// Where somebody else uses the core's other thread, it issues three instructions per cycle at most, and every one beside
/// the multiply-adds costs: hence <see cref="ILanes{T}.Accumulate"/>, and four steps of the sums per turn of a loop.
/// </remarks>
/// <seealso href="https://doi.org/10.1145/1356052.1356053">Goto and van de Geijn, 2008</seealso>
internal static unsafe class Tile
{
    /// <summary>How the sums of a tile begin and end.</summary>
    /// <param name="Bias">What each column's sum starts from; null to start from what the output holds.</param>
    /// <param name="Relu">Whether negative sums become 0.</param>
    /// <param name="Streaming">Whether the results go past the caches; they must be aligned then.</param>
    public readonly record struct Ends(nint Bias, bool Relu, bool Streaming = false);

    /// <summary>
    /// out[r] = Σ over segments s and k of row[s][r][k] · panel[s·length + k]: the rows lie anywhere, each in pieces of
    /// contiguous floats. This is what lets a convolution read its input where it is (Dukhan, 2019).
    /// </summary>
    /// <param name="rows">[segments, TileRows] pointers to <paramref name="length"/> floats each.</param>
    /// <param name="panel">[segments · length, 2 vectors], packed.</param>
    /// <param name="outputs">[TileRows] pointers; two vectors are written <paramref name="column"/> floats after each.</param>
    /// <seealso href="https://arxiv.org/abs/1907.02129">Dukhan, The Indirect Convolution Algorithm</seealso>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows<V>(
        float** rows, int segments, nint length, float* panel, float** outputs, nint column, Ends ends)
        where V : struct, ILanes<V>
    {
        TileSums<V> sums = default;
        for (var s = 0; s < segments; s++, rows += V.TileRows)
        {
            float* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3];
            float* p4 = V.TileRows > 4 ? rows[4] : null, p5 = V.TileRows > 5 ? rows[5] : null;
            float* p6 = V.TileRows > 6 ? rows[6] : null, p7 = V.TileRows > 7 ? rows[7] : null;

            nint k = 0;
            for (; k < length - 3; k += 4, panel += 4 * 2 * V.Width)
            {
                sums.Add(panel, 0, k, p0, p1, p2, p3, p4, p5, p6, p7);
                sums.Add(panel, 1, k, p0, p1, p2, p3, p4, p5, p6, p7);
                sums.Add(panel, 2, k, p0, p1, p2, p3, p4, p5, p6, p7);
                sums.Add(panel, 3, k, p0, p1, p2, p3, p4, p5, p6, p7);
            }

            for (; k < length; k++, panel += 2 * V.Width) sums.Add(panel, 0, k, p0, p1, p2, p3, p4, p5, p6, p7);
        }

        sums.Finish(outputs, column, ends);
    }

    /// <summary>out[r] = Σ over k of block[k / PanelWidth][r][k mod PanelWidth] · panel[k]: the rows of the tile lie a panel's width apart.</summary>
    /// <param name="block">[⌈depth / PanelWidth⌉, TileRows, PanelWidth], where PanelWidth is two vectors.</param>
    /// <param name="depth">Products per sum.</param>
    /// <param name="panel">[depth, PanelWidth], packed.</param>
    /// <param name="output">[TileRows, PanelWidth]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Block<V>(float* block, nint depth, float* panel, float* output) where V : struct, ILanes<V>
    {
        TileSums<V> sums = default;
        for (; depth > 0; depth -= 2 * V.Width, block += (V.TileRows - 1) * 2 * V.Width)
        {
            var k = Math.Min(depth, 2 * V.Width);
            for (; k > 3; k -= 4, block += 4, panel += 4 * 2 * V.Width)
            {
                sums.Add<Whole<V>>(panel, 0, block, 0, 2 * V.Width);
                sums.Add<Whole<V>>(panel, 1, block, 1, 2 * V.Width);
                sums.Add<Whole<V>>(panel, 2, block, 2, 2 * V.Width);
                sums.Add<Whole<V>>(panel, 3, block, 3, 2 * V.Width);
            }

            for (; k > 0; k--, block++, panel += 2 * V.Width) sums.Add<Whole<V>>(panel, 0, block, 0, 2 * V.Width);
        }

        sums.Put<Whole<V>>(output, 2 * V.Width, accumulate: false);
    }

    /// <summary>out[r] (+)= Σ over p of columns[p · step + r] · panel[p]: the rows of the tile lie side by side in memory.</summary>
    /// <param name="columns">[depth] columns of the tile, <paramref name="step"/> floats apart.</param>
    /// <param name="panel">[depth, 2 vectors], packed.</param>
    /// <param name="rows">How many rows the tile has, 1 to 8.</param>
    /// <param name="output">Two vectors per row, rows <paramref name="stride"/> floats apart.</param>
    /// <param name="accumulate">Whether to add to the output instead of overwriting it.</param>
    public static void Outer<V>(
        float* columns, nint step, nint depth, float* panel, int rows, float* output, nint stride, bool accumulate)
        where V : struct, ILanes<V>
    {
        switch (rows)
        {
            case 1: Outer<V, One>(columns, step, depth, panel, output, stride, accumulate); break;
            case 2: Outer<V, Two>(columns, step, depth, panel, output, stride, accumulate); break;
            case 3: Outer<V, Three>(columns, step, depth, panel, output, stride, accumulate); break;
            case 4: Outer<V, Four>(columns, step, depth, panel, output, stride, accumulate); break;
            case 5: Outer<V, Five>(columns, step, depth, panel, output, stride, accumulate); break;
            case 6: Outer<V, Six>(columns, step, depth, panel, output, stride, accumulate); break;
            case 7: Outer<V, Seven>(columns, step, depth, panel, output, stride, accumulate); break;
            case 8: Outer<V, Eight>(columns, step, depth, panel, output, stride, accumulate); break;
            default: throw new ArgumentOutOfRangeException(nameof(rows), rows, "A tile has 1 to 8 rows.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Outer<V, R>(
        float* columns, nint step, nint depth, float* panel, float* output, nint stride, bool accumulate)
        where V : struct, ILanes<V>
        where R : struct, IRows
    {
        TileSums<V> sums = default;
        if (step == R.Count)        // packed: all distances are constants
        {
            for (; depth > 3; depth -= 4, columns += 4 * R.Count, panel += 4 * 2 * V.Width)
            {
                sums.Add<R>(panel, 0, columns, 0 * R.Count, 1);
                sums.Add<R>(panel, 1, columns, 1 * R.Count, 1);
                sums.Add<R>(panel, 2, columns, 2 * R.Count, 1);
                sums.Add<R>(panel, 3, columns, 3 * R.Count, 1);
            }
        }

        for (; depth > 0; depth--, panel += 2 * V.Width, columns += step) sums.Add<R>(panel, 0, columns, 0, 1);
        sums.Put<R>(output, stride, accumulate);
    }

    private readonly struct Whole<V> : IRows where V : struct, ILanes<V> { public static int Count => V.TileRows; }

    private readonly struct One : IRows { public static int Count => 1; }

    private readonly struct Two : IRows { public static int Count => 2; }

    private readonly struct Three : IRows { public static int Count => 3; }

    private readonly struct Four : IRows { public static int Count => 4; }

    private readonly struct Five : IRows { public static int Count => 5; }

    private readonly struct Six : IRows { public static int Count => 6; }

    private readonly struct Seven : IRows { public static int Count => 7; }

    private readonly struct Eight : IRows { public static int Count => 8; }
}
