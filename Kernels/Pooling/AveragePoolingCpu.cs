using System.Numerics.Tensors;

namespace PyNetSharp.Kernels;

/// <summary>Average pooling on a CPU.</summary>
internal sealed unsafe class AveragePoolingCpu : IAveragePooling
{
    private const int ChannelBlock = 512;       // channels at a time: their sums stay on the stack and in the L1 cache
    private const int MaxTermsInFloat = 64;     // pixels, rows of pixels or windows that are added in single precision

    private AveragePoolingCpu()
    {
    }

    public static AveragePoolingCpu Instance { get; } = new();

    public void Forward(PoolGeometry geometry, Tensor x, Tensor y)
    {
        using var windows = new PoolWindows(x.Device, geometry);
        x.Cpu.ForRanges(
            geometry.Images * geometry.Rows.Outputs, windows.LinesPerTask,
            new ForwardBody(geometry, windows.Rows, windows.Columns, x.Pointer, y.Pointer));
    }

    /// <summary>Some rows of the output images.</summary>
    private readonly struct ForwardBody(
        PoolGeometry geometry, PoolWindow* rows, PoolWindow* columns, float* x, float* y) : IRangeBody
    {
        public void Run(int start, int length)
        {
            var (channels, height, width) = (geometry.Channels, geometry.Height, geometry.Width);
            var outputs = geometry.Columns.Outputs;
            var sums = stackalloc float[ChannelBlock];
            for (var line = start; line < start + length; line++)
            {
                var (image, row) = Math.DivRem(line, geometry.Rows.Outputs);
                var vertical = rows[row];
                for (var column = 0; column < outputs; column++)
                {
                    var horizontal = columns[column];
                    for (var c = 0; c < channels; c += ChannelBlock)
                    {
                        var n = Math.Min(ChannelBlock, channels - c);
                        var pixel = ((long)image * height + vertical.Start) * width + horizontal.Start;
                        var mean = new Span<float>(y + ((long)line * outputs + column) * channels + c, n);
                        Average(
                            x + pixel * channels + c, (long)width * channels, channels, vertical, horizontal,
                            new(sums, n), mean);
                    }
                }
            }
        }
    }

    /// <summary>Each input adds up its shares of the outputs that cover it, in a fixed order.</summary>
    public void Backward(PoolGeometry geometry, Tensor dy, Tensor dx)
    {
        var (channels, height, width) = (geometry.Channels, geometry.Height, geometry.Width);
        var (rows, columns) = (geometry.Rows.Windows(), geometry.Columns.Windows());
        var (coveringRows, coveringColumns) = (geometry.Rows.CoveringOutputs(), geometry.Columns.CoveringOutputs());
        float* from = dy.Pointer, to = dx.Pointer;

        dx.Cpu.For(geometry.Images * height, line =>
        {
            var (image, h) = Math.DivRem(line, height);
            var (firstRow, endRow) = coveringRows[h];
            for (var w = 0; w < width; w++)
            {
                var (firstColumn, endColumn) = coveringColumns[w];
                var target = new Span<float>(to + ((long)line * width + w) * channels, channels);
                if (firstRow == endRow || firstColumn == endColumn) target.Clear();
                if ((long)(endRow - firstRow) * (endColumn - firstColumn) > MaxTermsInFloat)
                {
                    var ofImage = from + (long)image * rows.Length * columns.Length * channels;
                    GatherInDouble(ofImage, rows, columns, (firstRow, endRow), (firstColumn, endColumn), target);
                    continue;
                }

                var first = true;
                for (var row = firstRow; row < endRow; row++)
                    for (var column = firstColumn; column < endColumn; column++, first = false)
                    {
                        var share = InverseDivisor(rows[row], columns[column]);
                        var source = new ReadOnlySpan<float>(
                            from + (((long)image * rows.Length + row) * columns.Length + column) * channels, channels);
                        if (first) TensorPrimitives.Multiply(source, share, target);
                        else TensorPrimitives.MultiplyAddEstimate(source, share, target, target);
                    }
            }
        });
    }

    /// <summary>The means of a window, for some channels.</summary>
    /// <param name="x">[rows, columns, channels] of the window.</param>
    /// <param name="row">Floats from row to row.</param>
    /// <param name="stride">Floats from pixel to pixel.</param>
    /// <param name="sum">Working memory for the sums of a row.</param>
    private static void Average(
        float* x, long row, int stride, PoolWindow vertical, PoolWindow horizontal, Span<float> sum, Span<float> mean)
    {
        if (Math.Max(vertical.Length, horizontal.Length) > MaxTermsInFloat)
        {
            AverageInDouble(x, row, stride, vertical, horizontal, sum, mean);
            return;
        }

        // A sum per row, then the sum of these: rounding errors grow with R + S, not with R·S.
        for (var h = 0; h < vertical.Length; h++, x += row)
        {
            SumPixels(x, stride, horizontal.Length, sum);
            if (h == 0) sum.CopyTo(mean);
            else TensorPrimitives.Add(mean, sum, mean);
        }

        TensorPrimitives.Divide(mean, (float)vertical.Divisor * horizontal.Divisor, mean);
    }

    /// <summary>
    /// The sums over <paramref name="pixels"/> pixels that are <paramref name="stride"/> floats apart.
    /// </summary>
    private static void SumPixels(float* x, int stride, int pixels, Span<float> sum)
    {
        new ReadOnlySpan<float>(x, sum.Length).CopyTo(sum);
        for (var i = 1; i < pixels; i++)
            TensorPrimitives.Add(sum, new ReadOnlySpan<float>(x + (long)i * stride, sum.Length), sum);
    }

    /// <summary>As <see cref="Average"/>, for many pixels: sums of parts of rows, which are added in double.</summary>
    private static void AverageInDouble(
        float* x, long row, int stride, PoolWindow vertical, PoolWindow horizontal, Span<float> sum, Span<float> mean)
    {
        Span<double> totals = stackalloc double[ChannelBlock];
        for (var h = 0; h < vertical.Length; h++, x += row)
            for (var w = 0; w < horizontal.Length; w += MaxTermsInFloat)
            {
                SumPixels(x + (long)w * stride, stride, Math.Min(MaxTermsInFloat, horizontal.Length - w), sum);
                for (var i = 0; i < sum.Length; i++) totals[i] += sum[i];
            }

        var divisor = (double)vertical.Divisor * horizontal.Divisor;
        for (var i = 0; i < mean.Length; i++) mean[i] = (float)(totals[i] / divisor);
    }

    /// <summary>An input's shares of many outputs, added in double.</summary>
    private static void GatherInDouble(
        float* dy, PoolWindow[] rows, PoolWindow[] columns, (int First, int End) coveringRows,
        (int First, int End) coveringColumns, Span<float> target)
    {
        var channels = target.Length;
        Span<double> totals = stackalloc double[ChannelBlock];
        for (var c = 0; c < channels; c += ChannelBlock)
        {
            var n = Math.Min(ChannelBlock, channels - c);
            totals.Clear();
            for (var row = coveringRows.First; row < coveringRows.End; row++)
                for (var column = coveringColumns.First; column < coveringColumns.End; column++)
                {
                    var source = dy + ((long)row * columns.Length + column) * channels + c;
                    var share = InverseDivisor(rows[row], columns[column]);
                    for (var i = 0; i < n; i++) totals[i] += (double)source[i] * share;
                }

            for (var i = 0; i < n; i++) target[c + i] = (float)totals[i];
        }
    }

    private static float InverseDivisor(PoolWindow vertical, PoolWindow horizontal) =>
        1 / ((float)vertical.Divisor * horizontal.Divisor);
}
