using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>Group normalization on the CPU.</summary>
/// <remarks>
/// As in batch normalization, sums over the pixels of a channel are taken in blocks of <see cref="BlockRows"/> pixels;
/// the sums of the blocks and channels of a group are added in double and in order.
/// </remarks>
internal sealed unsafe class GroupNormCpu(Tensor x, int groups, Tensor mean, Tensor invStd, Tensor? weight) : IGroupNorm
{
    private const int BlockRows = 128;
    private const int ItemsPerCacheLine = 16;       // threads that write [N, …] write different cache lines

    private readonly int images = x.Shape[0], channels = x.Shape[1], pixels = x.Shape[2] * x.Shape[3];
    private readonly int groupChannels = x.Shape[1] / groups;

    private int Blocks => (pixels + BlockRows - 1) / BlockRows;

    private double GroupSize => Math.Max(1, (double)groupChannels * pixels);     // of no pixels the mean is 0

    public void Forward(Tensor? bias, float eps, Tensor y)
    {
        ComputeStatistics(eps);
        using Workspace factors = new(x.Device, images * channels), centers = new(x.Device, images * channels);
        using Workspace offsets = new(x.Device, channels);
        float* input = x.Pointer, output = y.Pointer, factor = factors.Pointer, center = centers.Pointer;
        float* w = weight is null ? null : weight.Pointer, means = mean.Pointer, s = invStd.Pointer;
        if (bias is null) offsets.Span.Clear();
        else bias.Span.CopyTo(offsets.Span);
        for (var i = 0; i < images * channels; i++)
        {
            var (image, c) = Math.DivRem(i, channels);
            var group = image * groups + c / groupChannels;
            (factor[i], center[i]) = (w == null ? s[group] : s[group] * w[c], means[group]);
        }

        var offset = offsets.Pointer;
        ForEachBlock((image, row, rows) =>
        {
            var (start, perChannel) = (Offset(image, row), (long)image * channels);
            for (var end = start + (long)rows * channels; start < end; start += channels)
                BatchNormLoops.Normalize(
                    input + start, center + perChannel, factor + perChannel, offset, output + start, channels);
        });
    }

    public void BackwardReduce(Tensor dy, Tensor sums, Tensor products)
    {
        using Workspace centers = new(x.Device, images * channels);
        using Workspace blockSums = BlockWorkspace(), blockProducts = BlockWorkspace();
        float* input = x.Pointer, gradient = dy.Pointer, center = centers.Pointer, s = invStd.Pointer;
        float* sum = blockSums.Pointer, product = blockProducts.Pointer, means = mean.Pointer;
        float* totals = sums.Pointer, productTotals = products.Pointer;
        for (var i = 0; i < images * channels; i++) center[i] = means[GroupOf(i)];

        ForEachBlock((image, row, rows) =>
        {
            var (start, block) = (Offset(image, row), BlockOffset(image, row / BlockRows));
            BatchNormLoops.BackwardReduce(
                gradient + start, input + start, channels, rows, center + (long)image * channels, sum + block,
                product + block, channels);
        });
        x.Cpu.ForRanges(images * channels, ItemsPerCacheLine, (start, count) =>
        {
            for (var i = start; i < start + count; i++)
            {
                double total = 0, productTotal = 0;
                for (var block = 0; block < Blocks; block++)
                {
                    var index = BlockOffset(i / channels, block) + i % channels;
                    (total, productTotal) = (total + sum[index], productTotal + product[index]);
                }

                (totals[i], productTotals[i]) = ((float)total, (float)(productTotal * s[GroupOf(i)]));
            }
        });
    }

