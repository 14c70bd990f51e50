using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>The micro-kernels under every convolution and matrix product, with all sums of a tile in registers.</summary>
/// <remarks>
/// A tile is <see cref="IVector{T}.Mr"/> rows by two vectors. Each step loads two vectors of the packed operand and
/// spreads one float of the other per row: 12 multiply-adds against 8 loads in AVX2, so the multiply-add units are the limit.
/// Where somebody else uses the core's other thread, it issues three instructions per cycle at most, and every one beside
/// the multiply-adds costs: hence <see cref="IVector{T}.MultiplyAccumulateEstimate"/>, and eight steps of the sums per turn of a loop.
/// They may not be inlined: between its caller's variables the JIT leaves the sums in memory, and takes four times as long.
/// </remarks>
/// <seealso href="https://doi.org/10.1145/1356052.1356053">Goto and van de Geijn, 2008</seealso>
internal static unsafe class MicroKernels
{
    /// <summary>How many steps a loop makes at each turn.</summary>
    public const int UnrollFactor = 8;

    /// <summary>The most products that one call shall sum: longer sums are those of several calls, added up.</summary>
    /// <remarks>
    /// A sum of n terms one after the other is off by up to n roundings, one of blocks by those of a block and one per
    /// block. A call's own costs are 1 % of so many products. A whole number of panels' widths.
    /// </remarks>
    public const int MaxKc = 1 << 9;

    /// <summary>How the sums of a tile begin and end.</summary>
    /// <param name="Bias">What each column's sum starts from; null to add the sum to what the output holds.</param>
    /// <param name="Relu">Whether negative sums become 0.</param>
    /// <param name="NonTemporal">Whether the results go past the caches; they must be aligned then.</param>
    public readonly record struct Epilogue(nint Bias, bool Relu, bool NonTemporal = false);

