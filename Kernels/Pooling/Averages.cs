using System.Numerics.Tensors;

namespace PyNetSharp;

/// <summary>Means over windows and their gradient: what all average pooling ops have in common.</summary>
internal sealed unsafe partial class Averages(Shape shape, PoolAxis rows, PoolAxis columns)
{
    private const int Block = 512;      // channels at a time: a row's sum stays on the stack and in the L1 cache
    private const int Stretch = 64;     // pixels, or rows of them, or windows, that are added in single precision

    /// <summary>[n, c, h', w']</summary>
    public Shape Pooled => [shape[0], shape[1], rows.Outputs, columns.Outputs];

    /// <param name="x">[n, c, h, w]</param>
    /// <param name="y">Stored like [n, c, h', w'].</param>
    public void Compute(Tensor x, Tensor y)
    {
        if (!x.IsOnCpu)
        {
            ComputeOnGpu(x, y);
            return;
        }

        var (images, channels, height, width) = shape;
        float* from = x.Pointer, to = y.Pointer;

        x.Processor.For(images * rows.Outputs, line =>
        {
            var (image, row) = Math.DivRem(line, rows.Outputs);
            var sums = stackalloc float[Block];
            for (var column = 0; column < columns.Outputs; column++)
            {
                var (down, across) = (rows[row], columns[column]);
                for (var c = 0; c < channels; c += Block)
                {
                    var n = Math.Min(Block, channels - c);
                    var sum = new Span<float>(sums, n);
                    var total = new Span<float>(to + ((long)line * columns.Outputs + column) * channels + c, n);
                    if (Math.Max(down.Length, across.Length) > Stretch)
                    {
                        var window = from + (((long)image * height + down.From) * width + across.From) * channels + c;
                        Average(window, (long)width * channels, channels, down, across, sum, total);
                        continue;
                    }

                    for (var h = down.From; h < down.End; h++)
                    {
                        var pixel = from + (((long)image * height + h) * width + across.From) * channels + c;
                        AddUp(pixel, channels, across.Length, sum);
                        if (h == down.From) sum.CopyTo(total);
                        else TensorPrimitives.Add(total, sum, total);       // by rows: rounding errors grow with h + w, not h·w
                    }

                    TensorPrimitives.Divide(total, (float)down.Size * across.Size, total);
                }
            }
        });
    }

    /// <summary>Every input collects its share from the outputs that cover it, in a fixed order.</summary>
    /// <param name="dy">Stored like [n, c, h', w'].</param>
    /// <returns>[n, c, h, w]</returns>
    public Tensor Gradient(Tensor dy)
    {
        var dx = new Tensor(shape, dy.Device);
        if (!dy.IsOnCpu)
        {
            GradientOnGpu(dy, dx);
            return dx;
        }

        var (images, channels, height, width) = shape;
        float* from = dy.Pointer, to = dx.Pointer;

        dx.Processor.For(images * height, line =>
        {
            var (image, h) = Math.DivRem(line, height);
            var (firstRow, endRow) = rows.Covering(h);
            for (var w = 0; w < width; w++)
            {
                var (firstColumn, endColumn) = columns.Covering(w);
                var target = new Span<float>(to + ((long)line * width + w) * channels, channels);
                if (firstRow == endRow || firstColumn == endColumn) target.Clear();
                if ((long)(endRow - firstRow) * (endColumn - firstColumn) > Stretch)
                {
                    var ofImage = from + (long)image * rows.Outputs * columns.Outputs * channels;
                    CollectMany(ofImage, (firstRow, endRow), (firstColumn, endColumn), target);
                    continue;
                }

                var first = true;
                for (var row = firstRow; row < endRow; row++)
                    for (var column = firstColumn; column < endColumn; column++, first = false)
                    {
                        var share = Share(row, column);
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
    private static void AddUp(float* x, int stride, int pixels, Span<float> sum)
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
    private static void Average(
        float* x, long row, int stride, Window down, Window across, Span<float> sum, Span<float> means)
    {
        Span<double> totals = stackalloc double[Block];
        for (var h = 0; h < down.Length; h++, x += row)
            for (var w = 0; w < across.Length; w += Stretch)
            {
                AddUp(x + (long)w * stride, stride, Math.Min(Stretch, across.Length - w), sum);
                for (var i = 0; i < sum.Length; i++) totals[i] += sum[i];
            }

        for (var i = 0; i < means.Length; i++) means[i] = (float)(totals[i] / ((double)down.Size * across.Size));
    }

    /// <summary>An input's share of many outputs, added in double.</summary>
    private void CollectMany(float* dy, (int First, int End) down, (int First, int End) across, Span<float> target)
    {
        var channels = shape[1];
        Span<double> totals = stackalloc double[Block];
        for (var c = 0; c < channels; c += Block)
        {
            var n = Math.Min(Block, channels - c);
            totals.Clear();
            for (var row = down.First; row < down.End; row++)
                for (var column = across.First; column < across.End; column++)
                {
                    var source = dy + ((long)row * columns.Outputs + column) * channels + c;
                    var share = Share(row, column);
                    for (var i = 0; i < n; i++) totals[i] += (double)source[i] * share;
                }

            for (var i = 0; i < n; i++) target[c + i] = (float)totals[i];
        }
    }

    private float Share(int row, int column) => 1 / ((float)rows[row].Size * columns[column].Size);
}
