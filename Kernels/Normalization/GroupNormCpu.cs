using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>Group normalization on the CPU.</summary>
/// <remarks>
/// As in batch normalization, sums over the pixels of a channel are taken in blocks of <see cref="BlockRows"/> pixels;
/// the sums of the blocks and channels of a group are added in double and in order.
/// </remarks>
internal readonly unsafe struct GroupNormCpu(Tensor x, int groups, float* means, float* invStds, Tensor? weight)
    : IGroupNorm
{
    private const int BlockRows = 128;
    private const int ItemsPerCacheLine = 16;       // threads that write [N, …] write different cache lines

    private readonly int images = x.Shape[0], channels = x.Shape[1], pixels = x.Shape[2] * x.Shape[3];
    private readonly int groupChannels = x.Shape[1] / groups;

    private int Blocks => (pixels + BlockRows - 1) / BlockRows;

    private double GroupSize => Math.Max(1, (double)groupChannels * pixels);     // of no pixels the mean is 0

    /// <summary>Normalizes and keeps nothing for a gradient.</summary>
    public static void Evaluate(Tensor x, int groups, Tensor? weight, Tensor? bias, float eps, Tensor y)
    {
        using Workspace means = new(x.Device, x.Shape[0] * groups), invStds = new(x.Device, x.Shape[0] * groups);
        new GroupNormCpu(x, groups, means.Pointer, invStds.Pointer, weight).Forward(bias, eps, y);
    }

    public void Forward(Tensor? bias, float eps, Tensor y)
    {
        ComputeStatistics(eps);
        using Workspace factors = new(x.Device, images * channels), centers = new(x.Device, images * channels);
        using Workspace offsets = new(x.Device, channels);
        float* factor = factors.Pointer, center = centers.Pointer, w = weight is null ? null : weight.Pointer;
        if (bias is null) offsets.Span.Clear();
        else bias.Span.CopyTo(offsets.Span);
        for (var i = 0; i < images * channels; i++)
        {
            var (image, c) = Math.DivRem(i, channels);
            var group = image * groups + c / groupChannels;
            (factor[i], center[i]) = (w == null ? invStds[group] : invStds[group] * w[c], means[group]);
        }

        ForEachBlock(new NormalizeBlock(this, x.Pointer, center, factor, offsets.Pointer, y.Pointer));
    }

    public void BackwardReduce(Tensor dy, Tensor sums, Tensor products)
    {
        using Workspace centers = new(x.Device, images * channels);
        using Workspace blockSums = BlockWorkspace(), blockProducts = BlockWorkspace();
        var self = this;
        float* input = x.Pointer, gradient = dy.Pointer, center = centers.Pointer;
        float* sum = blockSums.Pointer, product = blockProducts.Pointer;
        float* totals = sums.Pointer, productTotals = products.Pointer;
        for (var i = 0; i < images * channels; i++) center[i] = means[GroupOf(i)];

        ForEachBlock((image, row, rows) =>
        {
            var (start, block) = (self.Offset(image, row), self.BlockOffset(image, row / BlockRows));
            BatchNormLoops.BackwardReduce(
                gradient + start, input + start, self.channels, rows, center + (long)image * self.channels, sum + block,
                product + block, self.channels);
        });
        x.Cpu.ForRanges(images * channels, ItemsPerCacheLine, (start, count) =>
        {
            for (var i = start; i < start + count; i++)
            {
                double total = 0, productTotal = 0;
                for (var block = 0; block < self.Blocks; block++)
                {
                    var index = self.BlockOffset(i / self.channels, block) + i % self.channels;
                    (total, productTotal) = (total + sum[index], productTotal + product[index]);
                }

                (totals[i], productTotals[i]) = ((float)total, (float)(productTotal * self.InvStdOf(i)));
            }
        });
    }

    public void BackwardInput(Tensor dy, Tensor sums, Tensor products, Tensor dx)
    {
        using Workspace factors = new(x.Device, images * channels), centers = new(x.Device, images * channels);
        using Workspace offsets = new(x.Device, images * channels), slopes = new(x.Device, images * channels);
        var self = this;
        float* input = x.Pointer, gradient = dy.Pointer, output = dx.Pointer, mean = means, s = invStds;
        float* factor = factors.Pointer, center = centers.Pointer, offset = offsets.Pointer, slope = slopes.Pointer;
        float* w = weight is null ? null : weight.Pointer, sum = sums.Pointer, product = products.Pointer;
        x.Cpu.ForRanges(images * groups, ItemsPerCacheLine, (start, count) =>
        {
            for (var group = start; group < start + count; group++)
            {
                double total = 0, productTotal = 0, invStd = s[group];
                var groupChannels = self.groupChannels;
                var (first, c) = ((long)group * groupChannels, group % self.GroupCount * groupChannels);
                for (var i = 0; i < groupChannels; i++)
                {
                    double weight = w == null ? 1 : w[c + i];
                    total += weight * sum[first + i];
                    productTotal += weight * product[first + i];
                }

                for (var i = 0; i < groupChannels; i++)
                {
                    factor[first + i] = w == null ? s[group] : s[group] * w[c + i];
                    center[first + i] = mean[group];
                    offset[first + i] = (float)(invStd * total / self.GroupSize);
                    slope[first + i] = (float)(invStd * invStd * productTotal / self.GroupSize);
                }
            }
        });
        ForEachBlock((image, row, rows) =>
        {
            var (start, perChannel) = (self.Offset(image, row), (long)image * self.channels);
            for (var end = start + (long)rows * self.channels; start < end; start += self.channels)
                VectorDispatch.ForEach(self.channels, new GradientBody(
                    gradient + start, input + start, factor + perChannel, center + perChannel, offset + perChannel,
                    slope + perChannel, output + start));
        });
    }

    /// <remarks>One pass over x: of each block first the channels' means, then the deviations from those.</remarks>
    private void ComputeStatistics(float eps)
    {
        using Workspace centers = BlockWorkspace(), sums = BlockWorkspace(), squares = BlockWorkspace();
        ForEachBlock(new DeviationBlock(this, x.Pointer, centers.Pointer, sums.Pointer, squares.Pointer));
        x.Cpu.ForRanges(
            images * groups, ItemsPerCacheLine,
            new StatisticsBody(this, centers.Pointer, sums.Pointer, squares.Pointer, eps));
    }

    /// <summary>Calls for each block of pixels with its image, first pixel and number of pixels.</summary>
    private void ForEachBlock(Action<int, int, int> body) => ForEachBlock(new DelegateBlock(body));

    private void ForEachBlock<TBlock>(TBlock body) where TBlock : struct, IBlock =>
        x.Cpu.For(images * Blocks, new BlocksBody<TBlock>(this, body));

    private Workspace BlockWorkspace() => new(x.Device, images * Blocks * channels);

    private int RowsInBlock(int block) => Math.Min(BlockRows, pixels - block * BlockRows);

    private long BlockOffset(int image, int block) => ((long)image * Blocks + block) * channels;

    private long Offset(int image, int pixel) => ((long)image * pixels + pixel) * channels;

    private int GroupCount => groups;

    private void SetStatistics(int group, float mean, float invStd) =>
        (means[group], invStds[group]) = (mean, invStd);

    private double InvStdOf(int i) => invStds[GroupOf(i)];

    /// <summary>The group of channel <paramref name="i"/>, counted over all images.</summary>
    private int GroupOf(int i) => i / channels * groups + i % channels / groupChannels;

    /// <summary>What is computed of a block of pixels.</summary>
    private interface IBlock
    {
        void Run(int image, int row, int rows);
    }

    private readonly struct BlocksBody<TBlock>(GroupNormCpu norm, TBlock body) : ILoopBody where TBlock : struct, IBlock
    {
        public void Run(int i)
        {
            var (image, block) = Math.DivRem(i, norm.Blocks);
            body.Run(image, block * BlockRows, norm.RowsInBlock(block));
        }
    }

    private readonly struct DelegateBlock(Action<int, int, int> body) : IBlock
    {
        public void Run(int image, int row, int rows) => body(image, row, rows);
    }

    private readonly struct DeviationBlock(GroupNormCpu norm, float* x, float* centers, float* sums, float* squares)
        : IBlock
    {
        public void Run(int image, int row, int rows)
        {
            var (channels, start) = (norm.channels, norm.Offset(image, row));
            var block = norm.BlockOffset(image, row / BlockRows);
            BatchNormLoops.ChannelMeans(x + start, channels, rows, centers + block, channels);
            BatchNormLoops.SumDeviations(
                x + start, channels, rows, centers + block, sums + block, squares + block, channels);
        }
    }

    private readonly struct NormalizeBlock(
        GroupNormCpu norm, float* x, float* centers, float* factors, float* offsets, float* y) : IBlock
    {
        public void Run(int image, int row, int rows)
        {
            var channels = norm.channels;
            var (start, perChannel) = (norm.Offset(image, row), (long)image * channels);
            for (var end = start + (long)rows * channels; start < end; start += channels)
                BatchNormLoops.Normalize(
                    x + start, centers + perChannel, factors + perChannel, offsets, y + start, channels);
        }
    }

    /// <summary>Mean and 1 / √(variance + eps) of groups, from the sums of their blocks.</summary>
    private readonly struct StatisticsBody(GroupNormCpu norm, float* centers, float* sums, float* squares, float eps)
        : IRangeBody
    {
        public void Run(int start, int count)
        {
            for (var i = start; i < start + count; i++)
            {
                var (image, group) = Math.DivRem(i, norm.GroupCount);
                var (channel, end) = (group * norm.groupChannels, (group + 1) * norm.groupChannels);
                double total = 0, squaredDeviations = 0;
                for (var block = 0; block < norm.Blocks; block++)
                    for (var c = channel; c < end; c++)
                    {
                        var index = norm.BlockOffset(image, block) + c;
                        total += norm.RowsInBlock(block) * (double)centers[index] + sums[index];
                    }

                var average = total / norm.GroupSize;
                for (var block = 0; block < norm.Blocks; block++)       // moved from the centers to the group's mean
                    for (var c = channel; c < end; c++)
                    {
                        var index = norm.BlockOffset(image, block) + c;
                        var shift = centers[index] - average;
                        squaredDeviations +=
                            squares[index] + shift * (2.0 * sums[index] + norm.RowsInBlock(block) * shift);
                    }

                squaredDeviations = Math.Max(0, squaredDeviations);     // a constant group may round to less
                norm.SetStatistics(
                    i, (float)average, (float)(1 / Math.Sqrt(squaredDeviations / norm.GroupSize + eps)));
            }
        }
    }

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
