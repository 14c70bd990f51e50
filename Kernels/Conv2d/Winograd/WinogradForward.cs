using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>
/// A convolution in the Winograd domain: transform the inputs, multiply one matrix per point, transform the products.
/// </summary>
/// <remarks>
/// The batch's tiles are computed in blocks that stay in the caches from the first transform to the last. All threads
/// share each of a block's three steps, so that a point's filters are read once per block, by one core. Filters larger
/// than the caches are read from memory for every block; so their blocks are as large as they are. A single image has
/// few groups of tiles, whose transforms are divided by channels as well.
/// </remarks>
internal unsafe struct WinogradForward<V, TWinograd>
    where V : struct, IVector<V>
    where TWinograd : struct, IWinograd
{
    /// <summary>Of transformed inputs and products; or as many as the filters have, if that is more.</summary>
    private const int BlockFloats = 1 << 21;
    private const int TasksPerThread = 4;

    private readonly Patches inputTiles, outputTiles;
    private readonly int channels, outputs, channelPanels, outputPanels, splits, tilesPerBlock;
    private readonly nint filterStride, inputStride, productStride;     // from point to point
    private readonly bool relu;
    private float* biases, transformedFilters, transformedInputs, products;
    private int firstTile, tileCount, inputParts, outputParts;       // of the current block

    private WinogradForward(CpuDevice cpu, Patches patches, bool relu, float* y, int outputs)
    {
        (channels, this.outputs, this.relu) = (patches.Channels, outputs, relu);
        inputTiles = WinogradTiles<V, TWinograd>.InputTiles(patches);
        outputTiles = WinogradTiles<V, TWinograd>.OutputTiles(patches, y, outputs);
        (channelPanels, outputPanels) = (CeilDiv(channels, Nr), CeilDiv(outputs, Nr));
        tilesPerBlock = WinogradTiles<V, TWinograd>.TilesPerBlock(
            inputTiles.Positions, Math.Max(BlockFloats, Points * channels * outputs) / (Points * (channels + outputs)));
        splits = Math.Min(outputPanels, CeilDiv(TasksPerThread * cpu.Threads, Points));
        filterStride = WinogradFilters<V, TWinograd>.Stride(channels, outputs);
        inputStride = WinogradTiles<V, TWinograd>.PointStride((long)channelPanels * tilesPerBlock * Nr);
        productStride = WinogradTiles<V, TWinograd>.PointStride((long)outputPanels * tilesPerBlock * Nr);
    }

    private static int Points => TWinograd.InputTileSize * TWinograd.InputTileSize;

    private static int Nr => 2 * V.Width;

    /// <summary>Floats of working memory.</summary>
    public static int WorkspaceSize(CpuDevice cpu, Patches patches, int outputs)
    {
        var forward = new WinogradForward<V, TWinograd>(cpu, patches, relu: false, null, outputs);
        return checked((int)(Points * (forward.inputStride + forward.productStride)));
    }

    /// <summary>The same as <see cref="DirectConvolution.Convolve"/>, up to rounding.</summary>
    /// <param name="cpu">Divides the work among its threads.</param>
    /// <param name="patches">Of stride 1.</param>
    /// <param name="filters">Of <see cref="WinogradFilters{V, TWinograd}"/>.</param>
    /// <param name="packedBias">Each output channel's bias.</param>
    /// <param name="relu">Whether to end with max(·, 0).</param>
    /// <param name="y">[N, P, Q, outputs]</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="workspace"><see cref="WorkspaceSize"/> floats.</param>
    public static void Run(
        CpuDevice cpu, Patches patches, float* filters, float* packedBias, bool relu, float* y, int outputs,
        float* workspace)
    {
        var forward = new WinogradForward<V, TWinograd>(cpu, patches, relu, y, outputs);
        forward.biases = packedBias;
        forward.transformedFilters = filters;
        forward.transformedInputs = workspace;
        forward.products = forward.transformedInputs + Points * forward.inputStride;
        while (forward.firstTile < forward.inputTiles.Positions) RunBlock(cpu, &forward);
    }

    /// <param name="forward">On the caller's stack, where all threads read it.</param>
    private static void RunBlock(CpuDevice cpu, WinogradForward<V, TWinograd>* forward)
    {
        forward->tileCount = Math.Min(forward->tilesPerBlock, forward->inputTiles.Positions - forward->firstTile);
        var groups = CeilDiv(forward->tileCount, V.Mr);
        var parts = CeilDiv(TasksPerThread * cpu.Threads, groups);
        forward->inputParts = Math.Min(parts, forward->channelPanels);
        forward->outputParts = Math.Min(parts, forward->outputPanels);
        cpu.For(groups * forward->inputParts, new InputTransforms(forward));
        cpu.For(Points * forward->splits, new Products(forward));
        cpu.For(groups * forward->outputParts, new OutputTransforms(forward));
        forward->firstTile += forward->tileCount;
    }

    /// <summary>
    /// transformedInputs[point][group][panel][tile of the group][channel of the panel]: a group is the mr rows of one
    /// <see cref="MicroKernels.BlockedGemm{V}"/>.
    /// </summary>
    private readonly void TransformInputs(int task)
    {
        var (group, part) = Math.DivRem(task, inputParts);
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
            for (var (c, end) = Channels(part, inputParts, channelPanels, channels); c < end; c += V.Width)
            {
                var to = (((nint)group * channelPanels + c / Nr) * V.Mr + tile) * Nr + c % Nr;
                StridedTile.Transform<V, TWinograd, InputTransform<TWinograd>>(
                    WinogradTiles<V, TWinograd>.GatherTile(
                        table, TWinograd.InputTileSize, inputTiles.ZeroBuffer, c, gathered),
                    new(transformedInputs + to, TWinograd.InputTileSize * inputStride, inputStride), between);
            }
    }

    /// <summary>products[point][panel][tile][output of the panel]</summary>
    private readonly void Multiply(int item)
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
                        from + (nint)c * V.Mr, Math.Min(MicroKernels.MaxKc, channels - c), filter + (nint)c * Nr,
                        Math.Min(V.Mr, tileCount - tile), to, accumulate: c > 0);
                from += channelPanels * V.Mr * Nr;
                to += V.Mr * Nr;
            }
        }
    }

    private readonly void TransformOutputs(int task)
    {
        var (group, part) = Math.DivRem(task, outputParts);
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
            for (var (c, end) = Channels(part, outputParts, outputPanels, outputs); c < end; c += V.Width)
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

    /// <summary>The channels of one of the parts into which their panels are divided.</summary>
    private static (int Begin, int End) Channels(int part, int parts, int panels, int channels) =>
        (panels * part / parts * Nr, Math.Min(panels * (part + 1) / parts * Nr, channels));

    private readonly struct InputTransforms(WinogradForward<V, TWinograd>* forward) : ILoopBody
    {
        public void Run(int i) => forward->TransformInputs(i);
    }

    private readonly struct Products(WinogradForward<V, TWinograd>* forward) : ILoopBody
    {
        public void Run(int i) => forward->Multiply(i);
    }

    private readonly struct OutputTransforms(WinogradForward<V, TWinograd>* forward) : ILoopBody
    {
        public void Run(int i) => forward->TransformOutputs(i);
    }

    private static int CeilDiv(int count, int size) => WinogradTiles<V, TWinograd>.CeilDiv(count, size);
}
