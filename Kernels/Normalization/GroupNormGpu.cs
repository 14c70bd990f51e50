using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>
/// Group normalization on a GPU: threads share the elements of a group, or the pixels of a channel, and sum with
/// <see cref="CompensatedSum"/>.
/// </summary>
internal sealed class GroupNormGpu(Tensor x, int groups, Tensor mean, Tensor invStd, Tensor? weight) : IGroupNorm
{
    private readonly GroupGeometry geometry = new(x.Shape[1], x.Shape[2] * x.Shape[3], groups);

    public void Forward(Tensor? bias, float eps, Tensor y)
    {
        x.Gpu.LaunchGroups(
            new(x.Shape[0] * groups, 1, 1), new GroupNormMomentsKernel(x.View, geometry, eps, mean.View, invStd.View));
        x.Gpu.LaunchItems(x.Shape.Size, new GroupNormKernel(
            x.View, geometry, mean.View, invStd.View, weight is null ? 0 : 1, (weight ?? mean).View,
            (bias ?? mean).View, y.View));
    }

    public void BackwardReduce(Tensor dy, Tensor sums, Tensor products)
    {
        var columns = new ColumnReduction(geometry.Channels);
        x.Gpu.LaunchGroups(new(x.Shape[0] * columns.GroupCount, 1, 1), new GroupNormBackwardReduceKernel(
            dy.View, x.View, geometry, columns, mean.View, invStd.View, sums.View, products.View));
    }

    public void BackwardInput(Tensor dy, Tensor sums, Tensor products, Tensor dx)
    {
        using TemporaryTensor offsets = new(mean.Shape, x.Device), slopes = new(mean.Shape, x.Device);
        var affine = weight is null ? 0 : 1;
        x.Gpu.LaunchItems(mean.Shape.Size, new GroupNormCombineKernel(
            sums.View, products.View, geometry, affine, (weight ?? mean).View,
            offsets.Tensor.View, slopes.Tensor.View));
        x.Gpu.LaunchItems(x.Shape.Size, new GroupNormGradientKernel(
            dy.View, x.View, geometry, mean.View, invStd.View, affine, (weight ?? mean).View,
            offsets.Tensor.View, slopes.Tensor.View, dx.View));
    }
}

/// <summary>Where the groups are in [N, pixels, channels].</summary>
internal readonly struct GroupGeometry(int channels, int pixels, int groups)
{
    public int Channels { get; } = channels;

    public int Pixels { get; } = pixels;

    public int GroupChannels { get; } = channels / groups;

    /// <summary>The group, counted over all images, of a channel of an image.</summary>
    public int GroupOf(int image, int channel) => image * groups + channel / GroupChannels;

    /// <summary>The image of element <paramref name="i"/>.</summary>
    public int ImageOf(int i) => i / Channels / Pixels;

    /// <summary>The first channel of a group.</summary>
    public int FirstChannel(int group) => group % groups * GroupChannels;

    /// <summary>The first element of a group.</summary>
    public int Start(int group) => group / groups * Pixels * Channels + FirstChannel(group);

    /// <summary>From the start of a group to its element number <paramref name="i"/>.</summary>
    public int Offset(int i) => i / GroupChannels * Channels + i % GroupChannels;
}

/// <summary>Mean and invStd of one group.</summary>
internal readonly struct GroupNormMomentsKernel(
    ArrayView<float> x, GroupGeometry geometry, float eps, ArrayView<float> mean, ArrayView<float> invStd)
    : IGroupKernel
{
    public static int Threads => 256;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(Threads);
        int start = geometry.Start(Grid.IdxX), n = geometry.GroupChannels * geometry.Pixels;
        var divisor = IntrinsicMath.Max(1, n);      // of no pixels the mean is 0
        var total = new CompensatedSum();
        var i = Group.IdxX;
        while (i < n)
        {
            var sum = 0f;
            for (var stop = CompensatedSum.BlockEnd(i, Threads, n); i < stop; i += Threads)
                sum += x[start + geometry.Offset(i)];
            total.Add(sum);
        }

        var center = GroupReduction.Sum(shared, total.Total) / divisor;
        var squares = new CompensatedSum();
        i = Group.IdxX;
        while (i < n)
        {
            var sum = 0f;
            for (var stop = CompensatedSum.BlockEnd(i, Threads, n); i < stop; i += Threads)
            {
                var deviation = x[start + geometry.Offset(i)] - center;
                sum += deviation * deviation;
            }

            squares.Add(sum);
        }

        var variance = GroupReduction.Sum(shared, squares.Total) / divisor;
        if (Group.IdxX > 0) return;
        mean[Grid.IdxX] = center;
        invStd[Grid.IdxX] = 1 / MathF.Sqrt(variance + eps);
    }
}

