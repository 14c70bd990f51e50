using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>Batch normalization on the CPU.</summary>
/// <remarks>
/// Sums over rows are taken in blocks of <see cref="BlockRows"/> rows and <see cref="BlockChannels"/> channels. Blocks
/// fit the L2 cache and depend on the shape alone. The sums of a channel's blocks are added in double precision and in
/// order, so the result has the same bits for any number of threads, and is as accurate for a million rows as for a
/// hundred.
/// </remarks>
internal sealed unsafe class BatchNormCpu(Tensor x, Tensor mean, Tensor invStd, Tensor? weight) : IBatchNorm
{
    private const int BlockRows = 128, BlockChannels = 512;
    private const int ChannelsPerCacheLine = 16;        // threads that write [C] write different cache lines

    private readonly int channels = x.Shape[1], rows = BatchNormOp.RowCount(x);

    private int RowBlocks => (rows + BlockRows - 1) / BlockRows;

    /// <remarks>One pass over x: of each block first its mean, then the deviations from that.</remarks>
    public void ComputeBatchStatistics(Tensor? runningMean, Tensor? runningVariance, float momentum, float eps)
    {
        using Workspace centers = BlockWorkspace(), sums = BlockWorkspace(), squares = BlockWorkspace();
        float* input = x.Pointer, center = centers.Pointer, sum = sums.Pointer, square = squares.Pointer;
        float* means = mean.Pointer, invStds = invStd.Pointer;
        float* runningMeans = runningMean is null ? null : runningMean.Pointer;
        float* runningVariances = runningVariance is null ? null : runningVariance.Pointer;

        ForEachBlock((block, blockRows, offset, n) =>
        {
            BatchNormLoops.ChannelMeans(input + offset, channels, blockRows, center + block, n);
            BatchNormLoops.SumDeviations(
                input + offset, channels, blockRows, center + block, sum + block, square + block, n);
        });
        ForEachChannel(c =>
        {
            double total = 0, squaredDeviations = 0;
            for (var i = 0; i < RowBlocks; i++)
                total += RowsInBlock(i) * (double)center[BlockOffset(i, c)] + sum[BlockOffset(i, c)];
            var average = total / rows;
            for (var i = 0; i < RowBlocks; i++)     // moved from the block's center to the channel's mean
            {
                var shift = center[BlockOffset(i, c)] - average;
                squaredDeviations += square[BlockOffset(i, c)]
                    + shift * (2.0 * sum[BlockOffset(i, c)] + RowsInBlock(i) * shift);
            }

            squaredDeviations = Math.Max(0, squaredDeviations);     // a constant channel may round to less
            means[c] = (float)average;
            invStds[c] = (float)(1 / Math.Sqrt(squaredDeviations / rows + eps));
            if (runningMeans == null) return;
            UpdateRunning(runningMeans + c, average, momentum);
            UpdateRunning(runningVariances + c, squaredDeviations / (rows - 1), momentum);
        });
    }

    public void LoadRunningStatistics(Tensor runningMean, Tensor runningVariance, float eps)
    {
        runningMean.Span.CopyTo(mean.Span);
        LoadInvStd(runningVariance, eps, invStd.Span);
    }

    public void Normalize(Tensor? bias, Tensor y) =>
        Normalize(x, mean.Pointer, invStd.Pointer, weight, bias, y);

    /// <summary>Normalizes with the running statistics, of which it keeps nothing for a gradient.</summary>
    public static void Evaluate(
        Tensor x, Tensor runningMean, Tensor runningVariance, Tensor? weight, Tensor? bias, float eps, Tensor y)
    {
        using var invStds = new Workspace(x.Device, x.Shape[1]);
        LoadInvStd(runningVariance, eps, invStds.Span);
        Normalize(x, runningMean.Pointer, invStds.Pointer, weight, bias, y);
    }

    private static void LoadInvStd(Tensor runningVariance, float eps, Span<float> invStd)
    {
        var variances = runningVariance.Span;
        for (var c = 0; c < invStd.Length; c++) invStd[c] = (float)(1 / Math.Sqrt((double)variances[c] + eps));
    }

