using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>
/// Of each block of rows and each channel: its mean, rounded (the center), and the sums of the deviations from that and
/// of their squares.
/// </summary>
internal readonly struct BatchNormMomentsKernel(
    ArrayView<float> x, int rows, ColumnReduction columns, int blocks,
    ArrayView<float> centers, ArrayView<float> sums, ArrayView<float> squares) : IGroupKernel
{
    public static int Threads => ColumnReduction.Threads;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(ColumnReduction.Threads);
        int block = columns.MatrixIndex, channel = columns.Column, depth = (rows + blocks - 1) / blocks;
        int first = block * depth, end = channel < columns.Extent ? IntrinsicMath.Min(rows, first + depth) : 0;

        var total = new CompensatedSum();
        int row = first + columns.ThreadInColumn, step = columns.ThreadsPerColumn;
        while (row < end)
        {
            var partial = 0f;
            for (var stop = CompensatedSum.BlockEnd(row, step, end); row < stop; row += step)
                partial += x[row * columns.Extent + channel];
            total.Add(partial);
        }

        var center = columns.Sum(shared, total.Total) / IntrinsicMath.Max(1, end - first);

        CompensatedSum deviations = new(), squaredDeviations = new();
        row = first + columns.ThreadInColumn;
        while (row < end)
        {
            float partial = 0, partialSquares = 0;
            for (var stop = CompensatedSum.BlockEnd(row, step, end); row < stop; row += step)
            {
                var deviation = x[row * columns.Extent + channel] - center;
                partial += deviation;
                partialSquares += deviation * deviation;
            }

            deviations.Add(partial);
            squaredDeviations.Add(partialSquares);
        }

        var sum = columns.Sum(shared, deviations.Total);
        var square = columns.Sum(shared, squaredDeviations.Total);
        if (columns.ThreadInColumn > 0 || channel >= columns.Extent) return;
        var index = block * columns.Extent + channel;
        centers[index] = center;
        sums[index] = sum;
        squares[index] = square;
    }
}

/// <summary>
/// Mean and invStd of each channel from its blocks; if there are running statistics, they move toward those of the
/// batch.
/// </summary>
internal readonly struct BatchNormCombineMomentsKernel(
    ArrayView<float> centers, ArrayView<float> sums, ArrayView<float> squares,
    int rows, ColumnReduction columns, int blocks, float eps, ArrayView<float> mean, ArrayView<float> invStd,
    int trackRunningStats, float momentum, ArrayView<float> runningMean,
    ArrayView<float> runningVariance) : IGroupKernel
{
    public static int Threads => ColumnReduction.Threads;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(ColumnReduction.Threads);
        int channel = columns.Column, depth = (rows + blocks - 1) / blocks, end = channel < columns.Extent ? blocks : 0;
        var origin = channel < columns.Extent ? centers[channel] : 0;   // sums of differences from it round less

        var total = 0f;
        for (var block = columns.ThreadInColumn; block < end; block += columns.ThreadsPerColumn)
        {
            var index = block * columns.Extent + channel;
            total += RowsInBlock(block, depth) * (centers[index] - origin) + sums[index];
        }

        var average = origin + columns.Sum(shared, total) / rows;
        var squaredDeviations = 0f;
        for (var block = columns.ThreadInColumn; block < end; block += columns.ThreadsPerColumn)
        {
            // From deviations about the block's center to deviations about the channel's mean.
            var index = block * columns.Extent + channel;
            var shift = centers[index] - average;
            squaredDeviations += squares[index] + shift * (2 * sums[index] + RowsInBlock(block, depth) * shift);
        }

        squaredDeviations = columns.Sum(shared, squaredDeviations);
        if (squaredDeviations < 0) squaredDeviations = 0;       // a constant channel may round to less
        if (columns.ThreadInColumn > 0 || channel >= columns.Extent) return;
        mean[channel] = average;
        invStd[channel] = 1 / MathF.Sqrt(squaredDeviations / rows + eps);
        if (trackRunningStats == 0) return;
        runningMean[channel] = (1 - momentum) * runningMean[channel] + momentum * average;
        runningVariance[channel] =
            (1 - momentum) * runningVariance[channel] + momentum * (squaredDeviations / (rows - 1));
    }

    private float RowsInBlock(int block, int depth) => IntrinsicMath.Min(depth, rows - block * depth);
}

/// <summary>The sums of dy and of dy·(x − mean) over each block of rows, of each channel.</summary>
internal readonly struct BatchNormBackwardReduceKernel(
    ArrayView<float> dy, ArrayView<float> x, int rows, ColumnReduction columns, int blocks, ArrayView<float> mean,
    ArrayView<float> sums, ArrayView<float> products) : IGroupKernel
{
    public static int Threads => ColumnReduction.Threads;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(ColumnReduction.Threads);
        int block = columns.MatrixIndex, channel = columns.Column, depth = (rows + blocks - 1) / blocks;
        int first = block * depth, end = channel < columns.Extent ? IntrinsicMath.Min(rows, first + depth) : 0;
        var center = channel < columns.Extent ? mean[channel] : 0;

        CompensatedSum gradients = new(), correlations = new();
        int row = first + columns.ThreadInColumn, step = columns.ThreadsPerColumn;
        while (row < end)
        {
            float partial = 0, partialProducts = 0;
            for (var stop = CompensatedSum.BlockEnd(row, step, end); row < stop; row += step)
            {
                var index = row * columns.Extent + channel;
                partial += dy[index];
                partialProducts += dy[index] * (x[index] - center);
            }

            gradients.Add(partial);
            correlations.Add(partialProducts);
        }

        var sum = columns.Sum(shared, gradients.Total);
        var product = columns.Sum(shared, correlations.Total);
        if (columns.ThreadInColumn > 0 || channel >= columns.Extent) return;
        sums[block * columns.Extent + channel] = sum;
        products[block * columns.Extent + channel] = product;
    }
}

/// <summary>The sums of dy and of dy·x̂ of each channel, from its blocks.</summary>
internal readonly struct BatchNormBackwardCombineKernel(
    ArrayView<float> sums, ArrayView<float> products, ColumnReduction columns, int blocks, ArrayView<float> invStd,
    ArrayView<float> sumDy, ArrayView<float> sumDyXhat) : IGroupKernel
{
    public static int Threads => ColumnReduction.Threads;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(ColumnReduction.Threads);
        int channel = columns.Column, end = channel < columns.Extent ? blocks : 0;
        float sum = 0, product = 0;
        for (var block = columns.ThreadInColumn; block < end; block += columns.ThreadsPerColumn)
        {
            sum += sums[block * columns.Extent + channel];
            product += products[block * columns.Extent + channel];
        }

        sum = columns.Sum(shared, sum);
        product = columns.Sum(shared, product);
        if (columns.ThreadInColumn > 0 || channel >= columns.Extent) return;
        sumDy[channel] = sum;
        sumDyXhat[channel] = product * invStd[channel];
    }
}
