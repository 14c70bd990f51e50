using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>
/// The weight gradient in the Winograd domain: the transpose of each step of
/// <see cref="WinogradForward{V, TWinograd}"/>.
/// </summary>
/// <remarks>
/// y = Aᵀ·((G·w·Gᵀ) ⊙ (Bᵀ·x·B))·A is linear in w, so dw = Gᵀ·(Σ over tiles of (A·dy·Aᵀ) ⊙ (Bᵀ·x·B))·G: per point one
/// matrix product over the tiles, and one transform at the end. The tiles are summed block by block in their order, for
/// any number of threads.
/// </remarks>
internal sealed unsafe class WinogradWeightGradient<V, TWinograd>
    where V : struct, IVector<V>
    where TWinograd : struct, IWinograd
{
    private const int BlockFloats = 1 << 21;        // of transformed inputs and gradients
    private const int TilesPerSum = 64;             // a longer sum would round more

    private readonly Patches inputTiles, outputTiles;
    private readonly int channels, outputs, channelPanels, outputPanels, splits, tilesPerBlock;
    private readonly nint filterStride, inputStride, gradientStride;    // from point to point
    private float* transformedInputs, transformedGradients, filterGradients, biasGradients, dw;
    private int firstTile, tileCount;

    private WinogradWeightGradient(CpuDevice cpu, Patches patches, float* dy, int outputs)
    {
        (channels, this.outputs) = (patches.Channels, outputs);
        inputTiles = WinogradTiles<V, TWinograd>.InputTiles(patches);
        outputTiles = WinogradTiles<V, TWinograd>.OutputTiles(patches, dy, outputs);
        (channelPanels, outputPanels) = (CeilDiv(channels, Nr), CeilDiv(outputs, Nr));
        tilesPerBlock = WinogradTiles<V, TWinograd>.TilesPerBlock(
            inputTiles.Positions, BlockFloats / (Points * (channels + outputs)));
        splits = Math.Min(outputPanels, CeilDiv(4 * cpu.Threads, Points));
        filterStride = WinogradTiles<V, TWinograd>.PointStride((long)outputPanels * channels * Nr);
        inputStride = WinogradTiles<V, TWinograd>.PointStride((long)channelPanels * tilesPerBlock * Nr);
        gradientStride = WinogradTiles<V, TWinograd>.PointStride((long)outputPanels * tilesPerBlock * Nr);
    }

    private static int Points => TWinograd.InputTileSize * TWinograd.InputTileSize;

    private static int Nr => 2 * V.Width;

    /// <summary>The same as <see cref="DirectConvolution.WeightGradient"/>, up to rounding.</summary>
    /// <param name="cpu">Divides the work among its threads.</param>
    /// <param name="patches">Of the input, of stride 1.</param>
    /// <param name="dy">[N, P, Q, outputs]</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="dw">[outputs, taps · channels]</param>
    /// <param name="db">[outputs]</param>
    public static void Run(CpuDevice cpu, Patches patches, float* dy, int outputs, float* dw, float* db)
    {
        var gradient = new WinogradWeightGradient<V, TWinograd>(cpu, patches, dy, outputs);
        var beforeBiases = Points * (gradient.filterStride + gradient.inputStride + gradient.gradientStride);
        using var memory = new Workspace(cpu, (int)beforeBiases + gradient.outputPanels * Nr);
        memory.Span[(int)beforeBiases..].Clear();
        gradient.transformedInputs = memory.Pointer;
        gradient.transformedGradients = gradient.transformedInputs + Points * gradient.inputStride;
        gradient.filterGradients = gradient.transformedGradients + Points * gradient.gradientStride;
        gradient.biasGradients = memory.Pointer + beforeBiases;
        gradient.dw = dw;
        gradient.Run(cpu);
        new ReadOnlySpan<float>(gradient.biasGradients, outputs).CopyTo(new(db, outputs));
    }

    private void Run(CpuDevice cpu)
    {
        Action<int> transform = TransformTiles, multiply = Multiply;
        for (firstTile = 0; firstTile < inputTiles.Positions; firstTile += tilesPerBlock)
        {
            tileCount = Math.Min(tilesPerBlock, inputTiles.Positions - firstTile);
            cpu.For(CeilDiv(tileCount, V.Mr), transform);
            cpu.For(Points * splits, multiply);
        }

        cpu.For(outputPanels, TransformFilterGradients);
    }

    /// <summary>transformedInputs[point][panel][tile][channel of the panel]; transformedGradients likewise.</summary>
    private void TransformTiles(int group)
    {
        // Pixels of a tile
        var (inputSize, outputSize) = (Points, TWinograd.OutputTileSize * TWinograd.OutputTileSize);
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes(V.Mr * inputSize, sizeof(float*)) + Scratch.AlignedBytes(outputs, sizeof(float)) +
            2 * Scratch.AlignedBytes(inputSize * V.Width, sizeof(float)));
        var table = scratch.Pointers(V.Mr * inputSize);
        // The convolution's zero buffer may be too short: it is for the input channels.
        var zeros = scratch.Floats(outputs);
        var gathered = scratch.Floats(inputSize * V.Width);
        var between = scratch.Floats(inputSize * V.Width);
        var (begin, tiles) = (group * V.Mr, Math.Min(V.Mr, tileCount - group * V.Mr));

        // No row segments: Conv2dPlan gives Winograd at least RowSegmentChannelLimit channels.
        inputTiles.FillIndirectionBuffer(firstTile + begin, tiles, table, inputSize, 1, null);
        for (var tile = 0; tile < tiles; tile++)
            for (var c = 0; c < channels; c += V.Width)
                StridedTile.Transform<V, TWinograd, InputTransform<TWinograd>>(
                    WinogradTiles<V, TWinograd>.GatherTile(
                        table + tile * inputSize, TWinograd.InputTileSize, inputTiles.ZeroBuffer, c, gathered),
                    new(
                        transformedInputs + Offset(c, begin + tile), TWinograd.InputTileSize * inputStride,
                        inputStride),
                    between);

        new Span<float>(zeros, outputs).Clear();
        (outputTiles with { ZeroBuffer = zeros })
            .FillIndirectionBuffer(firstTile + begin, tiles, table, outputSize, 1, null);
        for (var tile = 0; tile < tiles; tile++)
            for (var c = 0; c < outputs; c += V.Width)
                StridedTile.Transform<V, TWinograd, OutputGradientTransform<TWinograd>>(
                    WinogradTiles<V, TWinograd>.GatherTile(
                        table + tile * outputSize, TWinograd.OutputTileSize, zeros, c, gathered),
                    new(
                        transformedGradients + Offset(c, begin + tile), TWinograd.InputTileSize * gradientStride,
                        gradientStride),
                    between);
    }

    private nint Offset(int channel, int tile) => ((nint)(channel / Nr) * tilesPerBlock + tile) * Nr + channel % Nr;

    /// <summary>
    /// filterGradients[point][panel of outputs][channel][output of the panel] += Σ over the block's tiles.
    /// </summary>
    private void Multiply(int item)
    {
        var (point, split) = Math.DivRem(item, splits);
        for (var panel = outputPanels * split / splits; panel < outputPanels * (split + 1) / splits; panel++)
        {
            var sums = filterGradients + point * filterStride + (nint)panel * channels * Nr;
            for (var tile = 0; tile < tileCount; tile += TilesPerSum)
            {
                var dy = transformedGradients + point * gradientStride + ((nint)panel * tilesPerBlock + tile) * Nr;
                var tiles = Math.Min(TilesPerSum, tileCount - tile);
                var x = transformedInputs + point * inputStride + (nint)tile * Nr;
                AddProducts(x, dy, tiles, sums, accumulate: firstTile + tile > 0);
                if (point == BiasGradientPoint) AddRows(dy, tiles, biasGradients + panel * Nr);
            }
        }
    }

    private void AddProducts(float* x, float* dy, int tiles, float* sums, bool accumulate)
    {
        for (var c = 0; c < channels;)
        {
            // A panel's channels in equal parts of at most mr: sixteen channels and mr = 6 yield 6, 5 and 5 rows.
            var (offset, parts) = (c % Nr, CeilDiv(Nr, V.Mr));
            var part = (offset * parts + parts - 1) / Nr;
            var rows = Math.Min(Nr * (part + 1) / parts - offset, channels - c);
            MicroKernels.TransposedGemm<V>(x + Offset(c, 0), Nr, tiles, dy, rows, sums + (nint)c * Nr, Nr, accumulate);
            c += rows;
        }
    }

    /// <summary>
    /// The point (1, 1): there a tile's transform is the sum of its gradients, since every power of 1 is 1.
    /// </summary>
    private static int BiasGradientPoint => TWinograd.InputTileSize + 1;

    private static void AddRows(float* rows, int count, float* sums)
    {
        V left = default, right = default;      // not from sums, whose size would round each row
        for (var i = 0; i < count; i++, rows += Nr)
            (left, right) = (left + V.Load(rows), right + V.Load(rows + V.Width));
        (left + V.Load(sums)).Store(sums);
        (right + V.Load(sums + V.Width)).Store(sums + V.Width);
    }

    private void TransformFilterGradients(int panel)
    {
        var (taps, betweenSize) = (TWinograd.Taps * TWinograd.Taps, TWinograd.InputTileSize * TWinograd.Taps * V.Width);
        var depth = taps * channels;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes((long)depth * Nr, sizeof(float)) + Scratch.AlignedBytes(betweenSize, sizeof(float)));
        var columns = scratch.Floats((long)depth * Nr);
        var between = scratch.Floats(betweenSize);
        for (var c = 0; c < channels; c++)
            for (var half = 0; half < Nr; half += V.Width)
                StridedTile.Transform<V, TWinograd, FilterGradientTransform<TWinograd>>(
                    new(
                        filterGradients + ((nint)panel * channels + c) * Nr + half,
                        TWinograd.InputTileSize * filterStride, filterStride),
                    new(columns + c * Nr + half, TWinograd.Taps * channels * Nr, channels * Nr), between);

        PanelPacking.UnpackTransposed(
            columns, Nr, depth, Math.Min(Nr, outputs - panel * Nr), dw + (nint)panel * Nr * depth, depth);
    }

    private static int CeilDiv(int count, int size) => WinogradTiles<V, TWinograd>.CeilDiv(count, size);
}
