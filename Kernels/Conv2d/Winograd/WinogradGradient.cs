namespace PyNetSharp;

/// <summary>The gradient by the filters through the Winograd domain: the transpose of each step of <see cref="WinogradSlide{V, W}"/>.</summary>
/// <remarks>
/// y = Aᵀ·((G·w·Gᵀ) ⊙ (Bᵀ·x·B))·A is linear in w, so dw = Gᵀ·(Σ over tiles of (A·dy·Aᵀ) ⊙ (Bᵀ·x·B))·G: per point one
/// matrix product over the tiles, and a single transform back at the end. The tiles are summed block by block in their
/// order, whatever the number of threads.
/// </remarks>
internal sealed unsafe class WinogradGradient<V, W>
    where V : struct, ILanes<V>
    where W : struct, IWinograd
{
    private const int BlockFloats = 1 << 21;        // of transformed inputs and gradients
    private const int TilesPerSum = 64;             // one long sum would round more than these and then their sum

    private readonly Windows patches, results;
    private readonly int channels, outputs, channelPanels, outputPanels, splits, block;
    private readonly nint filterStride, inputStride, gradientStride;    // from point to point
    private float* inputs, gradients, filters, biases, dw;
    private int first, count;

    private WinogradGradient(CpuDevice cpu, Windows windows, float* dy, int outputs)
    {
        (channels, this.outputs) = (windows.Channels, outputs);
        (patches, results) = (WinogradTiles<V, W>.Patches(windows), WinogradTiles<V, W>.Results(windows, dy, outputs));
        (channelPanels, outputPanels) = (Ceiling(channels, PanelWidth), Ceiling(outputs, PanelWidth));
        block = WinogradTiles<V, W>.PerBlock(patches.Positions, BlockFloats / (Points * (channels + outputs)));
        splits = Math.Min(outputPanels, Ceiling(4 * cpu.Threads, Points));
        filterStride = WinogradTiles<V, W>.PointStride((long)outputPanels * channels * PanelWidth);
        inputStride = WinogradTiles<V, W>.PointStride((long)channelPanels * block * PanelWidth);
        gradientStride = WinogradTiles<V, W>.PointStride((long)outputPanels * block * PanelWidth);
    }

    private static int Points => W.Points * W.Points;

    private static int PanelWidth => 2 * V.Width;

    /// <summary>dw and db, as <see cref="ConvolutionKernels.GradientByWeight"/> would make them.</summary>
    /// <param name="cpu">Shares the work.</param>
    /// <param name="windows">Over the input, of stride 1.</param>
    /// <param name="dy">[images, grid, outputs]</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="dw">[outputs, taps · channels]</param>
    /// <param name="db">[outputs]</param>
    public static void Run(CpuDevice cpu, Windows windows, float* dy, int outputs, float* dw, float* db)
    {
        var gradient = new WinogradGradient<V, W>(cpu, windows, dy, outputs);
        var beforeBiases = Points * (gradient.filterStride + gradient.inputStride + gradient.gradientStride);
        using var memory = new Temporary(cpu, (int)beforeBiases + gradient.outputPanels * PanelWidth);
        memory.Span[(int)beforeBiases..].Clear();
        gradient.inputs = memory.Pointer;
        gradient.gradients = gradient.inputs + Points * gradient.inputStride;
        gradient.filters = gradient.gradients + Points * gradient.gradientStride;
        gradient.biases = memory.Pointer + beforeBiases;
        gradient.dw = dw;
        gradient.Run(cpu);
        new ReadOnlySpan<float>(gradient.biases, outputs).CopyTo(new(db, outputs));
    }

    private void Run(CpuDevice cpu)
    {
        Action<int> transform = Transform, multiply = Multiply;
        for (first = 0; first < patches.Positions; first += block)
        {
            count = Math.Min(block, patches.Positions - first);
            cpu.For(Ceiling(count, V.TileRows), transform);
            cpu.For(Points * splits, multiply);
        }

        cpu.For(outputPanels, TransformFilters);
    }

    /// <summary>inputs[point][panel][tile][channel of the panel], and so the gradients.</summary>
    private void Transform(int group)
    {
        var (under, above) = (Points, W.Outputs * W.Outputs);
        var scratch = Scratch.Begin(
            Scratch.Bytes(V.TileRows * under, sizeof(float*)) + Scratch.Bytes(outputs, sizeof(float)) + 2 * Scratch.Bytes(under * V.Width, sizeof(float)));
        var table = scratch.Pointers(V.TileRows * under);
        var zeros = scratch.Floats(outputs);        // the convolution's may be too few: they are for its inputs
        var gathered = scratch.Floats(under * V.Width);
        var between = scratch.Floats(under * V.Width);
        var (begin, tiles) = (group * V.TileRows, Math.Min(V.TileRows, count - group * V.TileRows));

        patches.Point(first + begin, tiles, table, under, 1, null);
        for (var tile = 0; tile < tiles; tile++)
            for (var c = 0; c < channels; c += V.Width)
                Plane.Transform<V, W, Input<W>>(
                    WinogradTiles<V, W>.Pixels(table + tile * under, W.Points, patches.Zeros, c, gathered),
                    new(inputs + Offset(c, begin + tile), W.Points * inputStride, inputStride), between);

        new Span<float>(zeros, outputs).Clear();
        (results with { Zeros = zeros }).Point(first + begin, tiles, table, above, 1, null);
        for (var tile = 0; tile < tiles; tile++)
            for (var c = 0; c < outputs; c += V.Width)
                Plane.Transform<V, W, OutputGradient<W>>(
                    WinogradTiles<V, W>.Pixels(table + tile * above, W.Outputs, zeros, c, gathered),
                    new(gradients + Offset(c, begin + tile), W.Points * gradientStride, gradientStride), between);
    }

    private nint Offset(int channel, int tile) => ((nint)(channel / PanelWidth) * block + tile) * PanelWidth + channel % PanelWidth;

    /// <summary>filters[point][panel of outputs][channel][output of the panel] += Σ over the block's tiles.</summary>
    private void Multiply(int item)
    {
        var (point, split) = Math.DivRem(item, splits);
        for (var panel = outputPanels * split / splits; panel < outputPanels * (split + 1) / splits; panel++)
        {
            var sums = filters + point * filterStride + (nint)panel * channels * PanelWidth;
            for (var tile = 0; tile < count; tile += TilesPerSum)
            {
                var dy = gradients + point * gradientStride + ((nint)panel * block + tile) * PanelWidth;
                var tiles = Math.Min(TilesPerSum, count - tile);
                AddProducts(inputs + point * inputStride + (nint)tile * PanelWidth, dy, tiles, sums, accumulate: first + tile > 0);
                if (point == SumPoint) AddRows(dy, tiles, biases + panel * PanelWidth);
            }
        }
    }

    private void AddProducts(float* x, float* dy, int tiles, float* sums, bool accumulate)
    {
        for (var c = 0; c < channels;)
        {
            // A panel's channels in equal parts: of sixteen at most six, that is six, five and five.
            var (place, parts) = (c % PanelWidth, Ceiling(PanelWidth, V.TileRows));
            var part = (place * parts + parts - 1) / PanelWidth;
            var rows = Math.Min(PanelWidth * (part + 1) / parts - place, channels - c);
            Tile.Outer<V>(x + Offset(c, 0), PanelWidth, tiles, dy, rows, sums + (nint)c * PanelWidth, PanelWidth, accumulate);
            c += rows;
        }
    }

    /// <summary>The point (1, 1), where a tile's transform is the sum of its gradients: every power of 1 is 1.</summary>
    private static int SumPoint => W.Points + 1;

    private static void AddRows(float* rows, int count, float* sums)
    {
        V left = default, right = default;      // not what is there: each row would be rounded to its size
        for (var i = 0; i < count; i++, rows += PanelWidth) (left, right) = (left + V.Load(rows), right + V.Load(rows + V.Width));
        (left + V.Load(sums)).Store(sums);
        (right + V.Load(sums + V.Width)).Store(sums + V.Width);
    }

    private void TransformFilters(int panel)
    {
        var (taps, between) = (W.Taps * W.Taps, W.Points * W.Taps * V.Width);
        var depth = taps * channels;
        var scratch = Scratch.Begin(Scratch.Bytes((long)depth * PanelWidth, sizeof(float)) + Scratch.Bytes(between, sizeof(float)));
        var columns = scratch.Floats((long)depth * PanelWidth);
        var room = scratch.Floats(between);
        for (var c = 0; c < channels; c++)
            for (var half = 0; half < PanelWidth; half += V.Width)
                Plane.Transform<V, W, FilterGradient<W>>(
                    new(filters + ((nint)panel * channels + c) * PanelWidth + half, W.Points * filterStride, filterStride),
                    new(columns + c * PanelWidth + half, W.Taps * channels * PanelWidth, channels * PanelWidth), room);

        Panels.ToRows(
            columns, PanelWidth, depth, Math.Min(PanelWidth, outputs - panel * PanelWidth), dw + (nint)panel * PanelWidth * depth, depth);
    }

    private static int Ceiling(int count, int size) => WinogradTiles<V, W>.Ceiling(count, size);
}