    /// <summary>
    /// out[r] = Σ over segments s and k of row[s][r][k] · panel[s·length + k]: the rows lie anywhere, each in pieces of
    /// contiguous floats. This is what lets a convolution read its input where it is (Dukhan, 2019).
    /// </summary>
    /// <param name="rows">[segments, TileRows] pointers to <paramref name="length"/> floats each.</param>
    /// <param name="panel">[segments · length, 2 vectors], packed.</param>
    /// <param name="outputs">[TileRows] pointers; two vectors are written <paramref name="column"/> floats after each.</param>
    /// <param name="ahead">What to bring from memory meanwhile.</param>
    /// <seealso href="https://arxiv.org/abs/1907.02129">Dukhan, The Indirect Convolution Algorithm</seealso>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void IndirectGemm<V>(
        float** rows, int segments, nint length, float* panel, float** outputs, nint column, Epilogue ends,
        Prefetcher.Slice ahead = default)
        where V : struct, IVector<V>
    {
        if (ends.Bias == 0) IndirectGemm<V, ZeroInit>(rows, segments, length, panel, outputs, column, ends, ahead);
        else IndirectGemm<V, BiasInit>(rows, segments, length, panel, outputs, column, ends, ahead);
    }

    /// <remarks>Compiled for both beginnings apart: what one does at its end would cost the other some percent.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void IndirectGemm<V, B>(
        float** rows, int segments, nint length, float* panel, float** outputs, nint column, Epilogue ends, Prefetcher.Slice ahead)
        where V : struct, IVector<V>
        where B : struct, IAccumulatorInit
    {
        TileAccumulators<V> sums = default;
        if (B.IsBias) sums.LoadBias(ends);
        for (var s = 0; s < segments; s++, rows += V.Mr)
        {
            float* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3];
            float* p4 = V.Mr > 4 ? rows[4] : null, p5 = V.Mr > 5 ? rows[5] : null;
            float* p6 = V.Mr > 6 ? rows[6] : null, p7 = V.Mr > 7 ? rows[7] : null;

            nint k = 0;
            for (var end = length - (UnrollFactor - 1); k < end; k += UnrollFactor, panel += UnrollFactor * 2 * V.Width)
            {
                ahead.Prefetch();
                sums.MultiplyAccumulate4(panel, k, p0, p1, p2, p3, p4, p5, p6, p7);
                sums.MultiplyAccumulate4(panel + 4 * 2 * V.Width, k + 4, p0, p1, p2, p3, p4, p5, p6, p7);
            }

            if (k + 3 < length)
            {
                sums.MultiplyAccumulate4(panel, k, p0, p1, p2, p3, p4, p5, p6, p7);
                k += 4;
                panel += 4 * 2 * V.Width;
            }

            for (; k < length; k++, panel += 2 * V.Width) sums.MultiplyAccumulate(panel, 0, k, p0, p1, p2, p3, p4, p5, p6, p7);
        }

        if (!B.IsBias) sums.AddOutputs(outputs, column);
        sums.StoreWithEpilogue(outputs, column, ends);
    }

    private interface IAccumulatorInit
    {
        static abstract bool IsBias { get; }
    }

    private readonly struct BiasInit : IAccumulatorInit
    {
        public static bool IsBias => true;
    }

    private readonly struct ZeroInit : IAccumulatorInit
    {
        public static bool IsBias => false;
    }

    /// <summary>out[r] = Σ over k of block[k / PanelWidth][r][k mod PanelWidth] · panel[k]: the rows of the tile lie a panel's width apart.</summary>
    /// <param name="block">[⌈depth / PanelWidth⌉, TileRows, PanelWidth], where PanelWidth is two vectors.</param>
    /// <param name="depth">Products per sum.</param>
    /// <param name="panel">[depth, PanelWidth], packed.</param>
    /// <param name="output">[TileRows, PanelWidth]</param>
    /// <param name="accumulate">Whether to add to the output instead of overwriting it.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void BlockedGemm<V>(float* block, nint depth, float* panel, float* output, bool accumulate)
        where V : struct, IVector<V>
    {
        TileAccumulators<V> sums = default;
        for (; depth > 0; depth -= 2 * V.Width, block += (V.Mr - 1) * 2 * V.Width)
        {
            var k = Math.Min(depth, 2 * V.Width);
            for (; k >= UnrollFactor; k -= UnrollFactor, block += UnrollFactor, panel += UnrollFactor * 2 * V.Width)
                sums.MultiplyAccumulate8<ConstantMr<V>>(panel, block, 1, 2 * V.Width);
            for (; k > 0; k--, block++, panel += 2 * V.Width) sums.MultiplyAccumulate<ConstantMr<V>>(panel, 0, block, 0, 2 * V.Width);
        }

        sums.StoreOrAccumulate<ConstantMr<V>>(output, 2 * V.Width, accumulate);
    }

    /// <summary>out[r] (+)= Σ over p of columns[p · step + r] · panel[p]: the rows of the tile lie side by side in memory.</summary>
    /// <param name="columns">[depth] columns of the tile, <paramref name="step"/> floats apart.</param>
    /// <param name="step">A tile's rows, a panel's width or a strip's is faster than others: distances are constants then.</param>
    /// <param name="depth">Products per sum.</param>
    /// <param name="panel">[depth, 2 vectors], packed.</param>
    /// <param name="rows">How many rows the tile has, 1 to 8.</param>
    /// <param name="output">Two vectors per row, rows <paramref name="stride"/> floats apart.</param>
    /// <param name="stride">Floats from one row of the output to the next.</param>
    /// <param name="accumulate">Whether to add to the output instead of overwriting it.</param>
    /// <param name="ahead">What to bring from memory meanwhile.</param>
    public static void TransposedGemm<V>(
        float* columns, nint step, nint depth, float* panel, int rows, float* output, nint stride, bool accumulate,
        Prefetcher.Slice ahead = default)
        where V : struct, IVector<V>
    {
        if (step == StripStride<V>()) TransposedGemm<V, ConstantStripStride<V>>(columns, step, depth, panel, rows, output, stride, accumulate, ahead);
        else if (step == 2 * V.Width) TransposedGemm<V, ConstantNr<V>>(columns, step, depth, panel, rows, output, stride, accumulate, ahead);
        else if (step == V.Mr) TransposedGemm<V, ConstantMr<V>>(columns, step, depth, panel, rows, output, stride, accumulate, ahead);
        else TransposedGemm<V, RuntimeExtent>(columns, step, depth, panel, rows, output, stride, accumulate, ahead);
    }

    /// <summary>Floats from column to column where four tiles lie side by side: whole vectors.</summary>
    public static int StripStride<V>() where V : struct, IVector<V> => 4 * V.Mr;

    private static void TransposedGemm<V, S>(
        float* columns, nint step, nint depth, float* panel, int rows, float* output, nint stride, bool accumulate,
        Prefetcher.Slice ahead)
        where V : struct, IVector<V>
        where S : struct, IConstant
    {
        switch (rows)
        {
            case 1: TransposedGemm<V, S, Constant1>(columns, step, depth, panel, output, stride, accumulate, ahead); break;
            case 2: TransposedGemm<V, S, Constant2>(columns, step, depth, panel, output, stride, accumulate, ahead); break;
            case 3: TransposedGemm<V, S, Constant3>(columns, step, depth, panel, output, stride, accumulate, ahead); break;
            case 4: TransposedGemm<V, S, Constant4>(columns, step, depth, panel, output, stride, accumulate, ahead); break;
            case 5: TransposedGemm<V, S, Constant5>(columns, step, depth, panel, output, stride, accumulate, ahead); break;
            case 6: TransposedGemm<V, S, Constant6>(columns, step, depth, panel, output, stride, accumulate, ahead); break;
            case 7: TransposedGemm<V, S, Constant7>(columns, step, depth, panel, output, stride, accumulate, ahead); break;
            case 8: TransposedGemm<V, S, Constant8>(columns, step, depth, panel, output, stride, accumulate, ahead); break;
            default: throw new ArgumentOutOfRangeException(nameof(rows), FormattableString.Invariant($"{rows}"), "A tile has 1 to 8 rows.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void TransposedGemm<V, S, R>(
        float* columns, nint step, nint depth, float* panel, float* output, nint stride, bool accumulate,
        Prefetcher.Slice ahead)
        where V : struct, IVector<V>
        where S : struct, IConstant
        where R : struct, IConstant
    {
        TileAccumulators<V> sums = default;
        if (S.Value > 0)
        {
            for (; depth >= UnrollFactor; depth -= UnrollFactor)
            {
                ahead.Prefetch();
                sums.MultiplyAccumulate8<R>(panel, columns, S.Value, 1);
                columns += UnrollFactor * S.Value;
                panel += UnrollFactor * 2 * V.Width;
            }
        }

        for (; depth > 0; depth--, panel += 2 * V.Width, columns += step) sums.MultiplyAccumulate<R>(panel, 0, columns, 0, 1);
        sums.StoreOrAccumulate<R>(output, stride, accumulate);
    }

    private readonly struct RuntimeExtent : IConstant { public static int Value => 0; }

    private readonly struct ConstantStripStride<V> : IConstant where V : struct, IVector<V> { public static int Value => StripStride<V>(); }

    private readonly struct ConstantNr<V> : IConstant where V : struct, IVector<V> { public static int Value => 2 * V.Width; }

    private readonly struct ConstantMr<V> : IConstant where V : struct, IVector<V> { public static int Value => V.Mr; }

    private readonly struct Constant1 : IConstant { public static int Value => 1; }

    private readonly struct Constant2 : IConstant { public static int Value => 2; }

    private readonly struct Constant3 : IConstant { public static int Value => 3; }

    private readonly struct Constant4 : IConstant { public static int Value => 4; }

    private readonly struct Constant5 : IConstant { public static int Value => 5; }

    private readonly struct Constant6 : IConstant { public static int Value => 6; }

    private readonly struct Constant7 : IConstant { public static int Value => 7; }

    private readonly struct Constant8 : IConstant { public static int Value => 8; }
}