    public void BackwardInput(Tensor dy, Tensor sums, Tensor products, Tensor dx)
    {
        using Workspace factors = new(x.Device, images * channels), centers = new(x.Device, images * channels);
        using Workspace offsets = new(x.Device, images * channels), slopes = new(x.Device, images * channels);
        float* input = x.Pointer, gradient = dy.Pointer, output = dx.Pointer, means = mean.Pointer, s = invStd.Pointer;
        float* factor = factors.Pointer, center = centers.Pointer, offset = offsets.Pointer, slope = slopes.Pointer;
        float* w = weight is null ? null : weight.Pointer, sum = sums.Pointer, product = products.Pointer;
        x.Cpu.ForRanges(images * groups, ItemsPerCacheLine, (start, count) =>
        {
            for (var group = start; group < start + count; group++)
            {
                double total = 0, productTotal = 0, invStd = s[group];
                var (first, c) = ((long)group * groupChannels, group % groups * groupChannels);
                for (var i = 0; i < groupChannels; i++)
                {
                    double weight = w == null ? 1 : w[c + i];
                    total += weight * sum[first + i];
                    productTotal += weight * product[first + i];
                }

                for (var i = 0; i < groupChannels; i++)
                {
                    factor[first + i] = w == null ? s[group] : s[group] * w[c + i];
                    center[first + i] = means[group];
                    offset[first + i] = (float)(invStd * total / GroupSize);
                    slope[first + i] = (float)(invStd * invStd * productTotal / GroupSize);
                }
            }
        });
        ForEachBlock((image, row, rows) =>
        {
            var (start, perChannel) = (Offset(image, row), (long)image * channels);
            for (var end = start + (long)rows * channels; start < end; start += channels)
                VectorDispatch.ForEach(channels, new GradientBody(
                    gradient + start, input + start, factor + perChannel, center + perChannel, offset + perChannel,
                    slope + perChannel, output + start));
        });
    }

    /// <remarks>One pass over x: of each block first the channels' means, then the deviations from those.</remarks>
    private void ComputeStatistics(float eps)
    {
        using Workspace centers = BlockWorkspace(), sums = BlockWorkspace(), squares = BlockWorkspace();
        float* input = x.Pointer, center = centers.Pointer, sum = sums.Pointer, square = squares.Pointer;
        float* means = mean.Pointer, invStds = invStd.Pointer;
        ForEachBlock((image, row, rows) =>
        {
            var (start, block) = (Offset(image, row), BlockOffset(image, row / BlockRows));
            BatchNormLoops.ChannelMeans(input + start, channels, rows, center + block, channels);
            BatchNormLoops.SumDeviations(
                input + start, channels, rows, center + block, sum + block, square + block, channels);
        });
        x.Cpu.ForRanges(images * groups, ItemsPerCacheLine, (start, count) =>
        {
            for (var i = start; i < start + count; i++)
            {
                var (image, channel) = (i / groups, i % groups * groupChannels);
                double total = 0, squaredDeviations = 0;
                for (var block = 0; block < Blocks; block++)
                    for (var c = channel; c < channel + groupChannels; c++)
                        total += RowsInBlock(block) * (double)center[BlockOffset(image, block) + c]
                            + sum[BlockOffset(image, block) + c];
                var average = total / GroupSize;
                for (var block = 0; block < Blocks; block++)        // moved from the centers to the group's mean
                    for (var c = channel; c < channel + groupChannels; c++)
                    {
                        var index = BlockOffset(image, block) + c;
                        var shift = center[index] - average;
                        squaredDeviations += square[index] + shift * (2.0 * sum[index] + RowsInBlock(block) * shift);
                    }

                squaredDeviations = Math.Max(0, squaredDeviations);     // a constant group may round to less
                (means[i], invStds[i]) =
                    ((float)average, (float)(1 / Math.Sqrt(squaredDeviations / GroupSize + eps)));
            }
        });
    }

    /// <summary>Calls for each block of pixels with its image, first pixel and number of pixels.</summary>
    private void ForEachBlock(Action<int, int, int> body) => x.Cpu.For(images * Blocks, i =>
    {
        var (image, block) = Math.DivRem(i, Blocks);
        body(image, block * BlockRows, RowsInBlock(block));
    });

    private Workspace BlockWorkspace() => new(x.Device, images * Blocks * channels);

    private int RowsInBlock(int block) => Math.Min(BlockRows, pixels - block * BlockRows);

    private long BlockOffset(int image, int block) => ((long)image * Blocks + block) * channels;

    private long Offset(int image, int pixel) => ((long)image * pixels + pixel) * channels;

    /// <summary>The group of channel <paramref name="i"/>, counted over all images.</summary>
    private int GroupOf(int i) => i / channels * groups + i % channels / groupChannels;

    /// <summary>dx = factor·dy − offset − slope·(x − center), for the channels of one pixel.</summary>
    private readonly struct GradientBody(
        float* dy, float* x, float* factor, float* center, float* offset, float* slope, float* dx) : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V>
        {
            var deviation = V.Load(x + i) - V.Load(center + i);
            var projection = V.MultiplyAddEstimate(deviation, V.Load(slope + i), V.Load(offset + i));
            (V.Load(dy + i) * V.Load(factor + i) - projection).Store(dx + i);
        }
    }
}
