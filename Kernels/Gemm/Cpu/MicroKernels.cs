using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// The micro-kernels of every matrix product and convolution: C (+)= A·B for one tile of C in registers.
/// </summary>
/// <remarks>
/// A tile is mr rows (<see cref="IVector{T}.Mr"/>) by nr columns (two vectors), and a call sums at most
/// <see cref="MaxKc"/> products per element. B is a packed panel [k, nr]. The kernels differ in how the rows of A are
/// stored: anywhere (<see cref="IndirectGemm{V}"/>), in blocks of nr columns (<see cref="BlockedGemm{V}"/>), or
/// transposed (<see cref="TransposedGemm{V}"/>).
/// <para>
/// Each step over k loads two vectors of B and broadcasts one float of A per row: in AVX2 12 multiply-adds against 8
/// loads, so the multiply-add units are the limit. Where the core's other hardware thread is busy, this one issues at
/// most three instructions per cycle, and each beside the multiply-adds costs time: hence
/// <see cref="IVector{T}.MultiplyAccumulateEstimate"/>, and eight steps per loop iteration.
/// </para>
/// <para>
/// They must not be inlined: beside the caller's variables the JIT leaves the sums in memory, and takes four times as
/// long.
/// </para>
/// </remarks>
/// <seealso href="https://doi.org/10.1145/1356052.1356053">Goto and van de Geijn, 2008</seealso>
internal static unsafe class MicroKernels
{
    /// <summary>Steps over k per loop iteration.</summary>
    public const int UnrollFactor = 8;

    /// <summary>The most products per sum of one call: longer sums are those of several calls, added up.</summary>
    /// <remarks>
    /// A sum of n terms one after the other is off by up to n roundings, a sum of blocks by those of one block and one
    /// per block. The overhead of a call is 1 % at this depth. A multiple of every nr.
    /// </remarks>
    public const int MaxKc = 1 << 9;

    /// <summary>What is done to a tile beside the product: bias, ReLU, and how it is stored.</summary>
    /// <param name="InitialSums">
    /// Pointer to nr floats that the columns' sums start from; null to add to the output instead.
    /// </param>
    /// <param name="Relu">Whether negative results become 0.</param>
    /// <param name="NonTemporal">Whether results are stored past the caches; the outputs must be aligned then.</param>
    public readonly record struct Epilogue(nint InitialSums, bool Relu, bool NonTemporal = false)
    {
        /// <summary>Whether only the first vector of each row is needed: the second one is not computed.</summary>
        public bool IsNarrow { get; init; }

        public bool AddsToOutput => InitialSums == 0;
    }

