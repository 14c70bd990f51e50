using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <summary>The two micro-kernels under every convolution and matrix product, with all sums of a tile in registers.</summary>
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
        V c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        V c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default, c71 = default;

        for (var s = 0; s < segments; s++, rows += V.TileRows)
        {
            float* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3];
            float* p4 = V.TileRows > 4 ? rows[4] : null, p5 = V.TileRows > 5 ? rows[5] : null;
            float* p6 = V.TileRows > 6 ? rows[6] : null, p7 = V.TileRows > 7 ? rows[7] : null;

            for (nint k = 0; k < length; k++, panel += 2 * V.Width)
            {
                var left = V.Load(panel);
                var right = V.Load(panel + V.Width);
                Step(p0[k], left, right, ref c00, ref c01);
                Step(p1[k], left, right, ref c10, ref c11);
                Step(p2[k], left, right, ref c20, ref c21);
                Step(p3[k], left, right, ref c30, ref c31);
                if (V.TileRows > 4) Step(p4[k], left, right, ref c40, ref c41);
                if (V.TileRows > 5) Step(p5[k], left, right, ref c50, ref c51);
                if (V.TileRows > 6) Step(p6[k], left, right, ref c60, ref c61);
                if (V.TileRows > 7) Step(p7[k], left, right, ref c70, ref c71);
            }
        }

        Finish(outputs[0] + column, c00, c01, ends);
        Finish(outputs[1] + column, c10, c11, ends);
        Finish(outputs[2] + column, c20, c21, ends);
        Finish(outputs[3] + column, c30, c31, ends);
        if (V.TileRows > 4) Finish(outputs[4] + column, c40, c41, ends);
        if (V.TileRows > 5) Finish(outputs[5] + column, c50, c51, ends);
        if (V.TileRows > 6) Finish(outputs[6] + column, c60, c61, ends);
        if (V.TileRows > 7) Finish(outputs[7] + column, c70, c71, ends);
    }

    /// <summary>out[r] = Σ over k of block[k / PanelWidth][r][k mod PanelWidth] · panel[k]: the rows of the tile lie a panel's width apart.</summary>
    /// <param name="block">[⌈depth / PanelWidth⌉, TileRows, PanelWidth], where PanelWidth is two vectors.</param>
    /// <param name="depth">Products per sum.</param>
    /// <param name="panel">[depth, PanelWidth], packed.</param>
    /// <param name="output">[TileRows, PanelWidth]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Block<V>(float* block, nint depth, float* panel, float* output) where V : struct, ILanes<V>
    {
        V c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        V c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default, c71 = default;

        for (; depth > 0; depth -= 2 * V.Width, block += (V.TileRows - 1) * 2 * V.Width)
        {
            var k = Math.Min(depth, 2 * V.Width);
            for (; k >= 4; k -= 4, block += 4, panel += 8 * V.Width)
            {
                Steps<V, Whole<V>>(
                    block, 2 * V.Width, panel,
                    ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31,
                    ref c40, ref c41, ref c50, ref c51, ref c60, ref c61, ref c70, ref c71);
                Steps<V, Whole<V>>(
                    block + 1, 2 * V.Width, panel + 2 * V.Width,
                    ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31,
                    ref c40, ref c41, ref c50, ref c51, ref c60, ref c61, ref c70, ref c71);
                Steps<V, Whole<V>>(
                    block + 2, 2 * V.Width, panel + 4 * V.Width,
                    ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31,
                    ref c40, ref c41, ref c50, ref c51, ref c60, ref c61, ref c70, ref c71);
                Steps<V, Whole<V>>(
                    block + 3, 2 * V.Width, panel + 6 * V.Width,
                    ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31,
                    ref c40, ref c41, ref c50, ref c51, ref c60, ref c61, ref c70, ref c71);
            }

            for (; k > 0; k--, block++, panel += 2 * V.Width)
                Steps<V, Whole<V>>(
                    block, 2 * V.Width, panel,
                    ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31,
                    ref c40, ref c41, ref c50, ref c51, ref c60, ref c61, ref c70, ref c71);
        }

        Put(output, c00, c01, accumulate: false);
        Put(output + 1 * 2 * V.Width, c10, c11, accumulate: false);
        Put(output + 2 * 2 * V.Width, c20, c21, accumulate: false);
        Put(output + 3 * 2 * V.Width, c30, c31, accumulate: false);
        if (V.TileRows > 4) Put(output + 4 * 2 * V.Width, c40, c41, accumulate: false);
        if (V.TileRows > 5) Put(output + 5 * 2 * V.Width, c50, c51, accumulate: false);
        if (V.TileRows > 6) Put(output + 6 * 2 * V.Width, c60, c61, accumulate: false);
        if (V.TileRows > 7) Put(output + 7 * 2 * V.Width, c70, c71, accumulate: false);
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
        V c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        V c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default, c71 = default;

        for (; depth >= 4; depth -= 4, columns += 4 * step, panel += 8 * V.Width)
        {
            Steps<V, R>(
                columns, 1, panel,
                ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31,
                ref c40, ref c41, ref c50, ref c51, ref c60, ref c61, ref c70, ref c71);
            Steps<V, R>(
                columns + step, 1, panel + 2 * V.Width,
                ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31,
                ref c40, ref c41, ref c50, ref c51, ref c60, ref c61, ref c70, ref c71);
            Steps<V, R>(
                columns + 2 * step, 1, panel + 4 * V.Width,
                ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31,
                ref c40, ref c41, ref c50, ref c51, ref c60, ref c61, ref c70, ref c71);
            Steps<V, R>(
                columns + 3 * step, 1, panel + 6 * V.Width,
                ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31,
                ref c40, ref c41, ref c50, ref c51, ref c60, ref c61, ref c70, ref c71);
        }

        for (; depth > 0; depth--, columns += step, panel += 2 * V.Width)
            Steps<V, R>(
                columns, 1, panel,
                ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31,
                ref c40, ref c41, ref c50, ref c51, ref c60, ref c61, ref c70, ref c71);

        Put(output, c00, c01, accumulate);
        if (R.Count > 1) Put(output + stride, c10, c11, accumulate);
        if (R.Count > 2) Put(output + 2 * stride, c20, c21, accumulate);
        if (R.Count > 3) Put(output + 3 * stride, c30, c31, accumulate);
        if (R.Count > 4) Put(output + 4 * stride, c40, c41, accumulate);
        if (R.Count > 5) Put(output + 5 * stride, c50, c51, accumulate);
        if (R.Count > 6) Put(output + 6 * stride, c60, c61, accumulate);
        if (R.Count > 7) Put(output + 7 * stride, c70, c71, accumulate);
    }

    /// <summary>One product more per sum: of each row a float, times the next two vectors of the panel.</summary>
    /// <param name="apart">Floats from row to row.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Steps<V, R>(
        float* x, nint apart, float* panel,
        ref V c00, ref V c01, ref V c10, ref V c11, ref V c20, ref V c21, ref V c30, ref V c31,
        ref V c40, ref V c41, ref V c50, ref V c51, ref V c60, ref V c61, ref V c70, ref V c71)
        where V : struct, ILanes<V>
        where R : struct, IRows
    {
        var left = V.Load(panel);
        var right = V.Load(panel + V.Width);
        Step(x[0], left, right, ref c00, ref c01);
        if (R.Count > 1) Step(x[apart], left, right, ref c10, ref c11);
        if (R.Count > 2) Step(x[2 * apart], left, right, ref c20, ref c21);
        if (R.Count > 3) Step(x[3 * apart], left, right, ref c30, ref c31);
        if (R.Count > 4) Step(x[4 * apart], left, right, ref c40, ref c41);
        if (R.Count > 5) Step(x[5 * apart], left, right, ref c50, ref c51);
        if (R.Count > 6) Step(x[6 * apart], left, right, ref c60, ref c61);
        if (R.Count > 7) Step(x[7 * apart], left, right, ref c70, ref c71);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<V>(float x, V left, V right, ref V sumLeft, ref V sumRight) where V : struct, ILanes<V>
    {
        var spread = V.Of(x);
        V.Accumulate(spread, left, ref sumLeft);
        V.Accumulate(spread, right, ref sumRight);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<V>(float* output, V left, V right, Ends ends) where V : struct, ILanes<V>
    {
        var start = ends.Bias == 0 ? output : (float*)ends.Bias;
        left = left + V.Load(start);
        right = right + V.Load(start + V.Width);
        if (ends.Relu) (left, right) = (V.Positive(left), V.Positive(right));
        if (ends.Streaming)
        {
            left.StoreStreaming(output);
            right.StoreStreaming(output + V.Width);
            return;
        }

        left.Store(output);
        right.Store(output + V.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<V>(float* output, V left, V right, bool accumulate) where V : struct, ILanes<V>
    {
        if (accumulate) (left, right) = (left + V.Load(output), right + V.Load(output + V.Width));
        left.Store(output);
        right.Store(output + V.Width);
    }

    /// <summary>A number that the JIT sees as a constant.</summary>
    private interface IRows
    {
        static abstract int Count { get; }
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
