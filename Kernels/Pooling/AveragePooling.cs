using System.Numerics.Tensors;

namespace PyNetSharp.Kernels;

/// <summary>Means over windows and their gradient: what all average pooling ops have in common.</summary>
internal sealed unsafe partial class AveragePooling(Shape shape, PoolAxis rows, PoolAxis columns)
{
    private const int ChannelBlock = 512;      // channels at a time: a row's sum stays on the stack and in the L1 cache
    private const int MaxTermsInFloat = 64;     // pixels, or rows of them, or windows, that are added in single precision

    /// <summary>[n, c, h', w']</summary>
    public Shape OutputShape => [shape[0], shape[1], rows.Outputs, columns.Outputs];

    /// <param name="x">[n, c, h, w]</param>
    /// <param name="y">Stored like [n, c, h', w'].</param>
    public void Forward(Tensor x, Tensor y)
    {
        if (!x.IsOnCpu)
        {
            ForwardOnGpu(x, y);
            return;
        }

        var (images, channels, height, width) = shape;
        float* from = x.Pointer, to = y.Pointer;

        x.Cpu.For(images * rows.Outputs, line =>
        {
            var (image, row) = Math.DivRem(line, rows.Outputs);
            var sums = stackalloc float[ChannelBlock];
            for (var column = 0; column < columns.Outputs; column++)
            {
                var (down, across) = (rows[row], columns[column]);
                for (var c = 0; c < channels; c += ChannelBlock)
                {
                    var n = Math.Min(ChannelBlock, channels - c);
                    var sum = new Span<float>(sums, n);
                    var total = new Span<float>(to + ((long)line * columns.Outputs + column) * channels + c, n);
                    if (Math.Max(down.Length, across.Length) > MaxTermsInFloat)
                    {
                        var window = from + (((long)image * height + down.Start) * width + across.Start) * channels + c;
                        AverageInDouble(window, (long)width * channels, channels, down, across, sum, total);
                        continue;
                    }

                    for (var h = down.Start; h < down.End; h++)
                    {
                        var pixel = from + (((long)image * height + h) * width + across.Start) * channels + c;
                        SumPixels(pixel, channels, across.Length, sum);
                        if (h == down.Start) sum.CopyTo(total);
                        else TensorPrimitives.Add(total, sum, total);       // by rows: rounding errors grow with h + w, not h·w
                    }

                    TensorPrimitives.Divide(total, (float)down.Divisor * across.Divisor, total);
                }
            }
        });
    }

    /// <summary>Every input collects its share from the outputs that cover it, in a fixed order.</summary>
    /// <param name="dy">Stored like [n, c, h', w'].</param>
    /// <returns>[n, c, h, w]</returns>
    public Tensor Backward(Tensor dy)
    {
        var dx = new Tensor(shape, dy.Device);
        if (!dy.IsOnCpu)
        {
            BackwardOnGpu(dy, dx);
            return dx;
        }

        var (images, channels, height, width) = shape;
        float* from = dy.Pointer, to = dx.Pointer;

        dx.Cpu.For(images * height, line =>
        {
            var (image, h) = Math.DivRem(line, height);
            var (firstRow, endRow) = rows.Covering(h);
            for (var w = 0; w < width; w++)
            {
                var (firstColumn, endColumn) = columns.Covering(w);
                var target = new Span<float>(to + ((long)line * width + w) * channels, channels);
                if (firstRow == endRow || firstColumn == endColumn) target.Clear();
                if ((long)(endRow - firstRow) * (endColumn - firstColumn) > MaxTermsInFloat)
                {
                    var ofImage = from + (long)image * rows.Outputs * columns.Outputs * channels;
                    GatherInDouble(ofImage, (firstRow, endRow), (firstColumn, endColumn), target);
                    continue;
                }

                var first = true;
                for (var row = firstRow; row < endRow; row++)
                    for (var column = firstColumn; column < endColumn; column++, first = false)
                    {
                        var share = InverseDivisor(row, column);
                        var source = new ReadOnlySpan<float>(
                            from + (((long)image * rows.Outputs + row) * columns.Outputs + column) * channels, channels);
                        if (first) TensorPrimitives.Multiply(source, share, target);
                        else TensorPrimitives.MultiplyAddEstimate(source, share, target, target);
                    }
            }
        });
        return dx;
    }

    /// <summary>The sums over <paramref name="pixels"/> neighbours that are <paramref name="stride"/> floats apart.</summary>
    private static void SumPixels(float* x, int stride, int pixels, Span<float> sum)
    {
        new ReadOnlySpan<float>(x, sum.Length).CopyTo(sum);
        for (var i = 1; i < pixels; i++)
            TensorPrimitives.Add(sum, new ReadOnlySpan<float>(x + (long)i * stride, sum.Length), sum);
    }

    /// <summary>The means over many pixels: stretch by stretch, which are added in double.</summary>
    /// <param name="x">[rows, columns, channels] of the window.</param>
    /// <param name="row">Floats from row to row.</param>
    /// <param name="stride">Floats from pixel to pixel.</param>
    /// <param name="sum">Room for the sums of a stretch.</param>
    private static void AverageInDouble(
        float* x, long row, int stride, PoolWindow down, PoolWindow across, Span<float> sum, Span<float> means)
    {
        Span<double> totals = stackalloc double[ChannelBlock];
        for (var h = 0; h < down.Length; h++, x += row)
            for (var w = 0; w < across.Length; w += MaxTermsInFloat)
            {
                SumPixels(x + (long)w * stride, stride, Math.Min(MaxTermsInFloat, across.Length - w), sum);
                for (var i = 0; i < sum.Length; i++) totals[i] += sum[i];
            }

        for (var i = 0; i < means.Length; i++) means[i] = (float)(totals[i] / ((double)down.Divisor * across.Divisor));
    }

    /// <summary>An input's share of many outputs, added in double.</summary>
    private void GatherInDouble(float* dy, (int First, int End) down, (int First, int End) across, Span<float> target)
    {
        var channels = shape[1];
        Span<double> totals = stackalloc double[ChannelBlock];
        for (var c = 0; c < channels; c += ChannelBlock)
        {
            var n = Math.Min(ChannelBlock, channels - c);
            totals.Clear();
            for (var row = down.First; row < down.End; row++)
                for (var column = across.First; column < across.End; column++)
                {
                    var source = dy + ((long)row * columns.Outputs + column) * channels + c;
                    var share = InverseDivisor(row, column);
                    for (var i = 0; i < n; i++) totals[i] += (double)source[i] * share;
                }

            for (var i = 0; i < n; i++) target[c + i] = (float)totals[i];
        }
    }

    private float InverseDivisor(int row, int column) => 1 / ((float)rows[row].Divisor * columns[column].Divisor);
}