    private static void Normalize(Tensor x, float* means, float* s, Tensor? weight, Tensor? bias, Tensor y)
    {
        var channels = x.Shape[1];
        using Workspace factors = new(x.Device, channels), offsets = new(x.Device, channels);
        float* factor = factors.Pointer, offset = offsets.Pointer;
        float* w = weight is null ? null : weight.Pointer, b = bias is null ? null : bias.Pointer;
        for (var c = 0; c < channels; c++)
            (factor[c], offset[c]) = (w == null ? s[c] : s[c] * w[c], b == null ? 0 : b[c]);

        x.Cpu.ForRanges(
            BatchNormOp.RowCount(x), BlockRows,
            new NormalizeBody(x.Pointer, means, factor, offset, y.Pointer, channels));
    }

    public void BackwardReduce(Tensor dy, Tensor sumDy, Tensor sumDyXhat)
    {
        using Workspace sums = BlockWorkspace(), products = BlockWorkspace();
        float* input = x.Pointer, gradient = dy.Pointer, sum = sums.Pointer, product = products.Pointer;
        float* means = mean.Pointer, s = invStd.Pointer, totals = sumDy.Pointer, productTotals = sumDyXhat.Pointer;

        ForEachBlock((block, blockRows, offset, n) => BatchNormLoops.BackwardReduce(
            gradient + offset, input + offset, channels, blockRows,
            means + block % channels, sum + block, product + block, n));
        ForEachChannel(c =>
        {
            double a = 0, b = 0;
            for (var i = 0; i < RowBlocks; i++)
            {
                a += sum[BlockOffset(i, c)];
                b += product[BlockOffset(i, c)];
            }

            (totals[c], productTotals[c]) = ((float)a, (float)(b * s[c]));
        });
    }

    public void BackwardElementwise(Tensor dy, Tensor sumDy, Tensor sumDyXhat, bool training, Tensor dx)
    {
        using Workspace factors = new(x.Device, channels), offsets = new(x.Device, channels);
        using Workspace slopes = new(x.Device, channels);
        float* input = x.Pointer, gradient = dy.Pointer, output = dx.Pointer, means = mean.Pointer, s = invStd.Pointer;
        float* factor = factors.Pointer, offset = offsets.Pointer, slope = slopes.Pointer;
        float* w = weight is null ? null : weight.Pointer, totals = sumDy.Pointer, productTotals = sumDyXhat.Pointer;
        for (var c = 0; c < channels; c++)
        {
            factor[c] = w == null ? s[c] : s[c] * w[c];
            (offset[c], slope[c]) = training ? (totals[c] / rows, productTotals[c] * s[c] / rows) : (0, 0);
        }

        ForEachRow(row => BatchNormLoops.BackwardElementwise(
            gradient + row, input + row, means, factor, offset, slope, output + row, channels));
    }

    private static void UpdateRunning(float* running, double batch, float momentum) =>
        *running = (float)((1 - (double)momentum) * *running + momentum * batch);

    /// <summary>
    /// Calls for each block (where its sums go, its rows, the offset of its first element in x, its channels).
    /// </summary>
    private void ForEachBlock(Action<long, int, long, int> body)
    {
        var columnBlocks = (channels + BlockChannels - 1) / BlockChannels;
        x.Cpu.For(RowBlocks * columnBlocks, i =>
        {
            var (rowBlock, columnBlock) = Math.DivRem(i, columnBlocks);
            var c = columnBlock * BlockChannels;
            body(
                BlockOffset(rowBlock, c), RowsInBlock(rowBlock), (long)rowBlock * BlockRows * channels + c,
                Math.Min(BlockChannels, channels - c));
        });
    }

    private void ForEachChannel(Action<int> body) => x.Cpu.ForRanges(channels, ChannelsPerCacheLine, (start, n) =>
    {
        for (var c = start; c < start + n; c++) body(c);
    });

    /// <summary>Calls for each row the offset of its first element.</summary>
    private void ForEachRow(Action<long> body) => x.Cpu.ForRanges(rows, BlockRows, (start, n) =>
    {
        for (var row = start; row < start + n; row++) body((long)row * channels);
    });

    private Workspace BlockWorkspace() => new(x.Device, RowBlocks * channels);

    private int RowsInBlock(int rowBlock) => Math.Min(BlockRows, rows - rowBlock * BlockRows);

    private long BlockOffset(int rowBlock, int channel) => (long)rowBlock * channels + channel;

    private readonly struct NormalizeBody(
        float* x, float* means, float* factors, float* offsets, float* y, int channels) : IRangeBody
    {
        public void Run(int start, int n)
        {
            for (var row = start; row < start + n; row++)
            {
                var at = (long)row * channels;
                BatchNormLoops.Normalize(x + at, means, factors, offsets, y + at, channels);
            }
        }
    }
}