    /// <summary>
    /// out[r] = relu(bias + Σ over s and k of rows[s][r][k]·panel[s·length + k]), or relu(out[r] + Σ …) if the epilogue
    /// adds to the output; relu only if it says so. Each row of A consists of segments of contiguous floats, at
    /// addresses that an indirection buffer holds. So a convolution reads its input where it is.
    /// </summary>
    /// <param name="rows">[segments, mr] pointers to <paramref name="length"/> floats each.</param>
    /// <param name="panel">[segments·length, nr], packed.</param>
    /// <param name="outputs">[mr] pointers; nr floats are written <paramref name="column"/> floats after each.</param>
    /// <param name="prefetch">What to prefetch meanwhile.</param>
    /// <seealso href="https://arxiv.org/abs/1907.02129">Dukhan, The Indirect Convolution Algorithm, 2019</seealso>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void IndirectGemm<V>(
        float** rows, int segments, nint length, float* panel, float** outputs, nint column, Epilogue epilogue,
        Prefetcher.Share prefetch = default)
        where V : struct, IVector<V>
    {
        if (epilogue.IsNarrow)
            NarrowGemm<V>.Run(rows, segments, length, panel, outputs, column, epilogue);
        else if (epilogue.AddsToOutput)
            IndirectGemm<V, AddToOutput>(rows, segments, length, panel, outputs, column, epilogue, prefetch);
        else
            IndirectGemm<V, StartFromBias>(rows, segments, length, panel, outputs, column, epilogue, prefetch);
    }

    /// <remarks>Compiled once per initialization: with both in one method, each costs the other some percent.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void IndirectGemm<V, TInit>(
        float** rows, int segments, nint length, float* panel, float** outputs, nint column, Epilogue epilogue,
        Prefetcher.Share prefetch)
        where V : struct, IVector<V>
        where TInit : struct, IAccumulatorInit
    {
        TileAccumulators<V> sums = default;
        if (TInit.StartsFromBias) sums.LoadBias(epilogue);
        for (var s = 0; s < segments; s++, rows += V.Mr)
        {
            float* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3];
            float* p4 = V.Mr > 4 ? rows[4] : null, p5 = V.Mr > 5 ? rows[5] : null;
            float* p6 = V.Mr > 6 ? rows[6] : null, p7 = V.Mr > 7 ? rows[7] : null;

            nint k = 0;
            for (var end = length - (UnrollFactor - 1); k < end; k += UnrollFactor, panel += UnrollFactor * 2 * V.Width)
            {
                prefetch.Prefetch();
                sums.MultiplyAccumulate4(panel, k, p0, p1, p2, p3, p4, p5, p6, p7);
                sums.MultiplyAccumulate4(panel + 4 * 2 * V.Width, k + 4, p0, p1, p2, p3, p4, p5, p6, p7);
            }

            if (k + 3 < length)
            {
                sums.MultiplyAccumulate4(panel, k, p0, p1, p2, p3, p4, p5, p6, p7);
                k += 4;
                panel += 4 * 2 * V.Width;
            }

            for (; k < length; k++, panel += 2 * V.Width)
                sums.MultiplyAccumulate(panel, 0, k, p0, p1, p2, p3, p4, p5, p6, p7);
        }

        if (!TInit.StartsFromBias) sums.AddOutputs(outputs, column);
        sums.StoreWithEpilogue(outputs, column, epilogue);
    }

    private interface IAccumulatorInit
    {
        static abstract bool StartsFromBias { get; }
    }

    private readonly struct StartFromBias : IAccumulatorInit
    {
        public static bool StartsFromBias => true;
    }

    private readonly struct AddToOutput : IAccumulatorInit
    {
        public static bool StartsFromBias => false;
    }

    /// <summary>
    /// out[r] (+)= Σ over k of block[k / nr][r][k mod nr]·panel[k]: A is stored in blocks of nr columns.
    /// </summary>
    /// <param name="block">[⌈depth / nr⌉, mr, nr]</param>
    /// <param name="depth">Products per sum.</param>
    /// <param name="panel">[depth, nr], packed.</param>
    /// <param name="rows">The rows of the tile that are computed, 1 to mr.</param>
    /// <param name="output">[mr, nr]</param>
    /// <param name="accumulate">Whether to add to the output instead of overwriting it.</param>
    public static void BlockedGemm<V>(
        float* block, nint depth, float* panel, int rows, float* output, bool accumulate)
        where V : struct, IVector<V>
    {
        if (rows == V.Mr) BlockedGemm<V, ConstantMr<V>>(block, depth, panel, output, accumulate);
        else if (rows == 1) BlockedGemm<V, Constant1>(block, depth, panel, output, accumulate);
        else if (rows == 2) BlockedGemm<V, Constant2>(block, depth, panel, output, accumulate);
        else if (rows <= 4) BlockedGemm<V, Constant4>(block, depth, panel, output, accumulate);
        else BlockedGemm<V, ConstantMr<V>>(block, depth, panel, output, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void BlockedGemm<V, TRows>(float* block, nint depth, float* panel, float* output, bool accumulate)
        where V : struct, IVector<V>
        where TRows : struct, IConstant
    {
        TileAccumulators<V> sums = default;
        for (; depth > 0; depth -= 2 * V.Width, block += (V.Mr - 1) * 2 * V.Width)
        {
            var k = Math.Min(depth, 2 * V.Width);
            for (; k >= UnrollFactor; k -= UnrollFactor, block += UnrollFactor, panel += UnrollFactor * 2 * V.Width)
                sums.MultiplyAccumulate8<TRows>(panel, block, 1, 2 * V.Width);
            for (; k > 0; k--, block++, panel += 2 * V.Width)
                sums.MultiplyAccumulate<TRows>(panel, 0, block, 0, 2 * V.Width);
        }

        sums.StoreOrAccumulate<TRows>(output, 2 * V.Width, accumulate);
    }

    /// <summary>
    /// out[r] (+)= Σ over k of columns[k·step + r]·panel[k]: A is stored transposed, a tile's column contiguous.
    /// </summary>
    /// <param name="columns">[depth] columns of the tile, <paramref name="step"/> floats apart.</param>
    /// <param name="step">mr, nr and <see cref="StripStride"/> are faster than others: they are compiled as
    /// constants.</param>
    /// <param name="depth">Products per sum.</param>
    /// <param name="panel">[depth, nr], packed.</param>
    /// <param name="rows">The rows of the tile, 1 to 8.</param>
    /// <param name="output">nr floats per row, rows <paramref name="stride"/> floats apart.</param>
    /// <param name="stride">Floats from one row of the output to the next.</param>
    /// <param name="accumulate">Whether to add to the output instead of overwriting it.</param>
    /// <param name="prefetch">What to prefetch meanwhile.</param>
    public static void TransposedGemm<V>(
        float* columns, nint step, nint depth, float* panel, int rows, float* output, nint stride, bool accumulate,
        Prefetcher.Share prefetch = default)
        where V : struct, IVector<V>
    {
        if (step == StripStride<V>())
            TransposedGemm<V, ConstantStripStride<V>>(
                columns, step, depth, panel, rows, output, stride, accumulate, prefetch);
        else if (step == 2 * V.Width)
            TransposedGemm<V, ConstantNr<V>>(columns, step, depth, panel, rows, output, stride, accumulate, prefetch);
        else if (step == V.Mr)
            TransposedGemm<V, ConstantMr<V>>(columns, step, depth, panel, rows, output, stride, accumulate, prefetch);
        else
            TransposedGemm<V, RuntimeExtent>(columns, step, depth, panel, rows, output, stride, accumulate, prefetch);
    }

    /// <summary>
    /// Floats from column to column where four tiles are side by side: a multiple of the vector width.
    /// </summary>
    public static int StripStride<V>() where V : struct, IVector<V> => 4 * V.Mr;

    private static void TransposedGemm<V, TStep>(
        float* columns, nint step, nint depth, float* panel, int rows, float* output, nint stride, bool accumulate,
        Prefetcher.Share prefetch)
        where V : struct, IVector<V>
        where TStep : struct, IConstant
    {
        switch (rows)
        {
            case 1:
                TransposedGemm<V, TStep, Constant1>(columns, step, depth, panel, output, stride, accumulate, prefetch);
                break;
            case 2:
                TransposedGemm<V, TStep, Constant2>(columns, step, depth, panel, output, stride, accumulate, prefetch);
                break;
            case 3:
                TransposedGemm<V, TStep, Constant3>(columns, step, depth, panel, output, stride, accumulate, prefetch);
                break;
            case 4:
                TransposedGemm<V, TStep, Constant4>(columns, step, depth, panel, output, stride, accumulate, prefetch);
                break;
            case 5:
                TransposedGemm<V, TStep, Constant5>(columns, step, depth, panel, output, stride, accumulate, prefetch);
                break;
            case 6:
                TransposedGemm<V, TStep, Constant6>(columns, step, depth, panel, output, stride, accumulate, prefetch);
                break;
            case 7:
                TransposedGemm<V, TStep, Constant7>(columns, step, depth, panel, output, stride, accumulate, prefetch);
                break;
            case 8:
                TransposedGemm<V, TStep, Constant8>(columns, step, depth, panel, output, stride, accumulate, prefetch);
                break;
            default:
                throw new ArgumentOutOfRangeException(
                    nameof(rows), FormattableString.Invariant($"{rows}"), "A tile has 1 to 8 rows.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void TransposedGemm<V, TStep, TRows>(
        float* columns, nint step, nint depth, float* panel, float* output, nint stride, bool accumulate,
        Prefetcher.Share prefetch)
        where V : struct, IVector<V>
        where TStep : struct, IConstant
        where TRows : struct, IConstant
    {
        TileAccumulators<V> sums = default;
        if (TStep.Value > 0)
        {
            for (; depth >= UnrollFactor; depth -= UnrollFactor)
            {
                prefetch.Prefetch();
                sums.MultiplyAccumulate8<TRows>(panel, columns, TStep.Value, 1);
                columns += UnrollFactor * TStep.Value;
                panel += UnrollFactor * 2 * V.Width;
            }
        }

        for (; depth > 0; depth--, panel += 2 * V.Width, columns += step)
            sums.MultiplyAccumulate<TRows>(panel, 0, columns, 0, 1);
        sums.StoreOrAccumulate<TRows>(output, stride, accumulate);
    }

    /// <summary>0: not known at compile time.</summary>
    private readonly struct RuntimeExtent : IConstant { public static int Value => 0; }

    private readonly struct ConstantStripStride<V> : IConstant where V : struct, IVector<V>
    {
        public static int Value => StripStride<V>();
    }

    private readonly struct ConstantNr<V> : IConstant where V : struct, IVector<V>
    {
        public static int Value => 2 * V.Width;
    }

    private readonly struct ConstantMr<V> : IConstant where V : struct, IVector<V>
    {
        public static int Value => V.Mr;
    }

    private readonly struct Constant1 : IConstant { public static int Value => 1; }

    private readonly struct Constant2 : IConstant { public static int Value => 2; }

    private readonly struct Constant3 : IConstant { public static int Value => 3; }

    private readonly struct Constant4 : IConstant { public static int Value => 4; }

    private readonly struct Constant5 : IConstant { public static int Value => 5; }

    private readonly struct Constant6 : IConstant { public static int Value => 6; }

    private readonly struct Constant7 : IConstant { public static int Value => 7; }

    private readonly struct Constant8 : IConstant { public static int Value => 8; }
}
