using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>
/// A convolution in the Winograd domain: transform the inputs, multiply one matrix per point, transform the products.
/// </summary>
/// <remarks>
/// The batch's tiles are computed in blocks that stay in the caches from the first transform to the last. All threads
/// share each of a block's three steps, so that a point's filters are read once per block, by one core. Filters larger
/// than the caches are read from memory for every block; so their blocks are as large as they are.
/// </remarks>
internal sealed unsafe class WinogradForward<V, TWinograd>
    where V : struct, IVector<V>
    where TWinograd : struct, IWinograd
{
    /// <summary>Of transformed inputs and products; or as many as the filters have, if that is more.</summary>
    private const int BlockFloats = 1 << 21;
    private const int ChannelsPerTask = 32;

    private readonly Patches inputTiles, outputTiles;
    private readonly int channels, outputs, channelPanels, outputPanels, splits, tilesPerBlock;
    private readonly nint filterStride, inputStride, productStride;     // from point to point
    private readonly bool relu;
    private float* packed, biases, transformedFilters, transformedInputs, products;
    private int firstTile, tileCount;

    private WinogradForward(CpuDevice cpu, Patches patches, bool relu, float* y, int outputs)
    {
        (channels, this.outputs, this.relu) = (patches.Channels, outputs, relu);
        inputTiles = WinogradTiles<V, TWinograd>.InputTiles(patches);
        outputTiles = WinogradTiles<V, TWinograd>.OutputTiles(patches, y, outputs);
        (channelPanels, outputPanels) = (CeilDiv(channels, Nr), CeilDiv(outputs, Nr));
        tilesPerBlock = WinogradTiles<V, TWinograd>.TilesPerBlock(
            inputTiles.Positions, Math.Max(BlockFloats, Points * channels * outputs) / (Points * (channels + outputs)));
        splits = Math.Min(outputPanels, CeilDiv(4 * cpu.Threads, Points));
        filterStride = WinogradTiles<V, TWinograd>.PointStride((long)outputPanels * channels * Nr);
        inputStride = WinogradTiles<V, TWinograd>.PointStride((long)channelPanels * tilesPerBlock * Nr);
        productStride = WinogradTiles<V, TWinograd>.PointStride((long)outputPanels * tilesPerBlock * Nr);
    }

    private static int Points => TWinograd.InputTileSize * TWinograd.InputTileSize;

    private static int Nr => 2 * V.Width;

    /// <summary>The same as <see cref="DirectConvolution.Convolve"/>, up to rounding.</summary>
    /// <param name="cpu">Divides the work among its threads.</param>
    /// <param name="patches">Of stride 1.</param>
    /// <param name="packed">The filters: panels of [taps · channels, nr].</param>
    /// <param name="packedBias">Each output channel's bias.</param>
    /// <param name="relu">Whether to end with max(·, 0).</param>
    /// <param name="y">[N, P, Q, outputs]</param>
    /// <param name="outputs">Output channels.</param>
    public static void Run(
        CpuDevice cpu, Patches patches, float* packed, float* packedBias, bool relu, float* y, int outputs)
    {
        var forward = new WinogradForward<V, TWinograd>(cpu, patches, relu, y, outputs);
        var floats = Points * (forward.filterStride + forward.inputStride + forward.productStride);
        using var memory = new Workspace(cpu, (int)floats);
        forward.packed = packed;
        forward.biases = packedBias;
        forward.transformedFilters = memory.Pointer;
        forward.transformedInputs = forward.transformedFilters + Points * forward.filterStride;
        forward.products = forward.transformedInputs + Points * forward.inputStride;
        forward.Run(cpu);
    }

    private void Run(CpuDevice cpu)
    {
        cpu.For(outputPanels * CeilDiv(channels, ChannelsPerTask), TransformFilters);

        Action<int> transformInputs = TransformInputs, multiply = Multiply, transformOutputs = TransformOutputs;
        for (firstTile = 0; firstTile < inputTiles.Positions; firstTile += tilesPerBlock)
        {
            tileCount = Math.Min(tilesPerBlock, inputTiles.Positions - firstTile);
            cpu.For(CeilDiv(tileCount, V.Mr), transformInputs);
            cpu.For(Points * splits, multiply);
            cpu.For(CeilDiv(tileCount, V.Mr), transformOutputs);
        }
    }

    private void TransformFilters(int task)
    {
        var (panel, part) = Math.DivRem(task, CeilDiv(channels, ChannelsPerTask));
        var size = TWinograd.InputTileSize * TWinograd.Taps * V.Width;
        var between = Scratch.ForThread(Scratch.AlignedBytes(size, sizeof(float))).Floats(size);
        for (var c = part * ChannelsPerTask; c < Math.Min(channels, (part + 1) * ChannelsPerTask); c++)
            for (var half = 0; half < Nr; half += V.Width)
                StridedTile.Transform<V, TWinograd, FilterTransform<TWinograd>>(
                    new(
                        packed + ((nint)panel * TWinograd.Taps * TWinograd.Taps * channels + c) * Nr + half,
                        TWinograd.Taps * channels * Nr, channels * Nr),
                    new(
                        transformedFilters + ((nint)panel * channels + c) * Nr + half,
                        TWinograd.InputTileSize * filterStride, filterStride),
                    between);
    }

    /// <summary>
    /// transformedInputs[point][group][panel][tile of the group][channel of the panel]: a group is the mr rows of one
    /// <see cref="MicroKernels.BlockedGemm"/>.
    /// </summary>
    private void TransformInputs(int group)
    {
        var pixels = Points;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes(V.Mr * pixels, sizeof(float*)) +
            2 * Scratch.AlignedBytes(pixels * V.Width, sizeof(float)));
        var table = scratch.Pointers(V.Mr * pixels);
        var gathered = scratch.Floats(pixels * V.Width);
        var between = scratch.Floats(pixels * V.Width);
        var tiles = Math.Min(V.Mr, tileCount - group * V.Mr);
        // No row segments: Conv2dPlan gives Winograd at least RowSegmentChannelLimit channels.
        inputTiles.FillIndirectionBuffer(firstTile + group * V.Mr, tiles, table, pixels, 1, null);

        for (var tile = 0; tile < tiles; tile++, table += pixels)
            for (var c = 0; c < channels; c += V.Width)
            {
                var to = (((nint)group * channelPanels + c / Nr) * V.Mr + tile) * Nr + c % Nr;
                StridedTile.Transform<V, TWinograd, InputTransform<TWinograd>>(
                    WinogradTiles<V, TWinograd>.GatherTile(
                        table, TWinograd.InputTileSize, inputTiles.ZeroBuffer, c, gathered),
                    new(transformedInputs + to, TWinograd.InputTileSize * inputStride, inputStride), between);
            }
    }

    /// <summary>products[point][panel][tile][output of the panel]</summary>
    private void Multiply(int item)
    {
        var (point, split) = Math.DivRem(item, splits);
        for (var panel = outputPanels * split / splits; panel < outputPanels * (split + 1) / splits; panel++)
        {
            var from = transformedInputs + point * inputStride;
            var to = products + point * productStride + (nint)panel * tilesPerBlock * Nr;
            for (var tile = 0; tile < tileCount; tile += V.Mr)
            {
                var filter = transformedFilters + point * filterStride + (nint)panel * channels * Nr;
                for (var c = 0; c < channels; c += MicroKernels.MaxKc)
                    MicroKernels.BlockedGemm<V>(
                        from + (nint)c * V.Mr, Math.Min(MicroKernels.MaxKc, channels - c),
                        filter + (nint)c * Nr, to, accumulate: c > 0);
                from += channelPanels * V.Mr * Nr;
                to += V.Mr * Nr;
            }
        }
    }

    private void TransformOutputs(int group)
    {
        var pixels = TWinograd.OutputTileSize * TWinograd.OutputTileSize;
        var scratch = Scratch.ForThread(
            Scratch.AlignedBytes(V.Mr * pixels, sizeof(float*)) + Scratch.AlignedBytes(outputs, sizeof(float)) +
            Scratch.AlignedBytes(pixels * V.Width, sizeof(float)) +
            Scratch.AlignedBytes(TWinograd.OutputTileSize * TWinograd.InputTileSize * V.Width, sizeof(float)));
        var table = scratch.Pointers(V.Mr * pixels);
        var outside = scratch.Floats(outputs);      // outputs beyond the image's edge are written here
        var outputTile = scratch.Floats(pixels * V.Width);
        var between = scratch.Floats(TWinograd.OutputTileSize * TWinograd.InputTileSize * V.Width);
        var tiles = Math.Min(V.Mr, tileCount - group * V.Mr);
        // No row segments: Conv2dPlan gives Winograd at least RowSegmentChannelLimit channels.
        (outputTiles with { ZeroBuffer = outside })
            .FillIndirectionBuffer(firstTile + group * V.Mr, tiles, table, pixels, 1, null);

        for (var tile = 0; tile < tiles; tile++, table += pixels)
            for (var c = 0; c < outputs; c += V.Width)
            {
                var from = products + ((nint)(c / Nr) * tilesPerBlock + group * V.Mr + tile) * Nr + c % Nr;
                StridedTile.Transform<V, TWinograd, OutputTransform<TWinograd>>(
                    new(from, TWinograd.InputTileSize * productStride, productStride),
                    new(outputTile, TWinograd.OutputTileSize * V.Width, V.Width), between);

                var bias = V.Load(biases + c);
                for (var i = 0; i < pixels; i++)
                {
                    var y = bias + V.Load(outputTile + i * V.Width);
                    (relu ? V.Relu(y) : y).Store(table[i] + c);
                }
            }
    }

    private static int CeilDiv(int count, int size) => WinogradTiles<V, TWinograd>.CeilDiv(count, size);
}
