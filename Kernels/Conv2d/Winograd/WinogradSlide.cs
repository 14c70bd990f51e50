namespace PyNetSharp;

/// <summary>A convolution through the Winograd domain: transform the inputs, one matrix product per point, transform back.</summary>
/// <remarks>
/// The tiles of the batch pass in blocks that stay in the caches from the first transform to the last. All threads share
/// each of the three steps of a block, so that a point's filters are read once per block, by one core. Filters larger than
/// the caches would come from memory for every block: there the blocks are as large as they.
/// </remarks>
internal sealed unsafe class WinogradSlide<V, W>
    where V : struct, ILanes<V>
    where W : struct, IWinograd
{
    private const int BlockFloats = 1 << 21;        // of transformed inputs and products, or as many as the filters have
    private const int ChannelsPerPiece = 32;

    private readonly Windows patches, results;
    private readonly int channels, outputs, channelPanels, outputPanels, splits, block;
    private readonly nint filterStride, inputStride, productStride;     // from point to point
    private readonly bool relu;
    private float* packed, start, filters, inputs, products;
    private int first, count;

    private WinogradSlide(CpuDevice cpu, Windows windows, bool relu, float* y, int outputs)
    {
        (channels, this.outputs, this.relu) = (windows.Channels, outputs, relu);
        (patches, results) = (WinogradTiles<V, W>.Patches(windows), WinogradTiles<V, W>.Results(windows, y, outputs));
        (channelPanels, outputPanels) = (Ceiling(channels, PanelWidth), Ceiling(outputs, PanelWidth));
        block = WinogradTiles<V, W>.PerBlock(
            patches.Positions, Math.Max(BlockFloats, Points * channels * outputs) / (Points * (channels + outputs)));
        splits = Math.Min(outputPanels, Ceiling(4 * cpu.Threads, Points));
        filterStride = WinogradTiles<V, W>.PointStride((long)outputPanels * channels * PanelWidth);
        inputStride = WinogradTiles<V, W>.PointStride((long)channelPanels * block * PanelWidth);
        productStride = WinogradTiles<V, W>.PointStride((long)outputPanels * block * PanelWidth);
    }

    private static int Points => W.Points * W.Points;

    private static int PanelWidth => 2 * V.Width;

    /// <summary>y = the convolution, as <see cref="ConvolutionKernels.Slide"/> would make it.</summary>
    /// <param name="cpu">Shares the work.</param>
    /// <param name="windows">Of stride 1.</param>
    /// <param name="packed">The filters: panels of [taps · channels, 2 vectors].</param>
    /// <param name="start">What each output channel's sums start from.</param>
    /// <param name="relu">Whether negative results become 0.</param>
    /// <param name="y">[images, grid, outputs]</param>
    /// <param name="outputs">Output channels.</param>
    public static void Run(CpuDevice cpu, Windows windows, float* packed, float* start, bool relu, float* y, int outputs)
    {
        var slide = new WinogradSlide<V, W>(cpu, windows, relu, y, outputs);
        using var memory = new Temporary(cpu, (int)(Points * (slide.filterStride + slide.inputStride + slide.productStride)));
        slide.packed = packed;
        slide.start = start;
        slide.filters = memory.Pointer;
        slide.inputs = slide.filters + Points * slide.filterStride;
        slide.products = slide.inputs + Points * slide.inputStride;
        slide.Run(cpu);
    }

    private void Run(CpuDevice cpu)
    {
        cpu.For(outputPanels * Ceiling(channels, ChannelsPerPiece), TransformFilters);

        Action<int> transformInputs = TransformInputs, multiply = Multiply, transformProducts = TransformProducts;
        for (first = 0; first < patches.Positions; first += block)
        {
            count = Math.Min(block, patches.Positions - first);
            cpu.For(Ceiling(count, V.TileRows), transformInputs);
            cpu.For(Points * splits, multiply);
            cpu.For(Ceiling(count, V.TileRows), transformProducts);
        }
    }

    private void TransformFilters(int piece)
    {
        var (panel, part) = Math.DivRem(piece, Ceiling(channels, ChannelsPerPiece));
        var between = Scratch.Begin(Scratch.Bytes(W.Points * W.Taps * V.Width, sizeof(float))).Floats(W.Points * W.Taps * V.Width);
        for (var c = part * ChannelsPerPiece; c < Math.Min(channels, (part + 1) * ChannelsPerPiece); c++)
            for (var half = 0; half < PanelWidth; half += V.Width)
                Plane.Transform<V, W, Filter<W>>(
                    new(packed + ((nint)panel * W.Taps * W.Taps * channels + c) * PanelWidth + half, W.Taps * channels * PanelWidth, channels * PanelWidth),
                    new(filters + ((nint)panel * channels + c) * PanelWidth + half, W.Points * filterStride, filterStride),
                    between);
    }

    /// <summary>inputs[point][group][panel][tile of the group][channel of the panel]: a group is what <see cref="Tile.Block"/> takes.</summary>
    private void TransformInputs(int group)
    {
        var pixels = Points;
        var scratch = Scratch.Begin(
            Scratch.Bytes(V.TileRows * pixels, sizeof(float*)) + 2 * Scratch.Bytes(pixels * V.Width, sizeof(float)));
        var table = scratch.Pointers(V.TileRows * pixels);
        var gathered = scratch.Floats(pixels * V.Width);
        var between = scratch.Floats(pixels * V.Width);
        var tiles = Math.Min(V.TileRows, count - group * V.TileRows);
        patches.Point(first + group * V.TileRows, tiles, table, pixels, 1, null);

        for (var tile = 0; tile < tiles; tile++, table += pixels)
            for (var c = 0; c < channels; c += V.Width)
            {
                var to = (((nint)group * channelPanels + c / PanelWidth) * V.TileRows + tile) * PanelWidth + c % PanelWidth;
                Plane.Transform<V, W, Input<W>>(
                    WinogradTiles<V, W>.Pixels(table, W.Points, patches.Zeros, c, gathered), new(inputs + to, W.Points * inputStride, inputStride), between);
            }
    }

    /// <summary>products[point][panel][tile][output of the panel]</summary>
    private void Multiply(int item)
    {
        var (point, split) = Math.DivRem(item, splits);
        for (var panel = outputPanels * split / splits; panel < outputPanels * (split + 1) / splits; panel++)
        {
            var from = inputs + point * inputStride;
            var to = products + point * productStride + (nint)panel * block * PanelWidth;
            for (var tile = 0; tile < count; tile += V.TileRows)
            {
                var filter = filters + point * filterStride + (nint)panel * channels * PanelWidth;
                for (var c = 0; c < channels; c += Tile.MostDepth)
                    Tile.Block<V>(
                        from + (nint)c * V.TileRows, Math.Min(Tile.MostDepth, channels - c),
                        filter + (nint)c * PanelWidth, to, accumulate: c > 0);
                from += channelPanels * V.TileRows * PanelWidth;
                to += V.TileRows * PanelWidth;
            }
        }
    }

    private void TransformProducts(int group)
    {
        var pixels = W.Outputs * W.Outputs;
        var scratch = Scratch.Begin(
            Scratch.Bytes(V.TileRows * pixels, sizeof(float*)) + Scratch.Bytes(outputs, sizeof(float)) +
            Scratch.Bytes(pixels * V.Width, sizeof(float)) + Scratch.Bytes(W.Outputs * W.Points * V.Width, sizeof(float)));
        var table = scratch.Pointers(V.TileRows * pixels);
        var outside = scratch.Floats(outputs);      // takes the results beyond the image's edge
        var tileOfResults = scratch.Floats(pixels * V.Width);
        var between = scratch.Floats(W.Outputs * W.Points * V.Width);
        var tiles = Math.Min(V.TileRows, count - group * V.TileRows);
        (results with { Zeros = outside }).Point(first + group * V.TileRows, tiles, table, pixels, 1, null);

        for (var tile = 0; tile < tiles; tile++, table += pixels)
            for (var c = 0; c < outputs; c += V.Width)
            {
                var from = products + ((nint)(c / PanelWidth) * block + group * V.TileRows + tile) * PanelWidth + c % PanelWidth;
                Plane.Transform<V, W, Output<W>>(
                    new(from, W.Points * productStride, productStride), new(tileOfResults, W.Outputs * V.Width, V.Width), between);

                var bias = V.Load(start + c);
                for (var i = 0; i < pixels; i++)
                {
                    var y = bias + V.Load(tileOfResults + i * V.Width);
                    (relu ? V.Positive(y) : y).Store(table[i] + c);
                }
            }
    }

    private static int Ceiling(int count, int size) => WinogradTiles<V, W>.Ceiling(count, size);
}