/// <summary>y = (x − mean)·invStd·weight + bias; without the last two unless <paramref name="affine"/> is 1.</summary>
internal readonly struct GroupNormKernel(
    ArrayView<float> x, GroupGeometry geometry, ArrayView<float> mean, ArrayView<float> invStd,
    int affine, ArrayView<float> weight, ArrayView<float> bias, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var c = i % geometry.Channels;
        var group = geometry.GroupOf(geometry.ImageOf(i), c);
        var deviation = x[i] - mean[group];
        y[i] = affine != 0 ? deviation * (invStd[group] * weight[c]) + bias[c] : deviation * invStd[group];
    }
}

/// <summary>The sums of dy and of dy·x̂ over the pixels of each channel of an image.</summary>
internal readonly struct GroupNormBackwardReduceKernel(
    ArrayView<float> dy, ArrayView<float> x, GroupGeometry geometry, ColumnReduction columns, ArrayView<float> mean,
    ArrayView<float> invStd, ArrayView<float> sums, ArrayView<float> products) : IGroupKernel
{
    public static int Threads => ColumnReduction.Threads;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(ColumnReduction.Threads);
        int image = columns.MatrixIndex, c = columns.Column, end = c < columns.Extent ? geometry.Pixels : 0;
        var group = geometry.GroupOf(image, c < columns.Extent ? c : 0);
        float center = mean[group], s = invStd[group];
        CompensatedSum gradients = new(), correlations = new();
        int pixel = columns.ThreadInColumn, step = columns.ThreadsPerColumn;
        while (pixel < end)
        {
            float partial = 0, partialProducts = 0;
            for (var stop = CompensatedSum.BlockEnd(pixel, step, end); pixel < stop; pixel += step)
            {
                var index = (image * geometry.Pixels + pixel) * columns.Extent + c;
                partial += dy[index];
                partialProducts += dy[index] * ((x[index] - center) * s);
            }

            gradients.Add(partial);
            correlations.Add(partialProducts);
        }

        var sum = columns.Sum(shared, gradients.Total);
        var product = columns.Sum(shared, correlations.Total);
        if (columns.ThreadInColumn > 0 || c >= columns.Extent) return;
        sums[image * columns.Extent + c] = sum;
        products[image * columns.Extent + c] = product;
    }
}

/// <summary>Σg/m and Σg·x̂/m of one group of m elements, for g = weight·dy.</summary>
internal readonly struct GroupNormCombineKernel(
    ArrayView<float> sums, ArrayView<float> products, GroupGeometry geometry, int affine, ArrayView<float> weight,
    ArrayView<float> offsets, ArrayView<float> slopes) : IItemKernel
{
    public void Run(int i)
    {
        int channel = geometry.FirstChannel(i), first = i * geometry.GroupChannels;
        CompensatedSum total = new(), productTotal = new();
        for (var c = 0; c < geometry.GroupChannels; c++)
        {
            var w = affine != 0 ? weight[channel + c] : 1;
            total.Add(w * sums[first + c]);
            productTotal.Add(w * products[first + c]);
        }

        var m = (float)geometry.GroupChannels * geometry.Pixels;
        offsets[i] = total.Total / m;
        slopes[i] = productTotal.Total / m;
    }
}

/// <summary>dx = invStd·(weight·dy − offset − slope·x̂); dx may be dy.</summary>
internal readonly struct GroupNormGradientKernel(
    ArrayView<float> dy, ArrayView<float> x, GroupGeometry geometry, ArrayView<float> mean, ArrayView<float> invStd,
    int affine, ArrayView<float> weight, ArrayView<float> offsets, ArrayView<float> slopes,
    ArrayView<float> dx) : IItemKernel
{
    public void Run(int i)
    {
        var c = i % geometry.Channels;
        var group = geometry.GroupOf(geometry.ImageOf(i), c);
        var g = affine != 0 ? dy[i] * weight[c] : dy[i];
        var normalized = (x[i] - mean[group]) * invStd[group];
        dx[i] = invStd[group] * (g - offsets[group] - slopes[group] * normalized);
    }
}
