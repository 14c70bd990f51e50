using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp;

/// <remarks>
/// In storage, N×C and N×C×H×W are the same: rows of channels. Sums over rows are taken in cells of so many rows and
/// channels, which stay in the L2 cache and depend on the shape alone; the cells of a channel are added in double
/// precision and in order. So the result is the same for any number of threads, and as good for a million rows as for a
/// hundred.
/// </remarks>
internal sealed unsafe partial class BatchNormOp
{
    private const int BlockRows = 128, BlockChannels = 512;
    private const int ChannelsPerCacheLine = 16;         // of the cache: threads that combine cells share none

    private int Channels => x.Shape[1];

    private int Rows => Channels == 0 ? 0 : x.Shape.Size / Channels;

    private int RowBlocks => (Rows + BlockRows - 1) / BlockRows;

    /// <summary>Mean and scale of this batch, from one reading of x: in each cell its mean first, then deviations from it.</summary>
    private void ComputeBatchStatistics()
    {
        using Workspace centers = BlockWorkspace(), sums = BlockWorkspace(), squares = BlockWorkspace();
        float* from = x.Pointer, center = centers.Pointer, sum = sums.Pointer, square = squares.Pointer;
        float* middle = mean.Pointer, factor = invStd.Pointer;
        float* slowMean = runningMean is null ? null : runningMean.Pointer;
        float* slowVariance = runningVariance is null ? null : runningVariance.Pointer;

        ForEachBlock((cell, rows, row, channels) =>
        {
            BatchNormLoops.ChannelMeans(from + row, Channels, rows, center + cell, channels);
            BatchNormLoops.SumDeviations(from + row, Channels, rows, center + cell, sum + cell, square + cell, channels);
        });
        ForEachChannel(c =>
        {
            double total = 0, about = 0;
            for (var i = 0; i < RowBlocks; i++) total += RowsInBlock(i) * (double)center[BlockOffset(i, c)] + sum[BlockOffset(i, c)];
            var average = total / Rows;
            for (var i = 0; i < RowBlocks; i++)         // about the cell's own centre, and what lies between the centres
            {
                var between = center[BlockOffset(i, c)] - average;
                about += square[BlockOffset(i, c)] + between * (2.0 * sum[BlockOffset(i, c)] + RowsInBlock(i) * between);
            }

            about = Math.Max(0, about);             // rounding may leave a constant channel just below
            middle[c] = (float)average;
            factor[c] = (float)(1 / Math.Sqrt(about / Rows + eps));
            if (slowMean == null) return;
            UpdateRunning(slowMean + c, average);
            UpdateRunning(slowVariance + c, about / (Rows - 1));
        });
    }

    /// <summary>Mean and scale from the running statistics.</summary>
    private void LoadRunningStatistics()
    {
        float* middle = mean.Pointer, factor = invStd.Pointer, slowMean = runningMean!.Pointer, slowVariance = runningVariance!.Pointer;
        for (var c = 0; c < Channels; c++) (middle[c], factor[c]) = (slowMean[c], (float)(1 / Math.Sqrt((double)slowVariance[c] + eps)));
    }

    /// <summary>y = (x − mean)·scale·weight + bias</summary>
    private void Normalize(Tensor? bias, Tensor y)
    {
        using Workspace factors = new(x.Device, Channels), offsets = new(x.Device, Channels);
        float* from = x.Pointer, to = y.Pointer, middle = mean.Pointer, factor = factors.Pointer, offset = offsets.Pointer;
        float* w = weight is null ? null : weight.Pointer, b = bias is null ? null : bias.Pointer, s = invStd.Pointer;
        for (var c = 0; c < Channels; c++) (factor[c], offset[c]) = (w == null ? s[c] : s[c] * w[c], b == null ? 0 : b[c]);

        ForEachRow(row => BatchNormLoops.Normalize(from + row, middle, factor, offset, to + row, Channels));
    }

    /// <summary>Σdy and Σdy·x̂ over the rows.</summary>
    private void BackwardReduce(Tensor dy, Tensor bySum, Tensor byProduct)
    {
        using Workspace sums = BlockWorkspace(), products = BlockWorkspace();
        float* from = x.Pointer, gradient = dy.Pointer, sum = sums.Pointer, product = products.Pointer;
        float* middle = mean.Pointer, s = invStd.Pointer, total = bySum.Pointer, correlation = byProduct.Pointer;

        ForEachBlock((cell, rows, row, channels) => BatchNormLoops.BackwardReduce(
            gradient + row, from + row, Channels, rows, middle + cell % Channels, sum + cell, product + cell, channels));
        ForEachChannel(c =>
        {
            double a = 0, b = 0;
            for (var i = 0; i < RowBlocks; i++)
            {
                a += sum[BlockOffset(i, c)];
                b += product[BlockOffset(i, c)];
            }

            (total[c], correlation[c]) = ((float)a, (float)(b * s[c]));
        });
    }

    /// <summary>
    /// dx = scale·weight·(dy − Σdy/n − x̂·Σdy·x̂/n); when the running statistics were used, which x does not change,
    /// only scale·weight·dy.
    /// </summary>
    private void BackwardElementwise(Tensor dy, Tensor bySum, Tensor byProduct, Tensor dx)
    {
        using Workspace factors = new(x.Device, Channels), offsets = new(x.Device, Channels), slopes = new(x.Device, Channels);
        float* from = x.Pointer, gradient = dy.Pointer, to = dx.Pointer, middle = mean.Pointer, s = invStd.Pointer;
        float* factor = factors.Pointer, offset = offsets.Pointer, slope = slopes.Pointer;
        float* w = weight is null ? null : weight.Pointer, total = bySum.Pointer, correlation = byProduct.Pointer;
        for (var c = 0; c < Channels; c++)
        {
            factor[c] = w == null ? s[c] : s[c] * w[c];
            (offset[c], slope[c]) = training ? (total[c] / Rows, correlation[c] * s[c] / Rows) : (0, 0);
        }

        ForEachRow(row => BatchNormLoops.BackwardElementwise(gradient + row, from + row, middle, factor, offset, slope, to + row, Channels));
    }

    /// <summary>A running statistic moves towards the batch's.</summary>
    private void UpdateRunning(float* running, double batch) => *running = (float)((1 - (double)momentum) * *running + momentum * batch);

    /// <summary>Calls for each cell: where its sums go, how many rows it has, where in x it begins, how many channels.</summary>
    private void ForEachBlock(Action<long, int, long, int> body)
    {
        var across = (Channels + BlockChannels - 1) / BlockChannels;
        x.Cpu.For(RowBlocks * across, i =>
        {
            var (cell, strip) = Math.DivRem(i, across);
            var c = strip * BlockChannels;
            body(BlockOffset(cell, c), RowsInBlock(cell), (long)cell * BlockRows * Channels + c, Math.Min(BlockChannels, Channels - c));
        });
    }

    private void ForEachChannel(Action<int> body) => x.Cpu.ForRanges(Channels, ChannelsPerCacheLine, (start, n) =>
    {
        for (var c = start; c < start + n; c++) body(c);
    });

    private void ForEachRow(Action<long> body) => x.Cpu.ForRanges(Rows, BlockRows, (start, n) =>
    {
        for (var row = start; row < start + n; row++) body((long)row * Channels);
    });

    private Workspace BlockWorkspace() => new(x.Device, RowBlocks * Channels);

    private int RowsInBlock(int cell) => Math.Min(BlockRows, Rows - cell * BlockRows);

    private long BlockOffset(int cell, int channel) => (long)cell * Channels + channel;
}
