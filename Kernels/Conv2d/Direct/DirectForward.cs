using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;
using static PyNetSharp.Kernels.DirectConvolution;

namespace PyNetSharp.Kernels;

/// <summary>
/// The loops around the micro-kernel that multiply patches with packed weights: forward and input gradient.
/// </summary>
internal static unsafe class DirectForward<V> where V : struct, IVector<V>
{
    /// <summary>Their patches stay in the L2 cache beside one panel of weights.</summary>
    private const int MaxTilesPerTask = 16;

    private const int TasksPerThread = 8;
    private const int MinTaskWork = 1 << 17;            // multiply-adds: less is not worth another thread
    private const int MinNonTemporalFloats = 1 << 22;   // 16 MB

    private static int Nr => Panels<V>.Nr;

    /// <inheritdoc cref="DirectConvolution.Convolve"/>
    public static void Run(
        CpuDevice cpu, Patches patches, float* packed, float* packedBias, bool relu, StridedOutput output)
    {
        var (panels, tiles) = (Panels<V>.Count(output.Channels), CeilDiv(patches.Positions, V.Mr));
        if (tiles == 0) return;
        var tileWork = (long)V.Mr * Math.Min(output.Channels, Nr) * patches.PatchLength;
        var tasks = Math.Min(TasksPerThread * cpu.Threads, Math.Max(1, tileWork * tiles * panels / MinTaskWork));

        // Few positions (one image, late layers) are divided by panel as well, so that every core has work; if that is
        // not enough, into fewer tiles per task. What a task costs beside its arithmetic is an indirection buffer.
        var groups = (int)Math.Clamp(CeilDiv((int)tasks, CeilDiv(tiles, MaxTilesPerTask)), 1, panels);
        var tilesPerTask = (int)Math.Clamp(tiles * groups / tasks, 1, MaxTilesPerTask);
        var positionsPerTask = tilesPerTask * V.Mr;
        var blocks = CeilDiv(patches.Positions, positionsPerTask);
        var epilogue = new MicroKernels.Epilogue((nint)packedBias, relu, UsesNonTemporalStores(patches.Images, output));
        cpu.For(blocks * groups, new Blocks(patches, (nint)packed, epilogue, output, positionsPerTask, groups));
    }

    private readonly struct Blocks(
        Patches patches, nint packed, MicroKernels.Epilogue epilogue, StridedOutput output, int positionsPerTask,
        int groups) : ILoopBody
    {
        public void Run(int i)
        {
            var (panels, (block, group)) = (Panels<V>.Count(output.Channels), Math.DivRem(i, groups));
            var first = block * positionsPerTask;
            ConvolveBlock(
                patches, first, Math.Min(positionsPerTask, patches.Positions - first), (float*)packed, epilogue, output,
                panels * group / groups, panels * (group + 1) / groups);
        }
    }

    /// <summary>
    /// Whether the output is larger than the caches, so that nothing reads it from there, and is aligned.
    /// </summary>
    private static bool UsesNonTemporalStores(int images, StridedOutput output) =>
        (long)images * output.Height * output.Width * output.Channels >= MinNonTemporalFloats
        && output.Channels % Nr == 0 && output.PixelStride % V.Width == 0
        && output.Pixels % (V.Width * sizeof(float)) == 0;

    private static void ConvolveBlock(
        Patches patches, int first, int count, float* packed, MicroKernels.Epilogue epilogue, StridedOutput output,
        int panelBegin, int panelEnd)
    {
        var (tiles, segments, length) = (CeilDiv(count, V.Mr), patches.Segments, patches.SegmentLength);
        // The index of the panel with fewer than nr channels, or of none.
        var partialPanel = output.Channels % Nr == 0 ? int.MaxValue : output.Channels / Nr;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes(tiles * V.Mr * (long)segments, sizeof(float*)) +
            Scratch.AlignedBytes(tiles * V.Mr, sizeof(float*)) + 2 * Scratch.AlignedBytes(V.Mr, sizeof(float*)) +
            Scratch.AlignedBytes(V.Mr * Nr, sizeof(float)) + Scratch.AlignedBytes(output.Channels + Nr, sizeof(float)) +
            Scratch.AlignedBytes(patches.BorderCopyFloats(count), sizeof(float)));
        var indirectionBuffer = scratch.Pointers(tiles * V.Mr * (long)segments);
        var outputs = scratch.Pointers(tiles * V.Mr);
        var partialTileRows = scratch.Pointers(V.Mr);
        var blockRows = scratch.Pointers(V.Mr);
        var partialTile = scratch.Floats(V.Mr * Nr);
        var spare = scratch.Floats(output.Channels + Nr);
        var borderSegments = scratch.Floats(patches.BorderCopyFloats(count));

