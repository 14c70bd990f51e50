namespace PyNetSharp;

/// <remarks>
/// In storage, N×C and N×C×H×W are the same: rows of channels. Sums over rows are taken in cells of so many rows and
/// channels, which stay in the L2 cache and depend on the shape alone; the cells of a channel are added in double
/// precision and in order. So the result is the same for any number of threads, and as good for a million rows as for a
/// hundred.
/// </remarks>
internal sealed unsafe partial class BatchNorm
{
    private const int CellRows = 128, CellChannels = 512;
    private const int ChannelsPerLine = 16;         // of the cache: threads that combine cells share none

    private int Channels => x.Shape[1];

    private int Rows => Channels == 0 ? 0 : x.Shape.Size / Channels;

    private int Cells => (Rows + CellRows - 1) / CellRows;

    /// <summary>Mean and scale of this batch, from one reading of x: in each cell its mean first, then deviations from it.</summary>
    private void Measure()
    {
        using Temporary centers = PerCell(), sums = PerCell(), squares = PerCell();
        float* from = x.Pointer, center = centers.Pointer, sum = sums.Pointer, square = squares.Pointer;
        float* middle = mean.Pointer, factor = scale.Pointer;
        float* slowMean = runningMean is null ? null : runningMean.Pointer;
        float* slowVariance = runningVariance is null ? null : runningVariance.Pointer;

        ForCells((cell, rows, row, channels) =>
        {
            ChannelRows.Mean(from + row, Channels, rows, center + cell, channels);
            ChannelRows.Deviations(from + row, Channels, rows, center + cell, sum + cell, square + cell, channels);
        });
        ForChannels(c =>
        {
            double total = 0, about = 0;
            for (var i = 0; i < Cells; i++) total += RowsOf(i) * (double)center[At(i, c)] + sum[At(i, c)];
            var average = total / Rows;
            for (var i = 0; i < Cells; i++)         // about the cell's own centre, and what lies between the centres
            {
                var between = center[At(i, c)] - average;
                about += square[At(i, c)] + between * (2.0 * sum[At(i, c)] + RowsOf(i) * between);
            }

            about = Math.Max(0, about);             // rounding may leave a constant channel just below
            middle[c] = (float)average;
            factor[c] = (float)(1 / Math.Sqrt(about / Rows + eps));
            if (slowMean == null) return;
            Approach(slowMean + c, average);
            Approach(slowVariance + c, about / (Rows - 1));
        });
    }

    /// <summary>Mean and scale from the running statistics.</summary>
    private void Recall()
    {
        float* middle = mean.Pointer, factor = scale.Pointer, slowMean = runningMean!.Pointer, slowVariance = runningVariance!.Pointer;
        for (var c = 0; c < Channels; c++) (middle[c], factor[c]) = (slowMean[c], (float)(1 / Math.Sqrt((double)slowVariance[c] + eps)));
    }

    /// <summary>y = (x − mean)·scale·weight + bias</summary>
    private void Normalise(Tensor? bias, Tensor y)
    {
        using Temporary factors = new(x.Device, Channels), offsets = new(x.Device, Channels);
        float* from = x.Pointer, to = y.Pointer, middle = mean.Pointer, factor = factors.Pointer, offset = offsets.Pointer;
        float* w = weight is null ? null : weight.Pointer, b = bias is null ? null : bias.Pointer, s = scale.Pointer;
        for (var c = 0; c < Channels; c++) (factor[c], offset[c]) = (w == null ? s[c] : s[c] * w[c], b == null ? 0 : b[c]);

        ForRows(row => ChannelRows.Normalise(from + row, middle, factor, offset, to + row, Channels));
    }

    /// <summary>Σdy and Σdy·x̂ over the rows.</summary>
    private void Correlate(Tensor dy, Tensor bySum, Tensor byProduct)
    {
        using Temporary sums = PerCell(), products = PerCell();
        float* from = x.Pointer, gradient = dy.Pointer, sum = sums.Pointer, product = products.Pointer;
        float* middle = mean.Pointer, s = scale.Pointer, total = bySum.Pointer, correlation = byProduct.Pointer;

        ForCells((cell, rows, row, channels) => ChannelRows.Correlations(
            gradient + row, from + row, Channels, rows, middle + cell % Channels, sum + cell, product + cell, channels));
        ForChannels(c =>
        {
            double a = 0, b = 0;
            for (var i = 0; i < Cells; i++)
            {
                a += sum[At(i, c)];
                b += product[At(i, c)];
            }

            (total[c], correlation[c]) = ((float)a, (float)(b * s[c]));
        });
    }

    /// <summary>
    /// dx = scale·weight·(dy − Σdy/n − x̂·Σdy·x̂/n); when the running statistics were used, which x does not change,
    /// only scale·weight·dy.
    /// </summary>
    private void Differentiate(Tensor dy, Tensor bySum, Tensor byProduct, Tensor dx)
    {
        using Temporary factors = new(x.Device, Channels), offsets = new(x.Device, Channels), slopes = new(x.Device, Channels);
        float* from = x.Pointer, gradient = dy.Pointer, to = dx.Pointer, middle = mean.Pointer, s = scale.Pointer;
        float* factor = factors.Pointer, offset = offsets.Pointer, slope = slopes.Pointer;
        float* w = weight is null ? null : weight.Pointer, total = bySum.Pointer, correlation = byProduct.Pointer;
        for (var c = 0; c < Channels; c++)
        {
            factor[c] = w == null ? s[c] : s[c] * w[c];
            (offset[c], slope[c]) = training ? (total[c] / Rows, correlation[c] * s[c] / Rows) : (0, 0);
        }

        ForRows(row => ChannelRows.Differentiate(gradient + row, from + row, middle, factor, offset, slope, to + row, Channels));
    }

    /// <summary>A running statistic moves towards the batch's.</summary>
    private void Approach(float* running, double batch) => *running = (float)((1 - (double)momentum) * *running + momentum * batch);

    /// <summary>Calls for each cell: where its sums go, how many rows it has, where in x it begins, how many channels.</summary>
    private void ForCells(Action<long, int, long, int> body)
    {
        var across = (Channels + CellChannels - 1) / CellChannels;
        x.Processor.For(Cells * across, i =>
        {
            var (cell, strip) = Math.DivRem(i, across);
            var c = strip * CellChannels;
            body(At(cell, c), RowsOf(cell), (long)cell * CellRows * Channels + c, Math.Min(CellChannels, Channels - c));
        });
    }

    private void ForChannels(Action<int> body) => x.Processor.ForPieces(Channels, ChannelsPerLine, (start, n) =>
    {
        for (var c = start; c < start + n; c++) body(c);
    });

    private void ForRows(Action<long> body) => x.Processor.ForPieces(Rows, CellRows, (start, n) =>
    {
        for (var row = start; row < start + n; row++) body((long)row * Channels);
    });

    private Temporary PerCell() => new(x.Device, Cells * Channels);

    private int RowsOf(int cell) => Math.Min(CellRows, Rows - cell * CellRows);

    private long At(int cell, int channel) => (long)cell * Channels + channel;
}