        for (var tile = 0; tile < tiles; tile++)
        {
            var row = tile * V.Mr;
            var valid = Math.Min(V.Mr, count - row);
            var table = indirectionBuffer + (nint)row * segments;
            patches.FillIndirectionBuffer(
                first + row, valid, table, 1, V.Mr, borderSegments + row * patches.BorderCopyFloats(1));
            output.FillOutputPointers(first + row, valid, patches.OutputSize, outputs + row);
            // The last tile's missing rows repeat its first, with the spare row as output.
            for (var r = valid; r < V.Mr; r++)
            {
                for (var s = 0; s < segments; s++) table[s * V.Mr + r] = table[s * V.Mr];
                outputs[row + r] = spare;
            }
        }

        for (var r = 0; r < V.Mr; r++) partialTileRows[r] = partialTile + r * Nr;
        var prefetch = Panels<V>.PrefetchNext(patches, first + count, count, (panelEnd - panelBegin) * tiles, length);
        for (var panel = panelBegin; panel < panelEnd; panel++)
        {
            var weights = packed + (nint)panel * patches.PatchLength * Nr;
            var panelEpilogue = epilogue with { InitialSums = (nint)((float*)epilogue.InitialSums + panel * Nr) };
            for (var tile = 0; tile < tiles; tile++)
            {
                var table = indirectionBuffer + (nint)tile * V.Mr * segments;
                var to = outputs + tile * V.Mr;
                if (panel != partialPanel)
                {
                    RunMicroKernel(
                        table, segments, length, weights, to, panel * Nr, panelEpilogue, blockRows,
                        prefetch.NextShare());
                    continue;
                }

                var columns = Panels<V>.Columns(panel, output.Channels);
                panelEpilogue = panelEpilogue with { IsNarrow = columns <= V.Width };
                if (columns == V.Width)         // which is all that is written of a row
                {
                    RunMicroKernel(
                        table, segments, length, weights, to, panel * Nr, panelEpilogue, blockRows, default);
                    continue;
                }

                RunMicroKernel(
                    table, segments, length, weights, partialTileRows, 0, panelEpilogue, blockRows, default);
                for (var r = 0; r < V.Mr; r++)
                    new ReadOnlySpan<float>(partialTileRows[r], columns).CopyTo(new(to[r] + panel * Nr, Nr));
            }
        }
    }

    /// <summary>
    /// Calls the micro-kernel with the whole depth, or with one block of at most kc after the other, so that a sum's
    /// rounding does not grow with its length.
    /// </summary>
    /// <param name="blockRows">Working memory for a tile's pointers.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RunMicroKernel(
        float** table, int segments, int length, float* weights, float** outputs, nint column,
        MicroKernels.Epilogue epilogue, float** blockRows, Prefetcher.Share prefetch)
    {
        if (segments * length <= MicroKernels.MaxKc)
            MicroKernels.IndirectGemm<V>(table, segments, length, weights, outputs, column, epilogue, prefetch);
        else
            RunInDepthBlocks(table, segments, length, weights, outputs, column, epilogue, blockRows, prefetch);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunInDepthBlocks(
        float** table, int segments, int length, float* weights, float** outputs, nint column,
        MicroKernels.Epilogue epilogue, float** blockRows, Prefetcher.Share prefetch)
    {
        var segmentsPerBlock = Math.Max(1, MicroKernels.MaxKc / length);
        for (var s = 0; s < segments; s += segmentsPerBlock)
            for (var k = 0; k < length; k += MicroKernels.MaxKc)        // once, unless a single segment is too long
            {
                var count = Math.Min(segmentsPerBlock, segments - s);
                var depth = Math.Min(MicroKernels.MaxKc, length - k);
                var (isFirst, isLast) = (s == 0 && k == 0, s + count == segments && k + depth == length);
                var rows = table + (nint)s * V.Mr;
                for (var r = 0; r < V.Mr && k > 0; r++) blockRows[r] = rows[r] + k;
                MicroKernels.IndirectGemm<V>(
                    k > 0 ? blockRows : rows, count, depth, weights, outputs, column,
                    epilogue with
                    {
                        InitialSums = isFirst ? epilogue.InitialSums : 0, Relu = epilogue.Relu && isLast,
                        NonTemporal = epilogue.NonTemporal && isLast,
                    },
                    isFirst ? prefetch : default);
                weights += (nint)count * depth * Nr;
            }
    }
}
